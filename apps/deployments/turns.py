"""Whose build is next, fair between teams. A message only says that a slot is free; which row takes it is decided here.

Not in charge of how many slots there are (`paas.worker`), nor of what a claim is (`apps.deployments.lease`).
"""

from __future__ import annotations

import heapq
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from uuid import UUID

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet

from apps.deployments.lease import FREE, claim
from apps.deployments.models import Deployment
from apps.deployments.states import ACTIVE, Status
from apps.hosts.models import Host

LATER = 2**40  # Seconds since 1970, beyond every real moment.


@dataclass(frozen=True)
class Waiting:
    deployment: UUID
    team: UUID
    since: datetime


@dataclass(frozen=True)
class Share:
    """What a team has of the slots, and when it last began something."""

    under_way: int = 0
    began_at: datetime | None = None


def in_turn(waiting: Iterable[Waiting], shares: Mapping[UUID, Share]) -> list[UUID]:
    """All of them in the order in which they would begin, if nothing that is under way ended meanwhile.

    First the team with the fewest builds under way, then that which began one longest ago, then the oldest request.
    """
    lines: dict[UUID, deque[Waiting]] = defaultdict(deque)
    for one in sorted(waiting, key=lambda one: one.since):
        lines[one.team].append(one)
    turns, order = count(LATER), list[UUID]()
    heap = [(*_standing(shares.get(team, Share())), line[0].since, team) for team, line in lines.items()]
    heapq.heapify(heap)
    while heap:
        under_way, _, _, team = heapq.heappop(heap)
        order.append(lines[team].popleft().deployment)
        if lines[team]:
            heapq.heappush(heap, (under_way + 1, next(turns), lines[team][0].since, team))
    return order


def _standing(share: Share) -> tuple[int, float]:
    return share.under_way, share.began_at.timestamp() if share.began_at else 0


def claim_next(hint: str) -> Deployment | None:
    """The build whose turn it is, None when none can begin. While the host drains only that which the message is of."""
    passed = set[UUID]()
    while True:
        # Read anew for each: where another slot was faster, its team has one more under way.
        order = turns(Deployment.objects.filter(pk=hint) if is_draining() else Deployment.objects.all())
        pk = next((pk for pk in order if pk not in passed), None)
        if pk is None:
            return None
        row = claim(str(pk), start=Status.PENDING, during=Status.BUILDING, step="fetch")
        if row is not None:
            return row
        passed.add(pk)


def turns(among: QuerySet[Deployment]) -> list[UUID]:
    """Those of them that could begin, in the order in which they would."""
    active = Deployment.objects.filter(
        service=OuterRef("service"), environment=OuterRef("environment"), status__in=ACTIVE
    )
    rows = among.filter(
        FREE, ~Exists(active), status=Status.PENDING, build=None, release=None, cancel_requested_at=None
    )
    waiting = [Waiting(*told) for told in rows.values_list("pk", "service__project__team", "created_at")]
    return in_turn(waiting, _shares({one.team for one in waiting}))


def _shares(teams: set[UUID]) -> dict[UUID, Share]:
    rows = Deployment.objects.filter(service__project__team__in=teams, rollback_of=None)
    building, begun = Count("pk", filter=Q(status=Status.BUILDING)), Max("started_at")
    told = rows.order_by().values("service__project__team").annotate(building=building, begun=begun)
    return {one["service__project__team"]: Share(one["building"], one["begun"]) for one in told}


def is_draining() -> bool:
    """Whether only what is called by name begins."""
    return Host.objects.filter(draining_since__isnull=False).exists()
