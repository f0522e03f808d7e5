"""What becomes of a delivery, from the table: a row is claimed, its event looked up here, what follows is recorded.

Any number of workers may do this. One that is killed leaves its row to another; an attempt that was overtaken has no
effect. Not in charge of taking deliveries in (`taking`).
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import InterfaceError, OperationalError, transaction
from django.db.models.functions import Now
from pydantic import ValidationError

from apps.deployments.lease import shutting_down
from apps.github import life
from apps.lib.text import storable
from apps.webhooks import checked, pulls, pushes
from apps.webhooks.forges import FORGES
from apps.webhooks.models import Delivery, Kind, Outcome, State
from apps.webhooks.verdicts import Code
from workers.errors import SlipwayError

log = logging.getLogger(__name__)

ATTEMPTS = 5
LEASE = timedelta(seconds=90)
BACK_OFF_SECONDS = (5, 20, 60, 180)

Payload = dict[str, Any]
Handler = Callable[[Delivery, Payload], str]


def _of_payload(follow: Callable[[Payload], str]) -> Handler:
    """Of an app that knows no deliveries: it takes what was said and answers what became of it."""
    return lambda delivery, payload: follow(payload)


# (server, event) -> what is done. It records outcomes of services itself; its answer is the reason when there is none.
TABLE: dict[tuple[str, str], Handler] = {
    **{(forge.name, event): pushes.follow for forge in FORGES.values() for event in forge.pushes},
    ("github", "check_suite"): checked.follow,
    ("github", "check_run"): checked.follow,
    ("github", "status"): checked.follow,
    **{("github", event): _of_payload(follow) for event, follow in life.EVENTS.items()},
    ("github", "pull_request"): pulls.follow,
    ("github", "pull_request_review"): pulls.follow_review,
    ("github", "ping"): lambda delivery, payload: "GitHub asked whether this address answers.",
}


def handle_waiting() -> int:
    """All that wait, oldest first; how many that were."""
    count = 0
    while not shutting_down.is_set():
        row = claim()
        if row is None:
            break
        handle(row)
        count += 1
    return count


def claim() -> Delivery | None:
    """The oldest that is free, ours for the time of a lease. One that was tried too often is given up."""
    while True:
        with transaction.atomic():
            row = (
                Delivery.objects.free().select_for_update(skip_locked=True, of=("self",)).order_by("created_at").first()
            )
            if row is None:
                return None
            if row.attempts < ATTEMPTS:
                row.attempts += 1
                Delivery.objects.filter(pk=row.pk).update(attempts=row.attempts, free_at=Now() + LEASE)
                return row
            _give_up(row, row.error or f"Its worker was lost {row.attempts} times.")


def handle(row: Delivery) -> None:
    """Once; an error is kept with the row, and the next attempt comes later."""
    try:
        why_none = _handled(row)
    except (OperationalError, InterfaceError):
        raise  # The database is away: its lease ends, and another takes it.
    except ValidationError as error:
        _give_up(row, f"It is not as {FORGES[row.forge].label} describes it: {_first(error)}.")
    except Exception as error:
        sentence = error.message if isinstance(error, SlipwayError) else f"Slipway failed: {type(error).__name__}."
        log.warning("%s: attempt %s: %s", row, row.attempts, sentence, exc_info=not isinstance(error, SlipwayError))
        _later(row, sentence)
    else:
        _done(row, why_none)


def _handled(row: Delivery) -> str:
    follow = TABLE.get((row.forge, row.event))
    if follow is None:
        return f"Nothing follows from {row.event[:40]}."
    if row.hook_id is not None and row.event not in FORGES[row.forge].pushes:
        # Its secret is a service's: who knows it could tell of other teams' repositories, installations and forks.
        return "A service's own webhook tells of pushes only."
    return follow(row, json.loads(row.payload or "{}"))


def _done(row: Delivery, why_none: str) -> None:
    """With no outcome in any service there is one of the delivery itself."""
    with transaction.atomic():
        if not _mine(row).update(state=State.HANDLED, handled_at=Now(), free_at=None, error=""):
            return
        if not Outcome.objects.filter(delivery=row).exists():
            reason = storable(why_none)[:400] or "Nothing follows from it."
            Outcome.objects.create(delivery=row, kind=Kind.SKIPPED, code=Code.NOBODY, reason=reason)


def _later(row: Delivery, error: str) -> None:
    if row.attempts >= ATTEMPTS:
        _give_up(row, error)
        return
    wait = BACK_OFF_SECONDS[min(row.attempts, len(BACK_OFF_SECONDS)) - 1]
    _mine(row).update(free_at=Now() + timedelta(seconds=wait), error=storable(error)[:500])


def _give_up(row: Delivery, error: str) -> None:
    with transaction.atomic():
        told = storable(error)[:500]
        if _mine(row).update(state=State.FAILED, handled_at=Now(), free_at=None, error=told):
            more = {"kind": Kind.SKIPPED, "code": Code.OTHER, "reason": told[:400]}
            Outcome.objects.get_or_create(delivery=row, service=None, defaults=more)


def _mine(row: Delivery) -> Any:
    return Delivery.objects.filter(pk=row.pk, attempts=row.attempts, state=State.WAITING)


def _first(error: ValidationError) -> str:
    """Where it differs; never what stands there."""
    found = error.errors(include_input=False, include_url=False)[0]
    return f"{'.'.join(str(part) for part in found['loc'])}: {found['msg']}"
