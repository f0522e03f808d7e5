"""Whose build is next: fair between teams, whatever messages say; none is lost and none begins twice."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from apps.deployments import actions, outcome, tasks
from apps.deployments.models import Deployment
from apps.deployments.states import Status
from apps.deployments.turns import Share, Waiting, claim_next, in_turn
from apps.deployments.why_waiting import why_each_waits, why_waiting
from apps.hosts.models import Host
from tests.apps.cast import Person

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
MANY, FEW, NEW = uuid4(), uuid4(), uuid4()


def waiting(team: UUID, *minutes: int) -> list[Waiting]:
    return [Waiting(uuid4(), team, NOON + timedelta(minutes=minute)) for minute in minutes]


def deployed(person: Person, *names: str) -> list[Deployment]:
    """A waiting deployment for each name, in this order."""
    told = {"actor": person.actor, "team": person.team, "project": "p"}
    source = {"source_url": "https://git.example/shop.git"}
    return [actions.create_app(**told, service=name, settings=source) for name in names]


def test_the_team_with_the_fewest_under_way_is_next_then_the_longest_without_then_the_oldest_request() -> None:
    many, few, new = waiting(MANY, 1, 2, 3), waiting(FEW, 4, 5), waiting(NEW, 6)
    shares = {MANY: Share(1, NOON), FEW: Share(1, NOON - timedelta(hours=1)), NEW: Share()}
    wanted = [new[0], few[0], many[0], few[1], many[1], many[2]]
    assert in_turn([*many, *few, *new], shares) == [one.deployment for one in wanted]


def test_without_a_history_the_oldest_request_is_first_and_teams_take_turns() -> None:
    many, few = waiting(MANY, 1, 2, 3), waiting(FEW, 4)
    assert in_turn([*few, *reversed(many)], {}) == [
        one.deployment for one in (many[0], few[0], many[1], many[2])
    ]  # fmt: skip


def test_a_team_with_many_waiting_does_not_hold_up_another(alice: Person, charlie: Person) -> None:
    mine = deployed(alice, "one", "two", "three", "four")
    (theirs,) = deployed(charlie, "only")
    claimed = [claim_next(row.key) for row in mine[:3]]
    assert claimed == [mine[0], theirs, mine[1]]


def test_no_message_is_lost_or_counts_twice(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    rows, begun = deployed(alice, "one", "two"), list[Any]()
    monkeypatch.setattr(tasks.pipeline, "build", begun.append)
    for key in (rows[1].key, rows[1].key, rows[0].key, str(uuid4())):
        tasks.run_build(key)
    assert begun == rows


def test_what_cannot_begin_is_passed_over(alice: Person) -> None:
    rows = deployed(alice, "cancelled", "later", "busy", "free")
    Deployment.objects.filter(pk=rows[0].pk).update(cancel_requested_at=Now())
    Deployment.objects.filter(pk=rows[1].pk).update(lease_expires_at=Now() + timedelta(seconds=5))
    Deployment.objects.filter(pk=rows[2].pk).update(status=Status.DEPLOYING)
    newer = actions.deploy(actor=alice.actor, service=rows[2].service)
    assert (claim_next(newer.key), claim_next(newer.key)) == (rows[3], None)


def test_a_draining_host_begins_only_what_is_called_by_name(alice: Person) -> None:
    one, two = deployed(alice, "one", "two")
    Host.objects.update(draining_since=Now())
    assert claim_next(str(uuid4())) is None
    assert (claim_next(two.key), claim_next(two.key)) == (two, None)
    assert alice.get(f"/deployments/{one.key}").json()["waits"] == "It begins when the host takes deployments again."


def test_a_waiting_one_says_what_it_waits_for(alice: Person, charlie: Person, settings: Any) -> None:
    rows = deployed(alice, "one", "two", "three")
    settings.SLIPWAY = settings.SLIPWAY.model_copy(update={"build_slots": 1})
    first = claim_next("")
    deployed(charlie, "theirs")
    again = actions.deploy(actor=alice.actor, service=rows[0].service)
    told = [alice.get(f"/deployments/{row.key}").json()["waits"] for row in (rows[0], rows[1], rows[2], again)]
    assert told == [
        "",
        "It waits for its turn: 1 build under way, 1 before it.",
        "It waits for its turn: 1 build under way, 2 before it.",
        "It begins when deployment 1 has ended.",
    ]
    assert why_waiting(rows[0]) == "", "read before it began"
    queue = {row["id"]: row["waits"] for row in alice.get("/operator/queue").json()}
    assert [queue[row.key] for row in (rows[0], rows[1], rows[2], again)] == told
    assert alice.client.get("/operator/queue").content.decode().count("It waits for its turn") == 3
    page = alice.client.get(f"/deployments/{rows[2].key}").content.decode()
    assert told[2] in page and "Commands of each step" not in page  # It has begun none.
    assert first is not None
    outcome.cancelled(first)
    assert alice.get(f"/deployments/{rows[1].key}").json()["waits"] != told[1]


def test_many_are_told_why_in_as_few_queries_as_one(alice: Person) -> None:
    rows = deployed(alice, "one", "two", "three", "four")
    Host.objects.update(draining_since=Now())
    took = list[int]()
    for some in (rows[:1], rows):
        with CaptureQueriesContext(connection) as told:
            assert set(why_each_waits(some).values()) == {"It begins when the host takes deployments again."}
        took.append(len(told))
    assert took == [2, 2]


@pytest.mark.django_db(transaction=True)
def test_two_slots_at_once_take_two_teams(alice: Person, charlie: Person) -> None:
    mine, (theirs,) = deployed(alice, "one", "two", "three"), deployed(charlie, "only")
    together, claimed = threading.Barrier(2), list[Deployment | None]()

    def slot(key: str) -> None:
        together.wait()
        claimed.append(claim_next(key))
        connection.close()

    slots = [threading.Thread(target=slot, args=[row.key]) for row in mine[:2]]
    for one in slots:
        one.start()
    for one in slots:
        one.join()
    assert {row.pk for row in claimed if row} == {mine[0].pk, theirs.pk}
