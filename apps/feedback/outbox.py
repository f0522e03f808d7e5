"""Tell GitHub what is due: one sender an installation, at its pace; limits and outages only delay it.

Safe to run anywhere, any number of times. Not in charge of what is told (`telling`) or of finding it (`noticing`).
"""

from __future__ import annotations

import logging
import random
from datetime import datetime, timedelta
from itertools import chain
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from apps.feedback.calls import Calls
from apps.feedback.models import Line, News, Told, ToldPull
from apps.feedback.noticing import look
from apps.feedback.pace import HOUR, MINUTE, back_off
from apps.feedback.telling import tell
from apps.github.app import require_app
from apps.github.client import installation_client
from apps.github.errors import BadToken, NotThere, RateLimited, Unreachable
from apps.github.models import Installation
from apps.github.troubles import told_of
from workers.errors import PlatformError, SlipwayError, Stopped, UserError

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=90)  # Longer than one request may take, with all its tries.
SUBJECTS = 100  # In one run; the next goes on.
ATTEMPTS = 100  # About a day.


class Paced(Exception):
    """The pace allows no more now."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(wait)
        self.wait = wait


def look_and_drain() -> None:
    """For the reconciler: whatever wake-ups were lost."""
    look()
    drain()


def drain() -> None:
    """All that is due and may be told now."""
    _end_without_way()
    due = chain(*(model.objects.due().values_list("repository__installation", flat=True) for model in (Told, ToldPull)))
    for installation in set(due):
        line, _ = Line.objects.get_or_create(installation_id=installation)
        while _run(line.pk) and _due_of(installation):
            pass  # News that came while the line was still ours.


def _due_of(installation: UUID) -> list[News]:
    """Oldest first. Of each deployment in order, since each is one row."""
    found: list[News] = []
    for model in (Told, ToldPull):
        rows = model.objects.due().filter(repository__installation=installation).select_related("repository")
        found += rows.order_by(F("next_try_at").asc(nulls_first=True), "created_at")[:SUBJECTS]
    return found


def _end_without_way() -> None:
    """What belongs to a repository that GitHub gives us nothing of any more."""
    for model in (Told, ToldPull):
        for row in model.objects.due().without_way().select_related("repository__installation"):
            told = told_of(row.repository, None)
            _end(
                row, told.sentence if told else "GitHub gives us nothing of this repository any more.", is_cut_off=True
            )


def _run(line_id: UUID) -> bool:
    """One turn as the only sender of an installation. False: somebody else sends, or it waits."""
    line = _claim(line_id)
    if line is None:
        return False
    try:
        return all(_send(line, row) for row in _due_of(line.installation_id))
    except Stopped:
        return False  # It took too long, and another goes on.
    finally:
        Line.objects.filter(pk=line.pk, fence=line.fence).update(lease_expires_at=None)


def _claim(line_id: UUID) -> Line | None:
    free = Q(lease_expires_at=None) | Q(lease_expires_at__lt=Now())
    ready = Q(paused_until=None) | Q(paused_until__lte=Now())
    with transaction.atomic():
        row = Line.objects.select_for_update(skip_locked=True, of=("self",)).filter(free, ready, pk=line_id)
        line = row.select_related("installation").first()
        if line is None:
            return None
        line.fence += 1
        Line.objects.filter(pk=line_id).update(fence=line.fence, lease_expires_at=Now() + LEASE)
    return line


def _send(line: Line, row: News) -> bool:
    """Tell one subject. False: the whole line waits."""
    try:
        tell(row, _calls(line.installation, row), lambda: _spend(line))
    except Stopped:
        raise
    except Paced as paced:
        _pause(line, timezone.now() + paced.wait, "GitHub takes only so much new content in a minute and in an hour.")
        return False
    except SlipwayError as error:
        return _failed(line, row, error)
    except Exception as error:
        log.exception("telling GitHub of %s", row)
        return _failed(line, row, PlatformError("feedback:platform:bug", f"Slipway failed ({type(error).__name__})."))
    if line.failures or line.pause_reason:
        _write(line, failures=0, pause_reason="", paused_until=None)
    return True


def _calls(installation: Installation, row: News) -> Calls:
    repository = row.repository.github_id
    return Calls(installation_client(installation), require_app(), repository, settings.SLIPWAY.instance)


def _spend(line: Line) -> None:
    """Before each request that makes something: the lease is still ours, and the pace allows it."""
    now = timezone.now()
    wait = max(MINUTE.wait(line.minute_at, now), HOUR.wait(line.hour_at, now))
    if wait:
        raise Paced(wait)
    _write(
        line, minute_at=MINUTE.after(line.minute_at, now), hour_at=HOUR.after(line.hour_at, now),
        lease_expires_at=now + LEASE,
    )  # fmt: skip


def _failed(line: Line, row: News, error: SlipwayError) -> bool:
    """What follows from a refusal, by whose it is: the moment's, GitHub's, or this subject's."""
    if isinstance(error, RateLimited):
        _pause(line, error.until + timedelta(seconds=random.uniform(0, 3)), error.message)
        return False
    if isinstance(error, UserError) and not isinstance(error, BadToken):
        thing = "pull request" if isinstance(row, ToldPull) else "repository"
        gone = f"GitHub does not show this {thing} to us any more."
        _end(row, f"{gone if isinstance(error, NotThere) else error.message} {error.hint}".strip())
        return True
    if row.attempts + 1 >= ATTEMPTS:
        _end(row, f"Given up after {ATTEMPTS} attempts: {error.message}")
        return True
    _later(row, error.message)
    if isinstance(error, Unreachable | BadToken):
        _write(line, failures=line.failures + 1)
        _pause(line, timezone.now() + min(back_off(line.failures), timedelta(minutes=2)), error.message)
        return False
    return True


def _later(row: News, sentence: str) -> None:
    rows = type(row)._default_manager.filter(pk=row.pk)
    again = timezone.now() + back_off(row.attempts + 1)
    rows.update(attempts=row.attempts + 1, next_try_at=again, last_error=sentence[:500], last_error_at=Now())


def _end(row: News, reason: str, *, is_cut_off: bool = False) -> None:
    """It is not tried again until something of it changes. What came meanwhile stays due."""
    rows = type(row)._default_manager.filter(pk=row.pk)
    rows.update(
        over_reason=reason[:500], last_error=reason[:500], last_error_at=Now(), attempts=0, next_try_at=None,
        is_cut_off=is_cut_off,
    )  # fmt: skip
    rows.filter(turn=row.turn).update(is_due=False)


def _pause(line: Line, until: datetime, reason: str) -> None:
    _write(line, paused_until=until, pause_reason=reason[:500])


def _write(line: Line, **values: object) -> None:
    """As long as the line is ours."""
    if not Line.objects.filter(pk=line.pk, fence=line.fence).update(**values):
        raise Stopped("lost")
    for name, value in values.items():
        setattr(line, name, value)
