"""What did not reach us is asked for: deliveries that GitHub could not hand over; and branches are compared (`heads`).

GitHub sends nothing again by itself and keeps deliveries for three days. What is found goes the way of every delivery,
and it is said how much it was. Runs in the reconciler; two of them do no harm, because a delivery is kept once.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max
from django.db.models.functions import Coalesce
from django.utils import timezone

from apps.github.answers import DeliveryTold
from apps.github.app import the_app
from apps.github.errors import NotThere
from apps.previews import periodic as previews
from apps.webhooks import asking, heads
from apps.webhooks.forges import FORGES
from apps.webhooks.forges.base import Envelope
from apps.webhooks.models import CatchUp, Delivery
from apps.webhooks.taking import keep, row_of
from workers.errors import SlipwayError

log = logging.getLogger(__name__)

GITHUB = FORGES["github"]
KEPT = timedelta(days=3)
OVERLAP = timedelta(minutes=10)  # GitHub lists a delivery only once it was tried.
MOST_AT_ONCE = 300


@dataclass
class Look:
    """What one round found. `is_cut`: GitHub sent more than is listed here, so what is true now is asked instead."""

    began: datetime
    seen_until: datetime
    deliveries: int = 0
    pushes: int = 0
    left: int = 0
    is_cut: bool = False
    trouble: str = ""

    @property
    def note(self) -> str:
        said = [f"{self.left} more are fetched with the next looks."] if self.left else []
        if self.is_cut:
            said.append(
                f"More than {asking.MOST_DELIVERIES:,} deliveries were sent meanwhile: "
                "branches and pull requests were looked at instead."
            )
        return " ".join(said)


def catch_up() -> None:
    """One round. Nothing to ask without an App."""
    if the_app() is None:
        return
    now = timezone.now()
    look = Look(now, now)
    try:
        missed_deliveries(_since(now), look)
        look.pushes = heads.missed_pushes(all_of_them=look.is_cut)
        if look.is_cut:
            previews.ask_again()
    except SlipwayError as error:
        look.trouble = error.message[:300]
    if look.deliveries or look.pushes:
        log.info("caught up: %d deliveries, %d pushes. %s", look.deliveries, look.pushes, look.note)
    _note(look)


def missed_deliveries(since: datetime, look: Look) -> None:
    """Those that GitHub lists and we do not have, oldest first. What is too much for one round is left to the next."""
    listed = {told.guid: told for told in _listed(since, look)}
    rows = Delivery.objects.filter(forge=GITHUB.name, hook=None, delivery_id__in=listed)
    known = set(rows.values_list("delivery_id", flat=True))
    missing = [told for guid, told in reversed(listed.items()) if guid not in known]
    for told in missing[:MOST_AT_ONCE]:
        look.deliveries += _fetch(told)
    look.left = len(missing[MOST_AT_ONCE:])
    if look.left:
        look.seen_until = missing[MOST_AT_ONCE].delivered_at


def _listed(since: datetime, look: Look) -> list[DeliveryTold]:
    rows = list(asking.deliveries_after(since))
    look.is_cut = len(rows) >= asking.MOST_DELIVERIES
    return rows


def _fetch(told: DeliveryTold) -> bool:
    """By our own App's key from GitHub itself, so it needs no signature."""
    try:
        whole = asking.whole_delivery(told.id)
    except NotThere:
        return False
    payload = whole.request.payload
    if payload is None:
        return False
    body = json.dumps(payload).encode()
    return bool(keep([row_of(GITHUB, Envelope(told.guid, whole.event), payload, body, is_caught_up=True)]))


def _since(now: datetime) -> datetime:
    """From a bit before what was seen last; at most as far back as GitHub keeps them. An App is never older than that."""
    seen = Coalesce("seen_until", "looked_at")
    last = CatchUp.objects.filter(trouble="").aggregate(at=Max(seen))["at"]
    return max(last - OVERLAP, now - KEPT) if last else now - KEPT


def _note(look: Look) -> None:
    """Of looks that found nothing only the last good and the last bad one are kept."""
    if not look.deliveries and not look.pushes:
        empty = CatchUp.objects.filter(deliveries=0, pushes=0)
        (empty.exclude(trouble="") if look.trouble else empty.filter(trouble="")).delete()
    CatchUp.objects.create(
        looked_at=look.began, seen_until=look.seen_until, deliveries=look.deliveries, pushes=look.pushes,
        note=look.note, trouble=look.trouble,
    )  # fmt: skip
