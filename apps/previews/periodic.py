"""What the reconciler runs (`settings.PERIODIC`): previews whose time has come go, and those whose services are gone; pull
requests that nobody told of get theirs."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from apps.accounts.access import SYSTEM
from apps.github.errors import RateLimited, Unreachable
from apps.github.models import Repository
from apps.github.news import GITHUB
from apps.previews import environments
from apps.previews.asking import open_pulls, pull_now
from apps.previews.following import follow
from apps.previews.models import Part, Preference, Preview, Removed, State
from apps.previews.payloads import Pull
from apps.previews.refreshing import Followed
from workers.errors import SlipwayError, Stopped

log = logging.getLogger(__name__)

FAR = timedelta(days=36500)  # Of a mark: not asked until it is replaced, and what changes meanwhile takes it away.
EXPIRED = "Nothing was pushed for a while, so it was removed. A push, or Keep, brings it back."


def tidy() -> None:
    """One after the other; a fault of one is not another's."""
    _each(Preview.objects.over().values_list("pk", flat=True), Removed.EXPIRED, EXPIRED)
    gone = "The service was deleted, or is connected to another repository."
    _leave_moved(gone)
    lost = Preview.objects.standing().exclude(parts__state__in=(State.DEPLOYED, State.WAITING))
    _each(lost.values_list("pk", flat=True), Removed.UNWANTED, gone)


def _each(keys: Iterable[UUID], why: Removed, reason: str) -> None:
    for key in list(keys):
        try:
            _remove(key, why, reason)
        except Stopped:
            log.info("preview %s moved on meanwhile", key)


def find_open() -> None:
    """Where previews were turned on or changed: pull requests that are open already; and those that closed unheard."""
    unasked = Preference.objects.filter(Q(asked_at=None) | Q(asked_at__gt=Now()), is_on=True)
    rows = Repository.objects.filter(connections__service__previews__in=unasked).distinct()
    for repository in rows.select_related("installation"):
        mark = timezone.now() + FAR
        unasked.filter(service__connection__repository=repository).update(asked_at=mark)
        try:
            for pull in _as_they_are(repository):
                follow(repository, pull, actor=GITHUB, keep=_nobody)
        except (RateLimited, Unreachable, Stopped) as error:
            log.info("%s: its open pull requests are asked for later (%s)", repository, type(error).__name__)
            continue
        except SlipwayError as error:
            log.warning("%s: its open pull requests cannot be asked for: %s", repository, error.message)
        Preference.objects.filter(asked_at=mark).update(asked_at=Now())


def ask_again() -> None:
    """All are looked at: something was told that nobody heard."""
    Preference.objects.filter(is_on=True).update(asked_at=None)


def _as_they_are(repository: Repository) -> list[Pull]:
    found = open_pulls(repository)
    unheard = Preview.objects.standing().filter(repository=repository)
    others = unheard.exclude(number__in=[pull.number for pull in found]).values_list("number", flat=True)
    asked = [pull_now(repository, number) for number in sorted(set(others))]
    return [*found, *(pull for pull in asked if pull is not None)]


def _nobody(followed: Followed) -> None:
    """No delivery told it: what became of it stands with the preview."""


@transaction.atomic
def _remove(key: UUID, why: Removed, reason: str) -> None:
    """Looked at once more with its lock: a push may have come in between."""
    row = environments.locked(key)
    if row.environment is not None and (why != Removed.EXPIRED or Preview.objects.over().filter(pk=key).exists()):
        environments.remove(row, why, reason, actor=SYSTEM)


def _leave_moved(reason: str) -> None:
    """Parts whose service comes from elsewhere by now."""
    moved = ~Q(service__connection__repository=F("preview__repository"))
    rows = Part.objects.exclude(state=State.REMOVED).filter(moved | Q(service__connection=None))
    for part in list(rows.select_related("service")):
        with transaction.atomic():
            environments.leave(environments.locked(part.preview_id), part.service, reason)
