"""What becomes of a delivery, from the table: a row is claimed, its event looked up here, what follows is recorded.

Any number of workers may do this. One that is killed leaves its row to another; an attempt that was overtaken has no
effect. Not in charge of taking deliveries in (`taking`).
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

from django.db import InterfaceError, OperationalError, transaction
from django.db.models.functions import Now
from pydantic import ValidationError

from apps.deployments.lease import shutting_down
from apps.github import life
from apps.lib.text import storable
from apps.webhooks import checked, pulls, pushes
from apps.webhooks.claiming import Renewal, claim, give_up, later, mine
from apps.webhooks.forges import FORGES
from apps.webhooks.models import Delivery, Kind, Outcome, State
from apps.webhooks.verdicts import Code
from workers.errors import SlipwayError

log = logging.getLogger(__name__)

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
    with Renewal().running() as renewal:
        while not shutting_down.is_set():
            row = claim()
            if row is None:
                break
            renewal.of(row)
            handle(row)
            renewal.of(None)
            count += 1
    return count


def handle(row: Delivery) -> None:
    """Once; an error is kept with the row, and the next attempt comes later."""
    try:
        why_none = _handled(row)
    except (OperationalError, InterfaceError):
        raise  # The database is away: its lease ends, and another takes it.
    except ValidationError as error:
        give_up(row, f"It is not as {FORGES[row.forge].label} describes it: {_first(error)}.")
    except Exception as error:
        sentence = error.message if isinstance(error, SlipwayError) else f"Slipway failed: {type(error).__name__}."
        log.warning("%s: attempt %s: %s", row, row.attempts, sentence, exc_info=not isinstance(error, SlipwayError))
        later(row, error, sentence)
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
    """With no outcome in any service (or with `why_none`) there is one of the delivery itself."""
    with transaction.atomic():
        if not mine(row).update(state=State.HANDLED, handled_at=Now(), free_at=None, away_since=None, error=""):
            return
        if why_none or not Outcome.objects.filter(delivery=row).exists():
            reason = storable(why_none)[:400] or "Nothing follows from it."
            none = Outcome(delivery=row, kind=Kind.SKIPPED, code=Code.NOBODY, reason=reason)
            Outcome.objects.bulk_create([none], ignore_conflicts=True)  # Given up once, it has one already.


def _first(error: ValidationError) -> str:
    """Where it differs; never what stands there."""
    found = error.errors(include_input=False, include_url=False)[0]
    return f"{'.'.join(str(part) for part in found['loc'])}: {found['msg']}"
