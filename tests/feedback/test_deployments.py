"""What GitHub shows of deployments, looked at in GitHub."""

from __future__ import annotations

from typing import Any

import pytest
from celery import current_app
from django.conf import settings
from django.utils import timezone

from apps.deployments import actions, outcome
from apps.deployments.models import Deployment
from apps.deployments.states import Status
from apps.feedback.actions import set_mode
from apps.feedback.models import Mode, Told
from apps.github.models import Connection
from apps.projects.models import Environment
from tests.apps.cast import Person, make_live
from tests.feedback.conftest import Connected, Previews, connect_service
from workers.errors import UserError

CONTEXT = "slipway/shop/web"


def test_it_shows_a_push_from_waiting_to_live(connected: Connected) -> None:
    row = connected.deploy()
    connected.send()
    row.advance(Status.BUILDING)
    connected.send()
    assert connected.shown == [("production", connected.sha, ["queued", "in_progress"])]
    assert connected.statuses == [(connected.sha, CONTEXT, "pending")]
    Deployment.objects.filter(pk=row.pk).update(status=Status.LIVE, live_at=row.created_at, started_at=row.created_at)
    connected.send()
    connected.send()
    assert connected.shown == [("production", connected.sha, ["queued", "in_progress", "success"])]
    assert connected.statuses == [(connected.sha, CONTEXT, "pending"), (connected.sha, CONTEXT, "success")]
    told = connected.github.told(connected.repo)
    page = f"{settings.SLIPWAY.url}/deployments/{row.pk}"
    last = told["deployments"][0]["statuses"][-1]
    assert (last["description"], last["log_url"], last["environment_url"]) == (
        "Live after 0 s.", page, settings.SLIPWAY.public_url("web.apps.localhost"),
    )  # fmt: skip
    assert told["statuses"][-1]["target_url"] == page
    flags = {name: told["deployments"][0][name] for name in ("transient_environment", "production_environment", "task")}
    assert flags == {"transient_environment": False, "production_environment": True, "task": "deploy"}


def test_it_says_why_a_build_failed(connected: Connected) -> None:
    connected.fail(connected.deploy())
    connected.send()
    assert connected.shown == [("production", connected.sha, ["failure"])]
    told = connected.github.told(connected.repo)
    assert told["deployments"][0]["statuses"][0]["description"] == "There is no Dockerfile."
    assert told["deployments"][0]["statuses"][0]["environment_url"] == ""
    assert [(s["state"], s["description"]) for s in told["statuses"]] == [("failure", "There is no Dockerfile.")]


def test_it_says_when_the_fault_is_ours(connected: Connected) -> None:
    connected.fail(connected.deploy(), "The engine did not answer.", ours=True)
    connected.send()
    assert connected.shown == [("production", connected.sha, ["error"])]
    assert connected.statuses == [(connected.sha, CONTEXT, "error")]


def test_it_ends_what_was_replaced(connected: Connected) -> None:
    connected.live()
    connected.send()
    second = connected.github.push(connected.repo)
    connected.live(second)
    connected.send()
    assert connected.shown == [
        ("production", connected.sha, ["success", "inactive"]), ("production", second, ["success"]),
    ]  # fmt: skip
    assert connected.statuses == [(connected.sha, CONTEXT, "success"), (second, CONTEXT, "success")]


def test_it_tells_the_newest_truth_only(connected: Connected) -> None:
    """What was waiting, building and over again before anybody looked was never there."""
    connected.deploy()
    second = connected.github.push(connected.repo)
    connected.live(second)
    connected.send()
    assert connected.shown == [("production", second, ["success"])]
    assert connected.statuses == [(second, CONTEXT, "success")]


def test_it_leaves_no_commit_waiting_for_ever(connected: Connected) -> None:
    first = connected.deploy()
    connected.send()
    outcome.cancelled(first)
    connected.send()
    assert connected.shown == [("production", connected.sha, ["queued", "inactive"])]
    assert connected.statuses == [(connected.sha, CONTEXT, "pending"), (connected.sha, CONTEXT, "error")]


def test_it_keeps_a_live_commit_green_when_deploying_it_again_is_cancelled(connected: Connected) -> None:
    connected.live()
    again = connected.deploy()
    connected.send()
    outcome.cancelled(again)
    connected.send()
    assert [state for _, _, state in connected.statuses] == ["success", "pending", "success"]
    assert [states for _, _, states in connected.shown] == [["success"], ["queued", "inactive"]]


def test_it_says_that_a_live_one_was_taken_back(connected: Connected) -> None:
    connected.live()
    connected.send()
    second = connected.github.push(connected.repo)
    broken = connected.live(second)
    connected.send()
    outcome.broke(connected.fresh(broken), UserError("deploy:user:exited", "web.1 ended with code 1."))
    connected.send()
    assert [states for _, _, states in connected.shown] == [
        ["success", "inactive"], ["success", "failure"], ["in_progress"],
    ]  # fmt: skip
    assert connected.github.told(connected.repo)["deployments"][1]["statuses"][-1]["description"] == (
        "Taken back: web.1 ended with code 1."
    )
    assert connected.statuses[-2:] == [(second, CONTEXT, "failure"), (connected.sha, CONTEXT, "pending")]


