"""Branches that moved without a word: where each leads is compared with the last push that is known of it.

All that services follow are gone round in turn, the one that was looked at longest ago first; an account that takes no
more requests keeps nobody else waiting. What is found goes the way of every delivery (`catch_up`).
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from apps.deployments.models import Deployment
from apps.github.errors import RateLimited, Unreachable
from apps.github.models import Connection, Repository
from apps.projects.models import Service
from apps.webhooks import asking
from apps.webhooks.asking import HeadTold
from apps.webhooks.forges import FORGES
from apps.webhooks.forges.base import Envelope
from apps.webhooks.models import BranchLook, Delivery, Outcome, State
from apps.webhooks.push import BRANCH
from apps.webhooks.taking import keep, row_of
from apps.webhooks.tracking import tracked
from apps.webhooks.verdicts import NOT_TAKEN
from workers.errors import SlipwayError

log = logging.getLogger(__name__)

GITHUB = FORGES["github"]
EVERY = timedelta(minutes=10)
MOST_AT_ONCE = 50  # A look comes each minute, and GitHub gives an account 5,000 requests an hour.
MOST_SILENT = 3  # In a row: then it is GitHub that is away, and not a branch that it cannot tell of.
NOTHING = "0" * 40
NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Place:
    repository: Repository
    branch: str
    services: tuple[Service, ...]


@dataclass(frozen=True)
class Known:
    """Where a branch led to; `commit` "": it was deleted. `key` is of the row that says so: a branch may come back."""

    key: UUID
    commit: str


def missed_pushes(*, all_of_them: bool = False) -> int:
    """Looks at the branches whose turn it is; how many had moved."""
    found, asked, silent, away = 0, 0, 0, set[UUID]()
    for place in _due(all_of_them):
        installation = place.repository.installation_id
        if installation is None or installation in away:
            continue
        if asked == MOST_AT_ONCE and not all_of_them:
            break
        asked += 1
        failed: Unreachable | None = None
        try:
            found += _has_moved(place)
        except RateLimited:
            away.add(installation)
            continue
        except Unreachable as error:
            log.info("%s: where %s leads is not told: %s", place.repository, place.branch, error.message)
            failed = error
        silent = silent + 1 if failed else 0
        BranchLook.objects.update_or_create(
            repository=place.repository, branch=place.branch, defaults={"looked_at": timezone.now()}
        )
        if failed and silent == MOST_SILENT:
            raise failed
    return found


def _due(all_of_them: bool) -> list[Place]:
    """Those that were not looked at lately, longest ago first."""
    rows = Connection.objects.filter(repository__trouble="").select_related("repository__installation", "service")
    repositories = {row.service_id: row.repository for row in rows}
    places: dict[tuple[UUID, str], list[Service]] = defaultdict(list)
    for one in tracked(row.service for row in rows):
        places[repositories[one.service.pk].pk, one.branch].append(one.service)
    looks = {(row.repository_id, row.branch): row.looked_at for row in BranchLook.objects.all()}
    before = timezone.now() - EVERY
    due = [key for key in places if all_of_them or looks.get(key, NEVER) < before]
    due.sort(key=lambda key: looks.get(key, NEVER))
    return [Place(repositories[places[key][0].pk], key[1], tuple(places[key])) for key in due]


def _has_moved(place: Place) -> bool:
    """Asks GitHub. Never deployed, never pushed to: that is begun by a person. What is being handled is not asked for."""
    repository, known = place.repository, _known(place)
    told = Delivery.objects.filter(repository_id=repository.github_id, event="push", ref=BRANCH + place.branch)
    if known is None or told.filter(state=State.WAITING).exists():
        return False
    try:
        head = asking.head_of(repository, place.branch)
    except (RateLimited, Unreachable):
        raise
    except SlipwayError as error:
        log.info("%s: its branch cannot be read: %s", repository, error.message)
        return False
    if head.sha == known.commit:
        return False
    payload = _as_push(place, known.commit or NOTHING, head)
    row = row_of(GITHUB, _envelope(place, known, head), payload, json.dumps(payload).encode(), is_caught_up=True)
    return bool(keep([row]))


def _envelope(place: Place, known: Known, head: HeadTold) -> Envelope:
    """The same for whoever finds the same, and another one when the branch comes to the same commit again."""
    told = "\n".join((place.branch, str(known.key), head.sha))
    return Envelope(f"branch:{place.repository.github_id}:{hashlib.sha256(told.encode()).hexdigest()[:32]}", "push")


def _known(place: Place) -> Known | None:
    """By the last push to it; without one by what was deployed last of it."""
    pushes = Outcome.objects.filter(service__in=place.services, ref=BRANCH + place.branch).exclude(code__in=NOT_TAKEN)
    push = pushes.order_by("-created_at").first()
    if push is not None:
        return Known(push.pk, push.commit)
    rows = Deployment.objects.filter(service__in=place.services, branch=place.branch).exclude(commit="")
    newest = rows.exclude(trigger__in=("rollback", "automatic")).order_by("-created_at").first()
    return Known(newest.pk, newest.commit) if newest is not None else None


def _as_push(place: Place, before: str, head: HeadTold) -> dict[str, Any]:
    """What GitHub would have told, as far as it can be known. That it leads there now is newer than all that was told."""
    return {
        "ref": BRANCH + place.branch,
        "before": before,
        "after": head.sha,
        "created": before == NOTHING,
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
        "repository": {
            "id": place.repository.github_id,
            "full_name": place.repository.full_name,
            "pushed_at": int(timezone.now().timestamp()),
        },
    }
