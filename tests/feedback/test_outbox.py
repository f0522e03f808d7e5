"""Outages, limits, crashes and refusals: GitHub is told later or not at all, once, and in order."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from apps.deployments import outcome
from apps.feedback import noticing, outbox, pace
from apps.feedback.actions import try_now
from apps.feedback.calls import Calls
from apps.feedback.models import Line, Told
from apps.github.models import Connection, GitHubApp, Installation, Repository, Trouble
from tests.apps.cast import Shop, make_live
from tests.feedback.conftest import Connected
from tests.feedback.rows import make_told

MINUTES = timedelta(minutes=1)
CONTEXT = "slipway/shop/web"


def line() -> Line:
    return Line.objects.get()


def wait_it_out() -> None:
    """As if the pauses were over."""
    Line.objects.update(paused_until=None)
    Told.objects.update(next_try_at=None)


def test_it_waits_out_an_outage(connected: Connected) -> None:
    row = connected.deploy()
    connected.github.fault("/deployments", status=502, times=1)
    connected.send()
    told = connected.told(row)
    assert (told.is_due, told.attempts, told.last_error) == (True, 1, "GitHub did not answer (502).")
    assert told.next_try_at is not None and told.next_try_at > timezone.now()
    assert line().is_paused and line().failures == 1
    connected.send()
    assert connected.shown == []
    make_live(row, connected.sha)
    wait_it_out()
    connected.send()
    assert connected.shown == [("production", connected.sha, ["success"])]
    told = connected.told(row)
    assert (told.is_due, told.attempts, told.last_error) == (False, 0, "")
    assert (line().is_paused, line().failures, line().pause_reason) == (False, 0, "")


def test_it_backs_off_longer_with_every_outage(connected: Connected) -> None:
    row = connected.deploy()
    waits = []
    connected.github.fault("/deployments", status=500, times=99)
    for _ in range(4):
        Line.objects.update(paused_until=None)
        Told.objects.update(next_try_at=None)
        connected.send()
        next_try_at = connected.told(row).next_try_at
        assert next_try_at is not None
        waits.append((next_try_at - timezone.now()).total_seconds())
    assert connected.told(row).attempts == 4
    assert waits[-1] > 3 * waits[0]


def test_it_holds_up_nothing_else_for_what_github_always_fails_at(connected: Connected) -> None:
    first = connected.live()
    connected.send()
    second = connected.live(connected.github.push(connected.repo))
    number = connected.told(first).github_id
    connected.github.fault(f"/deployments/{number}/statuses", status=500, times=99)
    for _ in range(3):
        Line.objects.update(paused_until=None)
        connected.send()
    assert connected.told(second).state == "success"
    assert connected.told(first).is_due


def test_it_asks_nothing_before_a_limit_is_over(connected: Connected) -> None:
    row = connected.deploy()
    limit = {"message": "API rate limit exceeded"}
    connected.github.fault("/deployments", status=403, headers={"Retry-After": "90"}, body=limit)
    connected.send()
    until = line().paused_until
    assert until is not None and timedelta(seconds=80) < until - timezone.now() < timedelta(seconds=95)
    assert connected.told(row).attempts == 0  # It is no fault of the row.
    Line.objects.update(paused_until=None)
    with connected.github.watching() as seen:
        connected.send()
    assert seen == []
    assert line().is_paused


def test_it_waits_a_minute_for_a_secondary_limit(connected: Connected) -> None:
    connected.deploy()
    connected.github.secondary_limit("/deployments")
    connected.send()
    until = line().paused_until
    assert until is not None and timedelta(seconds=50) < until - timezone.now() < timedelta(seconds=65)
    assert "takes no more requests" in line().pause_reason


def test_it_paces_itself(connected: Connected, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "MINUTE", pace.Limit(burst=2, every=MINUTES))
    connected.deploy()
    connected.send()
    assert connected.shown == [("production", connected.sha, ["queued"])]
    assert connected.statuses == []
    assert line().is_paused and line().failures == 0
    Line.objects.update(paused_until=None, minute_at=None)
    connected.send()
    assert connected.shown == [("production", connected.sha, ["queued"])]
    assert connected.statuses == [(connected.sha, CONTEXT, "pending")]


class Killed(BaseException):
    """The process is gone: nothing after it is run."""


def test_it_finds_the_deployment_that_a_crash_lost(connected: Connected, monkeypatch: pytest.MonkeyPatch) -> None:
    row = connected.deploy()
    create = Calls.create_deployment

    def dies(calls: Calls, body: dict[str, Any]) -> int:
        create(calls, body)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(Calls, "create_deployment", dies)
        with pytest.raises(Killed):
            connected.send()
    assert connected.told(row).github_id is None
    assert connected.shown == [("production", connected.sha, [])]
    connected.send()
    assert connected.shown == [("production", connected.sha, ["queued"])]


def test_it_ends_a_deployment_that_a_crash_lost_although_nothing_came_of_it(
    connected: Connected, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = connected.deploy()
    create = Calls.create_deployment

    def dies(calls: Calls, body: dict[str, Any]) -> int:
        create(calls, body)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(Calls, "create_deployment", dies)
        with pytest.raises(Killed):
            connected.send()
    outcome.cancelled(row)
    connected.send()
    assert connected.shown == [("production", connected.sha, ["inactive"])]


def test_it_makes_another_when_the_lost_attempt_made_none(connected: Connected) -> None:
    row = connected.deploy()
    noticing.look()
    Told.objects.update(creating_since=timezone.now())
    connected.send()
    assert connected.shown == [("production", connected.sha, ["queued"])]
    assert connected.told(row).creating_since is None


def test_it_goes_on_where_a_dead_sender_stopped(connected: Connected) -> None:
    connected.deploy()
    noticing.look()
    Line.objects.create(installation=Installation.objects.get(), lease_expires_at=timezone.now() + MINUTES, fence=3)
    connected.send()
    assert connected.shown == []  # Somebody is at it.
    Line.objects.update(lease_expires_at=timezone.now() - MINUTES)
    connected.send()
    assert connected.shown == [("production", connected.sha, ["queued"])]


def test_it_stops_when_another_took_over(connected: Connected, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sender that was away for longer than its lease: whatever it still wants to do has no effect."""
    connected.deploy()
    noticing.look()
    say = Calls.say_deployment

    def slow(calls: Calls, deployment: int, body: dict[str, Any]) -> None:
        say(calls, deployment, body)
        Line.objects.update(fence=99, lease_expires_at=timezone.now() + MINUTES)

    monkeypatch.setattr(Calls, "say_deployment", slow)
    connected.send()
    assert connected.statuses == []
    assert line().lease_expires_at is not None


