"""Deployments over the API: deploy, look, cancel, roll back, read the log."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from typing import Any

import pytest

from apps.deployments import logs
from apps.deployments.models import Deployment, LogStream
from apps.lib.wake import valkey
from apps.projects.models import Environment, Service
from tests.apps.cast import Person, Shop


@pytest.fixture
def address(shop: Shop) -> str:
    return f"/services/{shop.service.key}/deployments"


def test_it_deploys_the_head_of_the_branch(dora: Person, shop: Shop, address: str) -> None:
    response = dora.post(address)
    told = response.json()
    assert response.status_code == 201, told
    assert response["Location"] == f"/api/v1/deployments/{told['id']}"
    assert (told["number"], told["status"], told["trigger"], told["actor"]) == (3, "pending", "api", "Dora")
    assert (told["commit"], told["branch"], told["environment"], told["service"]) == ("", "main", "production", "web")


def test_it_deploys_a_commit_without_cache_elsewhere(dora: Person, shop: Shop, address: str) -> None:
    staging = Environment.objects.create(project=shop.project, name="staging", slug="staging")
    told = dora.post(address, {"commit": "c" * 40, "no_cache": True, "environment": "staging"}).json()
    assert (told["number"], told["commit"], told["no_cache"], told["environment"]) == (1, "c" * 40, True, "staging")
    assert dora.post(address, {"environment": staging.key}).json()["environment"] == "staging"


@pytest.mark.parametrize("commit", ["--upload-pack=id", "main", "abc", "A" * 40, "a" * 65, "$(id)"])
def test_it_refuses_a_commit_that_is_none(dora: Person, address: str, commit: str) -> None:
    response = dora.post(address, {"commit": commit})
    assert (response.status_code, response.json()["errors"][0]["field"]) == (422, "commit")


def test_it_knows_no_environment_of_another_project(dora: Person, charlie: Person, address: str) -> None:
    charlie.post("/projects", {"name": "theirs"})
    other = Environment.objects.get(project__name="theirs")
    for name in (other.key, "staging"):
        assert dora.post(address, {"environment": name}).status_code == 404


def test_it_lets_a_deploy_token_deploy_and_no_more(alice: Person, shop: Shop, address: str) -> None:
    ci = alice.with_scope("deploy")  # type: ignore[arg-type]
    assert ci.post(address, {}).status_code == 201
    assert ci.patch(f"/services/{shop.service.key}", {"replicas": 2}).status_code == 403
    assert ci.post(f"/services/{shop.service.key}/variables", {"values": {"A": "b"}}).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_it_wakes_a_worker(alice: Person, shop: Shop, address: str) -> None:
    valkey().flushdb()
    told = alice.post(address, {}).json()
    assert told["id"] in "".join(messages())


@pytest.mark.django_db(transaction=True)
def test_it_needs_no_broker(alice: Person, shop: Shop, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object, **__: object) -> None:
        raise ConnectionError("Valkey is away")

    monkeypatch.setattr("apps.deployments.wakeup.current_app.send_task", away)
    pk = alice.post(address, {}).json()["id"]
    assert alice.get(f"/deployments/{pk}").json()["status"] == "pending"


def messages() -> list[str]:
    """What waits in the queues, decoded as a worker would."""
    lists = [name for name in valkey().keys("*") if valkey().type(name) == b"list"]
    raw = b"".join(message for name in lists for message in valkey().lrange(name, 0, -1))
    return [base64.b64decode(body).decode() for body in re.findall(rb'"body": "([A-Za-z0-9+/=]+)"', raw)]


def test_it_tells_all_of_a_deployment(bob: Person, shop: Shop) -> None:
    told = bob.get(f"/deployments/{shop.live.key}").json()
    steps = [(s["name"], s["status"], s["command"]) for s in told["steps"]]
    assert steps == [(n, "succeeded", f"{n} it") for n in ("fetch", "build", "switch")]
    assert (told["status"], told["message"], told["release_number"]) == ("live", "Greet politely", 2)
    assert (told["error"], told["is_rollback"], told["build_id"]) == (None, False, shop.build.key)
    assert told["duration_seconds"] >= 0


def test_it_tells_why_one_failed(bob: Person, shop: Shop) -> None:
    Deployment.objects.filter(pk=shop.first.pk).update(
        error_code="a:user:b", error_message="It broke.", error_hint="Mend it."
    )
    told = bob.get(f"/deployments/{shop.first.key}").json()
    assert told["error"] == {
        "code": "a:user:b",
        "message": "It broke.",
        "hint": "Mend it.",
        "setting": "",
        "remedy": None,
    }


def test_it_lists_newest_first_and_filters(bob: Person, shop: Shop, make_service: Callable[[str], Service]) -> None:
    other = make_service("api")

    def numbers(query: str) -> list[tuple[str, int]]:
        return [(row["service"], row["number"]) for row in bob.get(f"/deployments?{query}").json()["items"]]

    assert numbers("") == [("api", 1), ("web", 2), ("web", 1)]
    assert numbers(f"service_id={shop.service.key}") == [("web", 2), ("web", 1)]
    assert numbers(f"project_id={shop.project.key}&status=live") == [("api", 1), ("web", 2)]
    assert numbers(f"environment=staging&service_id={other.key}") == []
    assert bob.get("/deployments?status=wrong").status_code == 422


def test_it_pages_by_cursor_while_rows_are_added(alice: Person, shop: Shop, address: str) -> None:
    for _ in range(3):
        alice.post(address, {})
    seen: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        told = alice.get(f"/deployments?limit=2&cursor={cursor}").json()
        seen += [row["number"] for row in told["items"]]
        cursor = told["next_cursor"]
        alice.post(address, {})
    assert seen == [5, 4, 3, 2, 1]


def test_it_asks_as_often_for_many_rows_as_for_one(
    alice: Person, shop: Shop, make_service: Callable[[str], Service], django_assert_max_num_queries: Any
) -> None:
    for name in "bcdefgh":
        make_service(name)
    for path, most in {
        "/deployments": 4, "/services": 8, "/projects": 4, "/builds": 4, "/releases": 4, "/volumes": 4, "/activity": 4,
        "/teams": 4, "/hosts": 4, "/tokens": 4, f"/projects/{shop.project.key}/variables": 5,
        f"/services/{shop.service.key}/domains": 5, f"/teams/{shop.team.key}/members": 5,
    }.items():  # fmt: skip
        with django_assert_max_num_queries(most):
            assert alice.get(path).json()["items"], path


def test_it_cancels_one_that_waits(dora: Person, shop: Shop, address: str) -> None:
    pk = dora.post(address, {}).json()["id"]
    response = dora.post(f"/deployments/{pk}/cancel")
    assert (response.status_code, response.json()["status"]) == (200, "cancelled")
    again = dora.post(f"/deployments/{pk}/cancel")
    assert (again.status_code, again.json()["code"]) == (409, "deployment:user:finished")


def test_it_rolls_back_to_what_was_live_before(dora: Person, shop: Shop) -> None:
    for path in (f"/deployments/{shop.live.key}/rollback", f"/services/{shop.service.key}/rollback"):
        response = dora.post(path)
        told = response.json()
        assert response.status_code == 201, told
        assert (told["is_rollback"], told["release_number"], told["commit"]) == (True, 1, "a" * 40)
        assert told["rollback_of_id"] == shop.live.key
        assert response["Location"].endswith(told["id"])


def test_it_rolls_back_to_a_named_release_of_its_own(
    dora: Person, shop: Shop, make_service: Callable[[str], Service]
) -> None:
    path = f"/services/{shop.service.key}/rollback"
    assert shop.first.release is not None
    assert dora.post(path, {"release_id": shop.first.release.key}).json()["release_id"] == shop.first.release.key
    other = make_service("api").releases.get()
    assert dora.post(path, {"release_id": other.key}).status_code == 404


def test_it_says_when_there_is_nothing_to_roll_back_to(dora: Person, shop: Shop) -> None:
    made = dora.post(
        f"/projects/{shop.project.key}/services", {"name": "new", "source_url": "https://git.example/a"}
    ).json()
    response = dora.post(f"/services/{made['id']}/rollback")
    assert (response.status_code, response.json()["code"]) == (409, "rollback:user:nothing-before")


def test_it_resumes_auto_deploy_that_a_rollback_paused(dora: Person, shop: Shop) -> None:
    dora.post(f"/services/{shop.service.key}/rollback")
    assert dora.get(f"/services/{shop.service.key}").json()["auto_deploy_paused_at"]
    assert dora.post(f"/services/{shop.service.key}/resume").json()["auto_deploy_paused_at"] is None


def test_it_reads_a_log_on_from_a_number(bob: Person, shop: Shop) -> None:
    path = f"/deployments/{shop.live.key}/logs"
    first = bob.get(f"{path}?limit=4").json()
    assert [line["seq"] for line in first["lines"]] == [1, 2, 3, 4]
    assert first["next_after"] == 4 and first["last_seq"] >= 10
    rest = bob.get(f"{path}?after={first['next_after']}").json()
    assert [line["seq"] for line in rest["lines"]] == list(range(5, first["last_seq"] + 1))
    nothing = bob.get(f"{path}?after={rest['next_after']}").json()
    assert (nothing["lines"], nothing["next_after"]) == ([], rest["next_after"])


def test_it_reads_a_services_log_and_its_tail_and_text(bob: Person, shop: Shop) -> None:
    path = f"/services/{shop.service.key}/logs"
    told = bob.get(path).json()
    assert [(line["seq"], line["source"], line["text"]) for line in told["lines"]] == [
        (n, "web.1", f"says {n}") for n in range(1, 6)
    ]
    assert [line["seq"] for line in bob.get(f"{path}?tail=2").json()["lines"]] == [4, 5]
    text = bob.get(f"{path}?format=text&after=3")
    assert (text.content, text["Content-Type"]) == (b"says 4\nsays 5\n", "text/plain; charset=utf-8")
    for wrong in ("after=-1", "limit=0", "limit=5001", "format=xml", "after=x"):
        assert bob.get(f"{path}?{wrong}").status_code == 422


def test_it_reads_an_empty_log_of_what_never_ran(alice: Person, shop: Shop) -> None:
    LogStream.objects.filter(service=shop.service).delete()
    told = alice.get(f"/services/{shop.service.key}/logs").json()
    assert told == {"lines": [], "next_after": 0, "last_seq": 0}


def test_it_says_where_lines_are_no_longer_kept(alice: Person, shop: Shop) -> None:
    logs.LogChunk.objects.filter(stream=shop.live.log).delete()
    valkey().flushdb()
    logs.append(shop.live.log, [logs.Line("after the gap")])
    told = alice.get(f"/deployments/{shop.live.key}/logs").json()
    assert [line["kind"] for line in told["lines"]] == ["gap", "line"]
    assert told["next_after"] == told["lines"][-1]["seq"] == told["last_seq"]


def test_it_shows_releases_and_builds_without_values(bob: Person, shop: Shop) -> None:
    release = bob.get(f"/releases/{shop.release.key}").json()
    assert (release["variable_names"], release["secret_names"]) == (["API_KEY", "GREETING"], ["API_KEY"])
    assert release["processes"]["web"]["port"] == 8000
    assert (release["commit"], release["digest"], release["is_kept"]) == ("b" * 40, "sha256:" + "b" * 64, True)
    assert "variables" not in release
    build = bob.get(f"/builds/{shop.build.key}").json()
    assert (build["language"], build["framework"], build["size_bytes"]) == ("python", "flask", 61_000_000)
    for path in ("/releases", "/builds"):
        items = bob.get(f"{path}?service_id={shop.service.key}").json()["items"]
        assert [row["commit"][:1] for row in items] == ["b", "a"]


def test_it_shows_a_deployment_of_a_pruned_release_as_gone(dora: Person, shop: Shop) -> None:
    assert shop.first.release is not None
    release = shop.first.release
    release.pruned_at = release.created_at
    release.save(update_fields=["pruned_at"])
    response = dora.post(f"/services/{shop.service.key}/rollback", {"release_id": release.key})
    assert (response.status_code, response.json()["code"]) == (409, "rollback:user:not-kept")
    assert dora.get(f"/releases/{release.key}").json()["is_kept"] is False
