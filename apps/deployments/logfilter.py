"""Which lines of a log are wanted. Not in charge of where they are looked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from apps.deployments.logtext import LEVELS, plain, severity_of
from apps.deployments.models import LogChunk

SLACK = timedelta(minutes=10)  # Moments are the writers' own: lines do not stand quite in their order.
RANGES = {"15m": timedelta(minutes=15), "1h": timedelta(hours=1), "24h": timedelta(hours=24)}

Row = Sequence[str]  # As `logs.Line.packed` makes it.


@dataclass(frozen=True)
class Filter:
    """What of a log is wanted; empty: everything. Moments are ISO texts in UTC, which sort as they follow."""

    q: str = ""
    levels: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()
    since: str = ""
    until: str = ""
    _needle: str = field(init=False, default="", repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_needle", self.q.casefold())

    @property
    def is_empty(self) -> bool:
        return not (self.q or self.levels or self.sources or self.since or self.until)

    def takes(self, row: Row) -> bool:
        at, source, _, kind, text = row
        if self.sources and source not in self.sources:
            return False
        if (self.since and at < self.since) or (self.until and at > self.until):
            return False
        if self._needle and self._needle not in plain(text).casefold():
            return False
        return not self.levels or severity_of(text, kind) in self.levels

    def is_past(self, chunk: LogChunk, *, newest_first: bool) -> bool:
        """Nothing further on is in the range of time."""
        if newest_first:
            return bool(self.since) and _shifted(chunk.lines[-1][0], SLACK) < self.since
        return bool(self.until) and _shifted(chunk.lines[0][0], -SLACK) > self.until


def filter_of(told: Any) -> Filter:
    """From an address: q, level and source (several), range (15m, 1h, 24h) or from and to. What is no value is none."""
    span = RANGES.get(told.get("range", ""))
    return Filter(
        q=told.get("q", "")[:200],
        levels=frozenset(told.getlist("level")) & frozenset(LEVELS),
        sources=frozenset(name[:100] for name in told.getlist("source")[:50] if name),
        since=(timezone.now() - span).astimezone(UTC).isoformat() if span else moment(told.get("from", "")),
        until="" if span else moment(told.get("to", "")),
    )


def moment(text: str) -> str:
    """`2026-11-21T08:00` -> `2026-11-21T08:00:00+00:00`; "" for what is no moment. Without a zone it is UTC."""
    try:
        found = parse_datetime(text[:40])
        found = found.replace(tzinfo=UTC) if found and found.tzinfo is None else found
        return found.astimezone(UTC).isoformat() if found else ""
    except (ValueError, OverflowError):
        return ""


def _shifted(at: str, by: timedelta) -> str:
    try:
        return (datetime.fromisoformat(at) + by).astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        return at