def test_it_says_that_a_deleted_service_was_removed(connected: Connected) -> None:
    connected.live()
    waiting = connected.deploy(connected.github.push(connected.repo))
    connected.send()
    actions.delete_service(actor=connected.actor, service=connected.service, confirm="web")
    connected.send()
    assert [states for _, _, states in connected.shown] == [["success", "inactive"], ["queued", "inactive"]]
    assert [state for _, _, state in connected.statuses] == ["success", "pending", "error"]
    assert not Told.objects.filter(is_due=True).exists()
    assert connected.told(waiting).deployment is None


def test_it_waits_until_the_commit_is_known(connected: Connected) -> None:
    row = actions.deploy(actor=connected.actor, service=connected.service)
    connected.send()
    assert connected.shown == []
    make_live(row, connected.sha)
    connected.send()
    assert connected.shown == [("production", connected.sha, ["success"])]


def test_it_says_nothing_of_what_was_before_the_connection(connected: Connected) -> None:
    connected.live()
    Connection.objects.update(created_at=timezone.now())
    connected.send()
    assert not Told.objects.exists()


def test_it_says_nothing_of_services_from_elsewhere(connected: Connected, make_service: Any) -> None:
    make_service("elsewhere")
    connected.send()
    assert not Told.objects.exists()


def test_it_names_services_of_one_repository_apart(connected: Connected, alice: Person) -> None:
    worker = connect_service(alice, connected.repository, "worker")
    staging = Environment.objects.create(project=worker.project, name="Staging", slug="staging")
    connected.live()
    connected.live(service=worker, environment=staging)
    connected.send()
    assert [environment for environment, _, _ in connected.shown] == ["production (shop/web)", "staging (shop/worker)"]
    assert [context for _, context, _ in connected.statuses] == [CONTEXT, "slipway/shop/worker/staging"]
    assert [d["production_environment"] for d in connected.github.told(connected.repo)["deployments"]] == [True, False]


def test_it_shows_previews_in_an_environment_that_passes(connected: Connected, previews: Previews) -> None:
    environment = previews.add(connected, 12)
    row = connected.live(environment=environment)
    connected.send()
    assert connected.shown == [("preview", connected.sha, ["success"])]
    told = connected.github.told(connected.repo)["deployments"][0]
    assert (told["transient_environment"], told["production_environment"]) == (True, False)
    assert connected.told(row).pull_number == 12


@pytest.mark.parametrize(
    ("mode", "deployments", "statuses"), [(Mode.ALL, 1, 1), (Mode.STATUSES, 0, 1), (Mode.OFF, 0, 0)]
)
def test_it_says_as_much_as_is_wanted(connected: Connected, mode: Mode, deployments: int, statuses: int) -> None:
    set_mode(actor=connected.actor, service=connected.service, mode=mode)
    connected.live()
    connected.send()
    assert (len(connected.shown), len(connected.statuses)) == (deployments, statuses)


def test_it_brings_to_an_end_what_was_begun_before_it_was_switched_off(connected: Connected) -> None:
    row = connected.deploy()
    connected.send()
    set_mode(actor=connected.actor, service=connected.service, mode=Mode.OFF)
    make_live(row, connected.sha)
    connected.live(connected.github.push(connected.repo))
    connected.send()
    assert connected.shown == [("production", connected.sha, ["queued", "inactive"])]
    assert connected.statuses == [(connected.sha, CONTEXT, "pending"), (connected.sha, CONTEXT, "success")]


def test_it_follows_a_repository_by_its_number(connected: Connected) -> None:
    row = connected.deploy()
    connected.send()
    connected.github.rename(connected.repo, "another-name")
    make_live(row, connected.sha)
    connected.send()
    assert connected.shown == [("production", connected.sha, ["queued", "success"])]


def test_it_shows_a_rollback_as_a_deployment_of_the_older_commit(connected: Connected) -> None:
    connected.live()
    second = connected.live(connected.github.push(connected.repo))
    actions.rollback(actor=connected.actor, deployment=second)
    connected.send()
    assert [(sha == connected.sha, states) for _, sha, states in connected.shown][-1] == (True, ["in_progress"])


def test_it_is_woken_when_a_status_or_the_commit_changes(
    connected: Connected, make_service: Any, django_capture_on_commit_callbacks: Any, monkeypatch: Any
) -> None:
    """And not for every step within a status, nor for services from elsewhere."""
    sent: list[tuple[str, Any]] = []
    monkeypatch.setattr(current_app, "send_task", lambda name, args=(), **_: sent.append((name, args)))
    with django_capture_on_commit_callbacks(execute=True):
        row = connected.live()
        make_service("elsewhere")
    mine = [args for name, args in sent if name == "apps.feedback.tasks.tell"]
    assert set(mine) == {(row.key,)}
    assert 3 <= len(mine) <= 6
