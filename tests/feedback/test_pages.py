"""What people see of feedback: on a deployment, in a service's settings, on the operator's page, by the API."""

from __future__ import annotations

from typing import Any

from django.test import Client
from django.utils import timezone

from apps.accounts.models import ActivityEvent
from apps.feedback import noticing
from apps.feedback.models import Line, Mode, Preference, Told, ToldPull
from apps.github.models import Installation, Repository, Trouble
from tests.apps.cast import Person, Shop
from tests.feedback.conftest import Connected, Previews


def page(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, url
    return answer.content.decode()


def test_a_deployment_links_to_github(connected: Connected, previews: Previews, alice: Person) -> None:
    row = connected.live(environment=previews.add(connected, 12))
    connected.send()
    shown = page(alice.client, f"/deployments/{row.pk}")
    home = f"{connected.github.web_url}/{connected.repo.full_name}"
    for address in (f"{home}/commit/{connected.sha}", f"{home}/pull/12", f"{home}/deployments"):
        assert f'href="{address}"' in shown
    assert "shows success since" in shown


def test_a_deployment_says_why_github_was_not_told(connected: Connected, alice: Person) -> None:
    row = connected.deploy()
    connected.github.fault("/deployments", status=502)
    connected.send()
    assert "Not told yet: GitHub did not answer (502)." in page(alice.client, f"/deployments/{row.pk}")
    Line.objects.update(paused_until=None)
    Told.objects.update(next_try_at=None)
    Repository.objects.update(trouble=Trouble.REMOVED)
    connected.send()
    assert "The GitHub App may no longer see" in page(alice.client, f"/deployments/{row.pk}")


def test_a_deployment_from_elsewhere_says_nothing_of_github(shop: Shop, alice: Person) -> None:
    assert "<dt>GitHub</dt>" not in page(alice.client, f"/deployments/{shop.live.pk}")
    assert "What GitHub shows" not in page(alice.client, f"/services/{shop.service.pk}/settings")


def test_a_developer_chooses_what_github_shows(connected: Connected, dora: Person) -> None:
    client = Client()
    client.force_login(dora.user, backend="django.contrib.auth.backends.ModelBackend")
    settings = f"/services/{connected.service.pk}/settings"
    assert '<option value="all" selected>' in page(client, settings)
    answer = client.post(f"/services/{connected.service.pk}/feedback", {"mode": "statuses"})
    assert (answer.status_code, answer.headers["Location"]) == (302, settings)
    assert Preference.objects.get().mode == Mode.STATUSES
    assert '<option value="statuses" selected>' in page(client, settings)
    event = ActivityEvent.objects.latest("created_at")
    assert (event.verb, event.data) == ("changed what GitHub is told", {"mode": "statuses"})
    assert client.post(f"/services/{connected.service.pk}/feedback", {"mode": "loud"}).status_code == 422


def test_a_viewer_sees_the_choice_and_may_not_change_it(connected: Connected, bob: Person) -> None:
    client = Client()
    client.force_login(bob.user, backend="django.contrib.auth.backends.ModelBackend")
    shown = page(client, f"/services/{connected.service.pk}/settings")
    assert 'id="id_feedback_mode" disabled' in shown
    assert client.post(f"/services/{connected.service.pk}/feedback", {"mode": "off"}).status_code == 403


def test_an_operator_sees_what_waits_and_tries_it_now(connected: Connected, alice: Person) -> None:
    row = connected.deploy()
    connected.github.secondary_limit("/deployments", retry_after=600)
    connected.send()
    refused = connected.live("f" * 40)
    client = Client()
    client.force_login(alice.user, backend="django.contrib.auth.backends.ModelBackend")
    shown = page(client, "/operator/outbox")
    assert f"shop/web #{row.number}" in shown
    assert "GitHub takes no more requests of ours until" in shown
    assert f"{connected.coder.login}: nothing is sent until" in shown
    Told.objects.filter(deployment=refused).delete()
    Told.objects.update(is_due=False, over_reason="GitHub refused: No (422).")
    told = connected.told(row)
    shown = page(client, "/operator/outbox")
    assert "Given up" in shown and "GitHub refused: No (422)." in shown
    assert client.post(f"/operator/outbox/{told.pk}/try").headers["Location"] == "/operator/outbox"
    told.refresh_from_db()
    assert (told.is_due, told.over_reason) == (True, "")
    assert not Line.objects.get().is_paused


def test_the_outbox_asks_as_often_for_much_as_for_little(
    connected: Connected, alice: Person, django_assert_num_queries: Any
) -> None:
    client = Client()
    client.force_login(alice.user, backend="django.contrib.auth.backends.ModelBackend")
    page(client, "/operator/outbox")
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            page(client, "/operator/outbox")
        return len(queries)

    connected.deploy()
    noticing.look()
    few = asked()
    for number in range(20):
        ToldPull.objects.create(repository=connected.repository, number=number)
        Line.objects.get_or_create(installation=Installation.objects.get())
    assert asked() == few


def test_the_api_says_and_changes_the_same(connected: Connected, alice: Person, bob: Person) -> None:
    row = connected.live()
    connected.send()
    told = alice.get(f"/deployments/{row.pk}/feedback").json()
    home = f"{connected.github.web_url}/{connected.repo.full_name}"
    assert told.pop("told_at") is not None
    assert told == {
        "repository": connected.repo.full_name, "commit_url": f"{home}/commit/{connected.sha}",
        "deployments_url": f"{home}/deployments", "pull_url": "", "environment": "production", "state": "success",
        "commit_status": "success", "is_waiting": False, "error": "",
    }  # fmt: skip
    mode = f"/services/{connected.service.pk}/feedback"
    assert alice.get(mode).json() == {"mode": "all", "may_tell": True}
    assert alice.patch(mode, {"mode": "off"}).json()["mode"] == "off"
    assert bob.get(mode).json() == {"mode": "off", "may_tell": True}
    assert bob.patch(mode, {"mode": "all"}).status_code == 403
    assert alice.patch(mode, {"mode": "loud"}).status_code == 422


def test_the_api_lists_what_waits_for_operators_only(connected: Connected, alice: Person, bob: Person) -> None:
    row = connected.deploy()
    noticing.look()
    Told.objects.update(next_try_at=timezone.now(), last_error="GitHub did not answer (502).", attempts=1)
    told = connected.told(row)
    assert [(w["id"], w["what"], w["error"]) for w in alice.get("/operator/feedback").json()] == [
        (told.key, f"shop/web #{row.number}", "GitHub did not answer (502).")
    ]
    assert bob.get("/operator/feedback").status_code == 403
    assert bob.post(f"/operator/feedback/{told.pk}/try").status_code == 403
    assert alice.post(f"/operator/feedback/{told.pk}/try").status_code == 204
    told.refresh_from_db()
    assert (told.next_try_at, told.attempts) == (None, 0)
