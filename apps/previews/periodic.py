"""What the reconciler runs (`settings.PERIODIC`): previews whose time has come go, and those whose services are gone."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q

from apps.accounts.access import SYSTEM
from apps.previews import environments
from apps.previews.models import Part, Preview, Removed, State
from workers.errors import Stopped

log = logging.getLogger(__name__)

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


@transaction.atomic
def _remove(key: UUID, why: Removed, reason: str) -> None:
    """Looked at once more with its lock: a push may have come in between."""
    rows = Preview.objects.select_for_update(of=("self",)).select_related("environment", "project", "repository")
    row = rows.filter(pk=key, environment__isnull=False).first()
    if row is not None and (why != Removed.EXPIRED or Preview.objects.over().filter(pk=key).exists()):
        environments.remove(row, why, reason, actor=SYSTEM)


def _leave_moved(reason: str) -> None:
    """Parts whose service comes from elsewhere by now."""
    moved = ~Q(service__connection__repository=F("preview__repository"))
    rows = Part.objects.exclude(state=State.REMOVED).filter(moved | Q(service__connection=None))
    for part in list(rows.select_related("service", "preview__environment")):
        with transaction.atomic():
            preview = (
                Preview.objects.select_for_update(of=("self",)).select_related("environment").get(pk=part.preview_id)
            )
            environments.leave(preview, part.service, reason)
