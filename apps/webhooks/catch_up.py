"""What did not reach us is asked for: deliveries that GitHub could not hand over, and branches that moved without a word.

GitHub sends nothing again by itself and keeps deliveries for three days. What is found goes the way of every delivery,
and it is said how much it was. Runs in the reconciler; two of them do no harm, because a delivery is kept once.
"""

from __future__ import annotations

import json
import logging
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max
from django.utils import timezone

from apps.deployments.models import Deployment
from apps.github.app import the_app
from apps.github.errors import NotThere, RateLimited, Unreachable
from apps.github.models import Connection, Repository
from apps.projects.models import Service
from apps.webhooks import asking
from apps.webhooks.asking import HeadTold
from apps.webhooks.forges import FORGES
from apps.webhooks.forges.base import Envelope
from apps.webhooks.models import CatchUp, Delivery, Outcome, State
from apps.webhooks.taking import keep, row_of
from workers.errors import SlipwayError

log = logging.getLogger(__name__)

GITHUB = FORGES["github"]
KEPT = timedelta(days=3)
OVERLAP = timedelta(minutes=10)  # GitHub lists a delivery only once it was tried.
HEADS_EVERY = timedelta(minutes=10)
MOST_AT_ONCE = 300
MOST_HEADS = 200

_heads_next = timezone.now()


def catch_up() -> None:
    """One round. Nothing to ask without an App."""
    if the_app() is None:
        return
    began = timezone.now()
    found, pushes, trouble = 0, 0, ""
    try:
        found = missed_deliveries(_since(began))
        pushes = missed_pushes() if _heads_are_due() else 0
    except SlipwayError as error:
        trouble = error.message[:300]
    if found or pushes:
        log.info("caught up %d: %d deliveries, %d pushes", found + pushes, found, pushes)
    _note(began, found, pushes, trouble)


def missed_deliveries(since: datetime) -> int:
    """Those that GitHub lists and we do not have, oldest first; how many were taken in."""
    listed = {told.guid: told.id for told in asking.deliveries_after(since)}
    rows = Delivery.objects.filter(forge=GITHUB.name, hook=None, delivery_id__in=listed)
    known = set(rows.values_list("delivery_id", flat=True))
    missing = [guid for guid in reversed(listed) if guid not in known]
    return sum(_fetch(guid, listed[guid]) for guid in missing[:MOST_AT_ONCE])


def _fetch(guid: str, number: int) -> bool:
    """By our own App's key from GitHub itself, so it needs no signature."""
    try:
        told = asking.whole_delivery(number)
    except NotThere:
        return False
    payload = told.request.payload
    if payload is None:
        return False
    body = json.dumps(payload).encode()
    return bool(keep([row_of(GITHUB, Envelope(guid, told.event), payload, body, is_caught_up=True)]))


def missed_pushes() -> int:
    """Branches of connected services that lead to another commit than the last push we know of."""
    found = Connection.objects.filter(repository__trouble="").select_related("repository__installation", "service")
    places: dict[tuple[int, str], tuple[Repository, Service]] = {}
    for row in found.order_by("service__created_at")[:MOST_HEADS]:
        places.setdefault((row.repository.github_id, row.service.branch), (row.repository, row.service))
    return sum(_head_moved(repository, service) for repository, service in places.values())


def _head_moved(repository: Repository, service: Service) -> bool:
    known = _known_commit(service)
    told = Delivery.objects.filter(repository_id=repository.github_id, event="push", state=State.WAITING)
    if not known or told.exists():
        return False  # Never deployed, never pushed to: that is begun by a person. Or it is being handled.
    try:
        head = asking.head_of(repository, service.branch)
    except (RateLimited, Unreachable):
        raise
    except SlipwayError as error:
        log.info("%s: its branch cannot be read: %s", repository, error.message)
        return False
    if head.sha == known:
        return False
    payload = _as_push(repository, service.branch, known, head)
    envelope = Envelope(f"branch:{repository.github_id}:{head.sha}", "push")
    return bool(keep([row_of(GITHUB, envelope, payload, json.dumps(payload).encode(), is_caught_up=True)]))


def _known_commit(service: Service) -> str:
    """Of the last push to its branch; without one of what was deployed last by its branch's head."""
    ref = f"refs/heads/{service.branch}"
    last = Outcome.objects.filter(service=service, ref=ref).exclude(commit="").order_by("-created_at").first()
    if last is not None:
        return last.commit
    rows = Deployment.objects.filter(service=service, branch=service.branch).exclude(commit="")
    newest = rows.exclude(trigger__in=("rollback", "automatic")).order_by("-number").first()
    return newest.commit if newest is not None else ""


def _as_push(repository: Repository, branch: str, before: str, head: HeadTold) -> dict[str, Any]:
    """What GitHub would have told, as far as it can be known."""
    return {
        "ref": f"refs/heads/{branch}",
        "before": before,
        "after": head.sha,
        "created": False,
        "deleted": False,
        "forced": False,
        "commits": [],
        "head_commit": {
            "id": head.sha,
            "message": head.commit.message,
            "timestamp": head.commit.author.date,
            "author": {"name": head.commit.author.name},
        },
        "pusher": {"name": "GitHub"},
        "repository": {"id": repository.github_id, "full_name": repository.full_name},
    }


def _since(now: datetime) -> datetime:
    """From a bit before the last good look; at most as far back as GitHub keeps them. An App is never older than that."""
    last = CatchUp.objects.filter(trouble="").aggregate(at=Max("looked_at"))["at"]
    return max(last - OVERLAP, now - KEPT) if last else now - KEPT


def _heads_are_due() -> bool:
    """At the start, and then now and then."""
    global _heads_next
    if timezone.now() < _heads_next:
        return False
    _heads_next = timezone.now() + HEADS_EVERY
    return True


def _note(at: datetime, deliveries: int, pushes: int, trouble: str) -> None:
    """Of looks that found nothing only the last good and the last bad one are kept."""
    if not deliveries and not pushes:
        empty = CatchUp.objects.filter(deliveries=0, pushes=0)
        (empty.exclude(trouble="") if trouble else empty.filter(trouble="")).delete()
    CatchUp.objects.create(looked_at=at, deliveries=deliveries, pushes=pushes, trouble=trouble)