def test_it_does_not_lose_news_that_comes_during_the_telling(
    connected: Connected, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = connected.deploy()
    say = Calls.say_deployment

    def meanwhile(calls: Calls, deployment: int, body: dict[str, Any]) -> None:
        say(calls, deployment, body)
        if body["state"] == "queued":
            make_live(row, connected.sha)
            noticing.notice(row.pk)

    monkeypatch.setattr(Calls, "say_deployment", meanwhile)
    connected.send()
    assert connected.shown == [("production", connected.sha, ["queued", "success"])]


def test_it_shows_anew_what_somebody_deleted_at_github(connected: Connected) -> None:
    row = connected.deploy()
    connected.send()
    Told.objects.update(github_id=1)
    make_live(row, connected.sha)
    connected.send()
    assert [states for _, _, states in connected.shown] == [["queued"], ["success"]]


def test_it_leaves_deleted_what_is_over(connected: Connected) -> None:
    row = connected.deploy()
    connected.send()
    Told.objects.update(github_id=1)
    connected.fail(row)
    connected.send()
    connected.send()
    assert [states for _, _, states in connected.shown] == [["queued"]]
    assert connected.statuses[-1] == (connected.sha, CONTEXT, "failure")


def test_it_gives_up_what_github_refuses_and_says_why(connected: Connected) -> None:
    """A commit that was never there, after a force push."""
    row = connected.deploy("f" * 40)
    connected.send()
    told = connected.told(row)
    assert not told.is_due
    assert told.over_reason.startswith(f"GitHub refused: No ref found for: {'f' * 40} (422).")
    other = connected.live()
    connected.send()
    assert connected.told(other).state == "success"


def test_it_gives_up_without_the_permission_and_says_so(connected: Connected) -> None:
    connected.github.change_app(connected.app, permissions={"metadata": "read"})
    connected.github.accept_permissions(connected.installed, metadata="read")
    connected.github.end_tokens()
    row = connected.deploy()
    connected.send()
    told = connected.told(row)
    assert not told.is_due
    assert told.over_reason.startswith("GitHub refused: Resource not accessible by integration (403).")
    assert "permission" in told.over_reason


@pytest.mark.parametrize("happened", ["uninstalled", "suspended", "removed", "deleted"])
def test_it_ends_when_the_repository_is_gone(connected: Connected, happened: str) -> None:
    """Before we were told of it, and after."""
    row = connected.deploy()
    connected.send()
    if happened == "uninstalled":
        connected.github.uninstall(connected.installed)
    elif happened == "suspended":
        connected.github.suspend(connected.installed)
    elif happened == "removed":
        connected.github.choose(connected.installed, connected.github.repo(connected.coder))
        connected.github.make_private(connected.repo)
    else:
        connected.github.delete(connected.repo)
    connected.fail(row)
    connected.send()
    told = connected.told(row)
    assert not told.is_due and told.over_reason, happened
    Repository.objects.update(trouble=Trouble.UNINSTALLED)
    second = connected.deploy("e" * 40)
    with connected.github.watching() as seen:
        connected.send()
    assert seen == []
    assert "uninstalled" in connected.told(second).over_reason
    assert connected.told(second).over_reason.startswith("The GitHub App was uninstalled")


def test_it_goes_on_by_itself_when_the_repository_is_back(connected: Connected) -> None:
    row = connected.deploy()
    Installation.objects.update(suspended_at=timezone.now())
    for _ in range(3):
        connected.send()
    told = connected.told(row)
    assert (told.is_due, told.is_cut_off, told.turn) == (False, True, 0)
    assert "suspended" in told.over_reason
    make_live(row, connected.sha)
    Installation.objects.update(suspended_at=None)
    connected.send()
    assert connected.shown == [("production", connected.sha, ["success"])]
    assert connected.told(row).over_reason == ""


def test_it_tries_a_refusal_again_with_the_next_change_only(connected: Connected) -> None:
    row = connected.deploy()
    connected.github.fault("/deployments", status=422, body={"message": "No."})
    connected.send()
    connected.send()
    assert connected.shown == []
    make_live(row, connected.sha)
    connected.send()
    assert connected.shown == [("production", connected.sha, ["success"])]


def test_it_ends_when_github_is_not_connected_any_more(connected: Connected) -> None:
    row = connected.deploy()
    GitHubApp.objects.all().delete()
    connected.send()
    assert connected.told(row).over_reason.startswith("GitHub is not connected to this installation.")


def test_it_tries_now_what_was_given_up(connected: Connected) -> None:
    row = connected.deploy()
    Repository.objects.update(trouble=Trouble.REMOVED)
    connected.send()
    Repository.objects.update(trouble="")
    try_now(actor=connected.actor, news=connected.told(row))
    assert connected.told(row).over_reason == ""
    outbox.drain()
    assert connected.shown == [("production", connected.sha, ["queued"])]


def test_it_gives_up_after_about_a_day(connected: Connected) -> None:
    row = connected.deploy()
    noticing.look()
    Told.objects.update(attempts=outbox.ATTEMPTS - 1)
    connected.github.fault("/deployments", status=500)
    connected.send()
    assert connected.told(row).over_reason == "Given up after 100 attempts: GitHub did not answer (500)."


def test_it_survives_a_fault_of_ours(connected: Connected, monkeypatch: pytest.MonkeyPatch) -> None:
    row = connected.deploy()
    nothing: dict[str, str] = {}
    monkeypatch.setattr(outbox, "tell", lambda *_: nothing["no such thing"])
    connected.send()
    told = connected.told(row)
    assert (told.is_due, told.attempts, told.last_error) == (True, 1, "Slipway failed (KeyError).")


def test_it_is_found_without_a_wake_up(connected: Connected) -> None:
    row = connected.deploy()
    connected.send()
    make_live(row, connected.sha)
    assert not Told.objects.due().exists()
    noticing.look()
    assert [told.deployment_key for told in Told.objects.due()] == [row.pk]


def test_it_looks_at_as_little_for_many_as_for_few(connected: Connected, django_assert_max_num_queries: Any) -> None:
    connected.live()
    connected.send()
    with django_assert_max_num_queries(10):
        connected.send()


def test_it_forgets_what_is_long_gone(shop: Shop) -> None:
    long_ago = timezone.now() - timedelta(days=31)
    kept, gone, lately = make_told(shop.live), make_told(shop.first), uuid4()
    Told.objects.create(
        repository=gone.repository, deployment_key=lately, service_name="shop/web", number=9, commit="c" * 40
    )
    Told.objects.update(is_due=False, told_at=long_ago)
    Told.objects.exclude(deployment_key=lately).update(created_at=long_ago)
    Told.objects.filter(pk=gone.pk).update(deployment=None)
    noticing.forget()
    assert set(Told.objects.values_list("deployment_key", flat=True)) == {kept.deployment_key, lately}


@pytest.mark.django_db(transaction=True)
def test_it_sends_once_however_many_send(connected: Connected) -> None:
    row = connected.deploy()
    noticing.look()
    barrier = threading.Barrier(6)

    def send() -> None:
        try:
            barrier.wait()
            outbox.drain()
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert connected.shown == [("production", connected.sha, ["queued"])]
    assert connected.statuses == [(connected.sha, CONTEXT, "pending")]
    assert not connected.told(row).is_due
    Connection.objects.all().delete()
