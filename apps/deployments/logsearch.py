"""Reading a log through a filter, towards either end, and finding in it: in bounded time and memory.

Not in charge of who may, nor of how a line looks.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from apps.deployments import logs
from apps.deployments.logtext import LEVELS, plain, severity_of
from apps.deployments.models import LogChunk, LogStream

SECONDS = 2.0  # Then an answer says how far it came, and one asks on from there.
BYTES = 1_000_000  # Of text in one answer.
MOST_FOUND = 5_000
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


@dataclass(frozen=True)
class Found:
    """Lines in order. Every line from number `first` to `last` was looked at, so what is not here is not wanted."""

    lines: list[logs.Line]
    first: int
    last: int


def older(stream: LogStream, before: int, wanted: Filter, limit: int) -> Found:
    """The newest `limit` wanted lines numbered below `before`."""
    before = min(before, stream.next_seq)
    found: list[logs.Line] = []
    edge = before
    budget = Budget(limit)
    for chunk in logs.chunks(stream, 0, before, newest_first=True, likely=limit):
        if chunk.last_seq < edge - 1:
            found.append(logs.gap(chunk.last_seq, edge))
        for seq, row in reversed(list(_rows(chunk, 0, edge))):
            edge = seq
            if wanted.takes(row):
                found.append(logs.unpacked(seq, row))
                if budget.is_spent_by(row):
                    break
        if budget.is_over:
            return Found(found[::-1], edge, before - 1)
        if wanted.is_past(chunk, newest_first=True):
            return Found(found[::-1], 1, before - 1)
    if edge > 1:
        found.append(logs.gap(0, edge))
    return Found(found[::-1], 1, before - 1)


def newer(stream: LogStream, after: int, wanted: Filter, limit: int) -> Found:
    """The oldest `limit` wanted lines numbered above `after`."""
    found: list[logs.Line] = []
    first, end = after + 1, stream.next_seq
    budget = Budget(limit)
    for chunk in logs.chunks(stream, after, end, likely=limit):
        if chunk.first_seq > after + 1:
            found.append(logs.gap(after, chunk.first_seq))
        for seq, row in _rows(chunk, after, end):
            after = seq
            if wanted.takes(row):
                found.append(logs.unpacked(seq, row))
                if budget.is_spent_by(row):
                    break
        if budget.is_over:
            return Found(found, first, after)
        if wanted.is_past(chunk, newest_first=False):
            break
    return Found(found, first, max(after, end - 1))


def around(stream: LogStream, number: int, wanted: Filter, limit: int) -> Found:
    """As many before the line `number` as after it."""
    above = older(stream, number, wanted, limit // 2)
    below = newer(stream, min(number, stream.next_seq) - 1, wanted, limit - limit // 2)
    return Found(above.lines + below.lines, above.first, below.last)


@dataclass(frozen=True)
class Matches:
    """Numbers of lines in order, the newest of them; `searched_from`: below it nobody looked yet."""

    numbers: list[int]
    searched_from: int
    is_capped: bool


def search(stream: LogStream, wanted: Filter, *, before: int = logs.NEVER, most: int = MOST_FOUND) -> Matches:
    """From the newest backwards, until `most` are found or time is up; `before` goes on from there."""
    numbers: list[int] = []
    budget = Budget(most, size=logs.NEVER)
    for chunk in logs.chunks(stream, 0, before, newest_first=True):
        for seq, row in reversed(list(_rows(chunk, 0, before))):
            if wanted.takes(row):
                numbers.append(seq)
                if budget.is_spent_by(row):
                    return Matches(numbers[::-1], seq, is_capped=seq > 1)
        if budget.is_over:
            return Matches(numbers[::-1], chunk.first_seq, is_capped=chunk.first_seq > 1)
        if wanted.is_past(chunk, newest_first=True):
            break
    return Matches(numbers[::-1], 1, is_capped=False)


def texts(stream: LogStream, wanted: Filter, *, with_times: bool = False) -> Iterator[str]:
    """The wanted lines as text, a chunk's at a time."""
    for chunk in logs.chunks(stream, 0, stream.next_seq):
        rows = [row for row in chunk.lines if wanted.takes(row)]
        said = (f"{row[0]} {row[1]} {plain(row[4])}\n" if with_times else f"{plain(row[4])}\n" for row in rows)
        yield "".join(said)


def _rows(chunk: LogChunk, after: int, before: int) -> Iterator[tuple[int, Row]]:
    numbered = enumerate(chunk.lines, start=chunk.first_seq)
    return ((seq, row) for seq, row in numbered if after < seq < before)


class Budget:
    """How many lines, how much text and how long."""

    def __init__(self, lines: int, *, size: int = BYTES) -> None:
        self.lines, self.size = lines, size
        self.deadline = time.monotonic() + SECONDS

    def is_spent_by(self, row: Row) -> bool:
        self.lines -= 1
        self.size -= len(row[4])
        return self.lines <= 0 or self.size <= 0

    @property
    def is_over(self) -> bool:
        return self.lines <= 0 or self.size <= 0 or time.monotonic() > self.deadline
