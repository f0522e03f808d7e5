"""What people see of pushes, webhooks and deliveries, and do with them: pages, API, admin."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.projects.models import Service
from apps.webhooks import handling, shown
from apps.webhooks.models import CatchUp, Delivery, Hook, Kind, Outcome, State
from tests.apps.cast import CANARY, Person, Shop, make_pushed
from tests.webhooks.deliveries import A, B, C, deliver, headers_of, outcome, post, push, pushed

SECRET = re.compile(r"whsec_[A-Za-z0-9+/=]{44}")


def browser(person: Person) -> Client:
    client = Client()
    client.force_login(person.user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def page(person: Person, path: str) -> str:
    answer = browser(person).get(path)
    assert answer.status_code == 200, answer
    return str(answer.content.decode())


def test_a_service_says_that_a_push_waits_and_that_one_was_not_deployed(shop: Shop, bob: Person) -> None:
    skipped = make_pushed(shop.service)
    Outcome.objects.filter(pk=skipped.pk).update(created_at=timezone.now())
    text = page(bob, f"/services/{shop.service.pk}")
    assert "The last push was not deployed" in text
    assert "The commit&#x27;s message says [skip ci]." in text
    held = make_pushed(shop.service)
    Outcome.objects.filter(pk=held.pk).update(
        kind=Kind.HELD, commit="d" * 40, reason="", standing="1 of 2 checks done; test is queued.",
        held_until=timezone.now(), created_at=timezone.now(),
    )  # fmt: skip
    text = page(bob, f"/services/{shop.service.pk}")
    assert "A push waits for its checks" in text
    assert "1 of 2 checks done; test is queued." in text
    assert "The last push was not deployed" not in text
    both = page(bob, f"/services/{shop.service.pk}/deployments")
    assert "Pushes that were not deployed" in both
    assert both.count(">ddddddd<") == both.count(">ccccccc<") == 1


def test_settings_say_how_pushes_are_heard_of(shop: Shop, alice: Person, service: Service) -> None:
    path = f"/services/{shop.service.pk}/settings"
    assert "Pushes are told by the GitHub App." in page(alice, path)
    service.connection.delete()
    assert "Nobody tells Slipway of pushes" in page(alice, path)
    make_pushed(shop.service)
    assert "webhook at Gitea or Forgejo" in page(alice, path)


def test_settings_of_pushes_are_saved_and_checked(shop: Shop, alice: Person) -> None:
    path = f"/services/{shop.service.pk}/settings"
    told = re.findall(r'<(?:input|textarea)[^>]* name="(\w+)"(?:[^>]* value="([^"]*)")?', page(alice, path))
    form = {name: value for name, value in told if name not in ("csrfmiddlewaretoken", "auto_deploy", "wait_for_ci")}
    wanted = {"watch_paths": "src/**\r\n!**/*.md", "deploy_tags": "v*", "wait_for_ci": "on"}
    assert browser(alice).post(path, form | wanted).status_code == 302
    row = Service.objects.get(pk=shop.service.pk)
    assert (row.watch_paths.split(), row.deploy_tags, row.wait_for_ci, row.auto_deploy) == (
        ["src/**", "!**/*.md"], "v*", True, False
    )  # fmt: skip
    answer = browser(alice).post(path, form | {"watch_paths": "../x"})
    assert answer.status_code == 422
    assert "is not a path" in answer.content.decode()


def test_the_api_has_the_settings_of_pushes_too(shop: Shop, alice: Person) -> None:
    path = f"/services/{shop.service.pk}"
    assert alice.patch(path, {"watch_paths": "src/**", "wait_for_ci": True, "deploy_tags": "v*"}).status_code == 200
    told = alice.get(path).json()  # type: ignore[attr-defined]
    assert (told["watch_paths"], told["wait_for_ci"], told["deploy_tags"]) == ("src/**", True, "v*")
    assert alice.patch(path, {"watch_paths": "a\n!"}).status_code == 422


def test_a_webhook_is_made_on_a_page_that_says_what_to_paste_and_the_secret_once(shop: Shop, dora: Person) -> None:
    client, path = browser(dora), f"/services/{shop.service.pk}/hook"
    text = client.post(path, {"forge": "gitea"}).content.decode()
    hook = Hook.objects.get(service=shop.service)
    (secret,) = set(SECRET.findall(text))
    assert secret == hook.secret
    assert f"/api/webhooks/gitea/{hook.pk}" in text
    assert "Trigger on" in text
    again = page(dora, path)
    assert not SECRET.search(again)
    assert "Nothing has come yet." in again
    (second,) = set(SECRET.findall(client.post(f"{path}/rotate").content.decode()))
    hook.refresh_from_db()
    assert (hook.secret, hook.old_secret) == (second, secret)
    assert client.post(f"{path}/remove").status_code == 302
    assert not Hook.objects.exists()
    assert client.post(f"{path}/rotate").status_code == 404


@pytest.mark.parametrize("forge", ["github", "gitea", "gitlab"])
def test_every_server_has_its_own_words_for_what_to_paste(shop: Shop, dora: Person, forge: str) -> None:
    text = browser(dora).post(f"/services/{shop.service.pk}/hook", {"forge": forge}).content.decode()
    assert f"/api/webhooks/{forge}/" in text
    assert ("Secret token" in text) == (forge == "gitlab")


def test_a_viewer_makes_no_webhook_and_a_stranger_sees_none(shop: Shop, bob: Person, charlie: Person) -> None:
    path = f"/services/{shop.service.pk}/hook"
    assert "your role may not make one" in page(bob, path)
    assert browser(bob).post(path, {"forge": "gitea"}).status_code == 403
    assert browser(charlie).get(path).status_code == 404
    assert bob.post(path, {"forge": "gitea"}).status_code == 403
    assert not Hook.objects.exists()


def test_a_webhook_of_a_server_that_nobody_knows_is_refused(shop: Shop, dora: Person) -> None:
    assert browser(dora).post(f"/services/{shop.service.pk}/hook", {"forge": "sourceforge"}).status_code == 422


def test_the_api_makes_turns_and_removes_a_webhook(shop: Shop, dora: Person) -> None:
    path = f"/services/{shop.service.pk}/hook"
    assert dora.get(path).status_code == 404
    made = dora.post(path, {"forge": "gitlab"}).json()  # type: ignore[attr-defined]
    assert SECRET.fullmatch(made["secret"])
    told = dora.get(path).json()  # type: ignore[attr-defined]
    assert "secret" not in told
    assert told["url"] == made["url"]
    turned = dora.post(f"{path}/rotate").json()  # type: ignore[attr-defined]
    assert turned["secret"] != made["secret"]
    assert dora.delete(path).status_code == 204
    assert dora.get(path).status_code == 404


def test_the_api_tells_pushes(service: Service, bob: Person, charlie: Person) -> None:
    deliver(push(A, B))
    deliver(push(B, C, message="x [skip ci]"))
    items = bob.get(f"/services/{service.pk}/pushes").json()["items"]  # type: ignore[attr-defined]
    assert [(item["kind"], item["commit"], item["code"]) for item in items] == [
        ("skipped", C, "message"), ("deployed", B, "")
    ]  # fmt: skip
    assert items[1]["deployment_id"] == pushed(service)[0].key
    assert charlie.get(f"/services/{service.pk}/pushes").status_code == 404


def test_operators_find_a_delivery(service: Service, alice: Person) -> None:
    row, other = deliver(push(A, B)), deliver({"action": "opened", "repository": {"id": 9}}, "issues")
    for query, found in (
        (f"q={row.delivery_id}", [row]), ("q=acme/shop", [row]), ("q=refs/heads/main", [row]), (f"q={B[:9]}", [row]),
        ("event=issues", [other]), ("state=failed", []), ("", [other, row]), ("q=nothing-like-it", []),
    ):  # fmt: skip
        text = page(alice, f"/operator/deliveries?{query}")
        assert list(re.findall(r"/operator/deliveries/([0-9a-f-]{36})", text)) == [r.key for r in found], query
        told = alice.get(f"/operator/deliveries?{query}").json()  # type: ignore[attr-defined]
        assert [item["id"] for item in told["items"]] == [r.key for r in found], query


def test_operators_are_told_what_was_caught_up(alice: Person) -> None:
    CatchUp.objects.create(looked_at=timezone.now(), deliveries=3, pushes=1)
    CatchUp.objects.create(looked_at=timezone.now(), trouble="GitHub did not answer (503).")
    text = page(alice, "/operator/deliveries")
    assert "Caught up 4" in text
    assert "The last look failed" in text
    assert "GitHub did not answer (503)." in text


def test_a_delivery_is_shown_indented_and_without_secrets(shop: Shop, alice: Person) -> None:
    row = make_pushed(shop.service).delivery
    text = page(alice, f"/operator/deliveries/{row.pk}")
    assert "&quot;ref&quot;: &quot;refs/heads/main&quot;" in text
    assert CANARY not in text
    assert "(not shown)" in text
    told = alice.get(f"/operator/deliveries/{row.pk}").json()  # type: ignore[attr-defined]
    assert json.loads(told["payload"]) == {"ref": "refs/heads/main", "secret": "(not shown)"}


def test_what_is_no_longer_kept_is_said(shop: Shop, alice: Person) -> None:
    row = make_pushed(shop.service).delivery
    Delivery.objects.update(payload="")
    assert "It is not kept any more." in page(alice, f"/operator/deliveries/{row.pk}")
    assert alice.post(f"/operator/deliveries/{row.pk}/replay").status_code == 409


def test_an_operator_replays_a_delivery(service: Service, alice: Person) -> None:
    row = deliver(push(A, B))
    client = browser(alice)
    answer = client.post(f"/operator/deliveries/{row.pk}/replay")
    again = Delivery.objects.get(replay_of=row)
    assert answer["Location"] == f"/operator/deliveries/{again.pk}"
    handling.handle_waiting()
    assert outcome(again).kind == Kind.DEPLOYED
    assert "Replay of" in page(alice, f"/operator/deliveries/{again.pk}")
    assert alice.post(f"/operator/deliveries/{row.pk}/replay").status_code == 201


def test_only_operators_replay(service: Service, dora: Person, charlie: Person) -> None:
    row = deliver(push(A, B))
    assert [person.post(f"/operator/deliveries/{row.pk}/replay").status_code for person in (dora, charlie)] == [
        403,
        404,
    ]
    assert dora.get("/operator/deliveries").status_code == 403
    assert browser(dora).get("/operator/deliveries").status_code == 404


def test_the_admin_shows_and_replays_deliveries_without_secrets(shop: Shop, alice: Person) -> None:
    told = make_pushed(shop.service)
    client = browser(alice)
    for path in ("delivery/", f"delivery/{told.delivery_id}/change/", "outcome/", "hook/",
                 f"hook/{told.delivery.hook_id}/change/", "catchup/", "delivery/?q=acme"):  # fmt: skip
        answer = client.get(f"/admin/webhooks/{path}")
        assert answer.status_code == 200, path
        assert CANARY not in answer.content.decode(), path
    form = {"action": "replay", "_selected_action": [str(told.delivery_id)]}
    assert client.post("/admin/webhooks/delivery/", form).status_code == 302
    assert Delivery.objects.filter(replay_of=told.delivery).count() == 1


def asked(client: Client, path: str) -> list[str]:
    client.get(path)  # What is asked once in a process is asked.
    with CaptureQueriesContext(connection) as queries:
        client.get(path)
        return [query["sql"] for query in queries.captured_queries]


def test_pages_ask_as_often_for_many_pushes_as_for_few(service: Service, alice: Person) -> None:
    client = browser(alice)
    paths = [f"/services/{service.pk}", f"/services/{service.pk}/deployments", "/operator/deliveries"]
    deliver(push(A, B, message="[skip ci]"))
    few = [asked(client, path) for path in paths]
    shas = [B, *(f"{n:040x}" for n in range(12))]
    for before, after in zip(shas, shas[1:], strict=False):
        deliver(push(before, after, message="[skip ci]"))
    for path, before_, now in zip(paths, few, [asked(client, path) for path in paths], strict=True):
        assert len(now) == len(before_), (path, sorted(set(now) - set(before_)))


HIDDEN = "(not shown)"


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        (
            {"token": "x", "token_url": "https://x", "secret_scanning": True},
            {"token": HIDDEN, "token_url": "https://x", "secret_scanning": True},
        ),
        ([{"config": {"secret": "********", "url": "u"}}], [{"config": {"secret": HIDDEN, "url": "u"}}]),
        (
            {"Authorization": "Bearer x", "a": {"private_key": "k"}},
            {"Authorization": HIDDEN, "a": {"private_key": HIDDEN}},
        ),
    ],
)
def test_what_is_a_secret_by_its_name_is_not_shown(value: Any, seen: Any) -> None:
    assert shown.without_secrets(value) == seen


def test_text_of_others_is_shown_as_text(service: Service, alice: Person) -> None:
    evil = "<script>alert(1)</script>"
    row = deliver(push(ref=f"refs/heads/{evil}", repository={"id": 12_345_678, "full_name": evil}))
    assert row.state == State.HANDLED
    for path in ("/operator/deliveries", f"/operator/deliveries/{row.pk}"):
        text = page(alice, path)
        assert evil not in text
        assert "&lt;script&gt;" in text


def test_an_address_with_a_wrong_signature_tells_nothing_of_what_is_there(service: Service) -> None:
    """The same answer for a repository that is followed and one that is not."""
    told = []
    for payload in (push(), push(repository={"id": 1, "full_name": "other/one"})):
        body = json.dumps(payload).encode()
        answer = post(body, **headers_of(body, X_GitHub_Delivery="same"))
        told.append((answer.status_code, answer.content))
        Delivery.objects.all().delete()
    assert told[0] == told[1]
