"""From the table: once however many are at it, taken up again after a death, given up in the end with a reason."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from apps.deployments import lease
from apps.github.errors import RateLimited, Unreachable
from apps.projects.models import Service
from apps.webhooks import claiming, handling, periodic
from apps.webhooks.models import Delivery, Kind, Outcome, State
from tests.webhooks.deliveries import A, B, C, D, deliver, headers_of, outcome, post, push, pushed
from workers.errors import PlatformError


def stored(event: str = "push", payload: Any = None, **more: Any) -> Delivery:
    told = {"forge": "github", "delivery_id": f"id-{Delivery.objects.count()}", "repository_id": 12_345_678}
    return Delivery.objects.create(event=event, payload=json.dumps(payload or push()), **told | more)


def test_an_event_that_nothing_follows_has_that_as_its_outcome(service: Service) -> None:
    row = deliver({"action": "opened"}, "issues")
    assert (row.state, row.attempts, row.error) == (State.HANDLED, 1, "")
    assert (outcome(row).kind, outcome(row).service, outcome(row).reason) == (
        Kind.SKIPPED, None, "Nothing follows from issues."
    )  # fmt: skip


def test_a_push_that_no_service_follows_has_that_as_its_outcome(service: Service) -> None:
    for told, reason in (
        ({"ref": "refs/heads/other"}, "No service follows the branch other of this repository."),
        ({"repository": {"id": 9, "full_name": "acme/else"}}, "No service follows the branch main of this repository."),
        ({"ref": "refs/notes/x"}, "refs/notes/x is neither a branch nor a tag."),
    ):
        assert outcome(deliver(push(**told))).reason == reason
    assert pushed(service) == []


def test_a_payload_that_is_not_as_described_is_given_up_and_says_where(service: Service) -> None:
    row = deliver({**push(), "after": "main; rm -rf /"})
    assert row.state == State.FAILED
    assert row.error.startswith("It is not as GitHub describes it: after: String should match pattern")
    assert outcome(row).reason == row.error


def test_an_error_is_kept_and_tried_again_later_and_then_given_up(service: Service, monkeypatch: Any) -> None:
    def fail(row: Delivery, payload: Any) -> str:
        raise PlatformError("x:platform:y", "It is broken today.")

    monkeypatch.setitem(handling.TABLE, ("github", "push"), fail)
    row = stored()
    for wait in (5, 20, 60, 180):
        begun = timezone.now()
        handling.handle_waiting()
        row.refresh_from_db()
        assert (row.state, row.error) == (State.WAITING, "It is broken today.")
        assert row.free_at is not None
        assert begun <= row.free_at - timedelta(seconds=wait) <= timezone.now()
        Delivery.objects.update(free_at=None)
    handling.handle_waiting()
    row.refresh_from_db()
    assert (row.state, row.attempts, outcome(row).reason) == (State.FAILED, 5, "It is broken today.")
    assert handling.handle_waiting() == 0


@pytest.mark.parametrize(
    ("until", "waits"), [(None, [5, 10, 20, 40, 80, 160, 300, 300]), (timedelta(hours=1), [3600] * 8)]
)
def test_it_waits_a_day_while_github_is_away(
    service: Service, monkeypatch: Any, until: timedelta | None, waits: list[int]
) -> None:
    def fail(row: Delivery, payload: Any) -> str:
        raise RateLimited(timezone.now() + until) if until else Unreachable("502")

    monkeypatch.setitem(handling.TABLE, ("github", "push"), fail)
    row = stored()
    for wait in waits:
        handling.handle_waiting()
        row.refresh_from_db()
        assert row.free_at is not None and row.away_since is not None
        assert abs((row.free_at - timezone.now()).total_seconds() - wait) < 20
        Delivery.objects.update(free_at=None)
    assert (row.state, row.waits, row.error.startswith("GitHub")) == (State.WAITING, 8, True)
    Delivery.objects.update(away_since=timezone.now() - timedelta(hours=25))
    handling.handle_waiting()
    row.refresh_from_db()
    assert (row.state, outcome(row).reason) == (State.FAILED, row.error)


def test_after_github_was_away_it_has_all_its_tries(service: Service, monkeypatch: Any) -> None:
    row = stored()
    Delivery.objects.update(attempts=40, waits=40, away_since=timezone.now() - timedelta(hours=3))
    handling.handle_waiting()
    row.refresh_from_db()
    assert (row.state, row.away_since, len(pushed(service))) == (State.HANDLED, None, 1)


@pytest.mark.django_db(transaction=True)
def test_what_takes_longer_than_its_lease_is_not_begun_by_another(service: Service, monkeypatch: Any) -> None:
    monkeypatch.setattr(claiming, "RENEWED_EVERY", 0.05)
    others = []

    def read_it_all(row: Delivery, payload: Any) -> str:
        mine, ends_at = Delivery.objects.get(pk=row.pk), time.monotonic() + 60
        while not Delivery.objects.filter(pk=row.pk, free_at__gt=mine.free_at).exists():
            assert time.monotonic() < ends_at, "its lease is not renewed"
            time.sleep(0.02)
        others.append(claiming.claim())
        return "Read."

    monkeypatch.setitem(handling.TABLE, ("github", "installation"), read_it_all)
    row = stored("installation")
    handling.handle_waiting()
    row.refresh_from_db()
    assert (others, row.state, row.attempts) == ([None], State.HANDLED, 1)


def test_a_killed_worker_leaves_its_delivery_to_another(service: Service) -> None:
    row = stored()
    mine = claiming.claim()
    assert mine is not None
    assert claiming.claim() is None  # It is being handled.
    Delivery.objects.update(free_at=timezone.now() - timedelta(seconds=1))
    assert handling.handle_waiting() == 1
    claiming.later(mine, PlatformError("x:platform:y", "x"), "too late")
    row.refresh_from_db()
    assert (row.state, row.attempts, row.error, len(pushed(service))) == (State.HANDLED, 2, "", 1)


def test_one_that_kills_every_worker_is_given_up(service: Service) -> None:
    row = stored()
    for _ in range(claiming.TRIES):
        assert claiming.claim() is not None
        Delivery.objects.update(free_at=timezone.now() - timedelta(seconds=1))
    assert claiming.claim() is None
    row.refresh_from_db()
    assert (row.state, row.error) == (State.FAILED, "Its worker was lost 5 times.")


def test_a_worker_killed_between_two_services_does_not_deploy_twice(
    service: Service, make_service: Callable[[str], Service], monkeypatch: Any
) -> None:
    from apps.github.models import Connection
    from apps.webhooks import pushes

    other = make_service("other")
    Connection.objects.create(service=other, repository=service.connection.repository)
    true, count = pushes.follow_in, 0

    def killed(*args: Any, **more: Any) -> Any:
        nonlocal count
        count += 1
        if count == 2:
            raise OperationalError("killed")
        return true(*args, **more)

    monkeypatch.setattr(pushes, "follow_in", killed)
    row = stored()
    with pytest.raises(OperationalError):
        handling.handle_waiting()
    Delivery.objects.update(free_at=None)
    handling.handle_waiting()
    assert (len(pushed(service)), len(pushed(other)), row.outcomes.count()) == (1, 1, 2)


def test_a_worker_that_stops_takes_no_more(service: Service, monkeypatch: Any) -> None:
    stored()
    monkeypatch.setattr(lease.shutting_down, "is_set", lambda: True)
    assert handling.handle_waiting() == 0


def test_with_valkey_away_the_reconciler_takes_them_up(service: Service, monkeypatch: Any) -> None:
    monkeypatch.setattr(periodic, "GRACE", timedelta(seconds=60))
    row = stored()
    periodic.take_up()
    assert pushed(service) == []  # A worker that was woken is at it.
    Delivery.objects.update(created_at=timezone.now() - timedelta(seconds=61))
    begun = stored("issues", free_at=timezone.now() + claiming.LEASE)
    periodic.take_up()
    assert pushed(service) == []  # And goes on one by one.
    Delivery.objects.filter(pk=begun.pk).update(free_at=timezone.now() + claiming.LEASE - timedelta(seconds=61))
    periodic.take_up()
    row.refresh_from_db()
    assert (row.state, len(pushed(service))) == (State.HANDLED, 1)


def test_it_forgets_what_was_said_and_later_that_it_was(service: Service) -> None:
    old, ancient, newest = stored(), stored(payload=push(B, C)), stored(payload=push(C, D))
    handling.handle_waiting()
    now = timezone.now()
    Delivery.objects.filter(pk=old.pk).update(created_at=now - timedelta(days=31))
    Delivery.objects.filter(pk__in=(ancient.pk, newest.pk)).update(created_at=now - timedelta(days=200))
    waiting = stored(delivery_id="waits")
    Delivery.objects.filter(pk=waiting.pk).update(created_at=now - timedelta(days=400))
    periodic.forget()
    kept = dict(Delivery.objects.values_list("pk", "payload"))
    assert set(kept) == {old.pk, newest.pk, waiting.pk}
    assert (kept[old.pk], kept[newest.pk], bool(kept[waiting.pk])) == ("", "", True)


@pytest.mark.django_db(transaction=True)
def test_the_same_delivery_forty_times_in_parallel_is_one_deployment(service: Service) -> None:
    body = json.dumps(push()).encode()
    headers = headers_of(body)
    answers: list[int] = []
    gate = threading.Barrier(40)

    def send() -> None:
        try:
            gate.wait()
            answers.append(post(body, **headers).status_code)
            handling.handle_waiting()
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [202] * 40
    assert (Delivery.objects.count(), Outcome.objects.count(), len(pushed(service))) == (1, 1, 1)


@pytest.mark.django_db(transaction=True)
def test_many_workers_at_many_pushes_end_with_the_newest(service: Service) -> None:
    """Twelve pushes of one second, stored in a wild order, handled by six at once."""
    shas = [A, *(f"{n:040x}" for n in range(1, 13))]
    chain = list(zip(shas, shas[1:], strict=False))
    for number in (7, 2, 11, 0, 5, 9, 1, 10, 3, 8, 6, 4):
        stored(payload=push(*chain[number], pushed_at=1_790_000_000 + number))
    gate = threading.Barrier(6)

    def work() -> None:
        try:
            gate.wait()
            handling.handle_waiting()
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Outcome.objects.filter(service=service).count() == 12
    assert pushed(service)[-1].commit == shas[-1]
    numbers = [shas.index(row.commit) for row in pushed(service)]
    assert numbers == sorted(numbers)
