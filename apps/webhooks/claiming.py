"""Who handles a delivery: claimed, kept while it is handled, given back or given up. `attempts` is the fence.

Not in charge of what handling is (`handling`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.db import Error, connection, transaction
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from apps.github.errors import RateLimited, Unreachable
from apps.lib.text import storable
from apps.webhooks.models import Delivery, Kind, Outcome, State
from apps.webhooks.verdicts import Code

TRIES = 5
LEASE = timedelta(seconds=90)
RENEWED_EVERY, RENEWED_FOR = 30.0, 1800.0  # Seconds. Beyond that it hangs, and another may try.
BACK_OFF_SECONDS = (5, 20, 60, 180)
AWAY = (RateLimited, Unreachable)
AWAY_SECONDS, PATIENCE = 300, timedelta(hours=24)


def claim() -> Delivery | None:
    """The oldest that is free, ours for the time of a lease. One that was tried too often is given up."""
    while True:
        with transaction.atomic():
            rows = Delivery.objects.free().select_for_update(skip_locked=True, of=("self",))
            row = rows.order_by("created_at").first()
            if row is None:
                return None
            if row.attempts - row.waits < TRIES:
                row.attempts += 1
                Delivery.objects.filter(pk=row.pk).update(attempts=row.attempts, free_at=Now() + LEASE)
                return row
            give_up(row, row.error or f"Its worker was lost {row.attempts} times.")


class Renewal:
    """One thread that prolongs the lease of what is being handled: reading a large account from GitHub takes minutes."""

    def __init__(self) -> None:
        self._row: Delivery | None = None
        self._until = 0.0
        self._over = threading.Event()

    @contextmanager
    def running(self) -> Iterator[Renewal]:
        thread = threading.Thread(target=self._run, name="renewal", daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._over.set()
            thread.join()

    def of(self, row: Delivery | None) -> None:
        self._row, self._until = row, time.monotonic() + RENEWED_FOR

    def _run(self) -> None:
        try:
            while not self._over.wait(RENEWED_EVERY):
                if self._row is None or time.monotonic() > self._until:
                    continue
                try:
                    mine(self._row).filter(free_at__isnull=False).update(free_at=Now() + LEASE)
                except Error:
                    connection.close()  # Without a database nobody else can take it either.
        finally:
            connection.close()


def later(row: Delivery, error: Exception, told: str) -> None:
    """Another try comes later, or it is given up. While GitHub is away it waits, for a day, and that is no try."""
    is_away, tries = isinstance(error, AWAY), row.attempts - row.waits
    if not _is_patient(row) if is_away else tries >= TRIES:
        give_up(row, told)
        return
    if is_away:
        values = {"waits": row.waits + 1, "away_since": Coalesce("away_since", Now()), "free_at": _back(row, error)}
    else:
        wait = timedelta(seconds=BACK_OFF_SECONDS[min(tries, len(BACK_OFF_SECONDS)) - 1])
        values = {"away_since": None, "free_at": Now() + wait}
    mine(row).update(**values, error=storable(told)[:500])


def _is_patient(row: Delivery) -> bool:
    return row.away_since is None or timezone.now() < row.away_since + PATIENCE


def _back(row: Delivery, error: Exception) -> datetime:
    """When GitHub said that it takes requests again; else later each time."""
    wait = timedelta(seconds=min(5 * 2 ** min(row.waits, 10), AWAY_SECONDS))
    return max(timezone.now() + wait, error.until) if isinstance(error, RateLimited) else timezone.now() + wait


def give_up(row: Delivery, told: str) -> None:
    told = storable(told)
    with transaction.atomic():
        if mine(row).update(state=State.FAILED, handled_at=Now(), free_at=None, error=told[:500]):
            more = {"kind": Kind.SKIPPED, "code": Code.OTHER, "reason": told[:400]}
            Outcome.objects.get_or_create(delivery=row, service=None, defaults=more)


def mine(row: Delivery) -> Any:
    """The row, unless a later attempt has begun."""
    return Delivery.objects.filter(pk=row.pk, attempts=row.attempts, state=State.WAITING)
