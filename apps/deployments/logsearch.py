"""Reading a log through a filter, towards either end, and finding in it: in bounded time and memory.

Not in charge of who may, nor of how a line looks.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from apps.deployments import logs
from apps.deployments.logfilter import Filter, Row
from apps.deployments.logtext import plain
from apps.deployments.models import LogChunk, LogStream

SECONDS = 2.0  # Then an answer says how far it came, and one asks on from there.
BYTES = 1_000_000  # Of text in one answer.
MOST_FOUND = 5_000


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
