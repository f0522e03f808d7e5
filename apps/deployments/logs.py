"""The log store: append with consecutive numbers, read from a number on.

PostgreSQL numbers and keeps the lines; a Valkey stream serves those who read along; pages are only told that there is more.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import redis
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from apps.deployments.logcolours import Run, runs
from apps.deployments.logtext import severity_of
from apps.deployments.models import LogChunk, LogStream
from apps.lib import wake
from apps.lib.text import storable

log = logging.getLogger(__name__)

LIVE_LINES = 20_000  # What the live stream keeps of a log; older lines are read from the chunks.
LIVE_BYTES = 8_000_000  # And at most this much of Valkey's memory, for lines may be long.
CHUNK_BYTES = 32_000  # A chunk grows to this before the next one begins.
MAX_LINE = 64_000
CONTAINERS_KNOWN = 100  # Of each the last batch is remembered.
NEVER = 2**62  # Above every number.
PAGE_CHUNKS = 32  # Read at once: about a megabyte.


@dataclass(frozen=True)
class Line:
    """One line. `source` says who spoke (`build`, `web.1`, `slipway`); `kind` is line, command, step, error or gap."""

    text: str
    at: str = ""
    source: str = "build"
    level: str = "out"
    kind: str = "line"
    seq: int = 0

    def packed(self) -> list[str]:
        return [self.at, self.source, self.level, self.kind, self.text]

    @property
    def severity(self) -> str:
        """One of `logtext.LEVELS`."""
        return severity_of(self.text, self.kind)

    @property
    def runs(self) -> list[Run]:
        return runs(self.text)

    def as_dict(self) -> dict[str, Any]:
        """With its `severity`; where the text is more than plain, also its `runs`, as a page shows it."""
        told = {**asdict(self), "severity": self.severity}
        return told if self.runs == [("", self.text)] else {**told, "runs": self.runs}


def unpacked(seq: int, row: Sequence[str]) -> Line:
    at, source, level, kind, text = row
    return Line(text=text, at=at, source=source, level=level, kind=kind, seq=seq)


def gap(after: int, before: int) -> Line:
    """Stands where the lines between two numbers are gone."""
    gone = before - after - 1
    return Line(f"{gone} older lines are no longer kept", kind="gap", source="slipway", seq=before - 1)


def append(stream: LogStream, lines: Iterable[Line], *, container: str = "", cursor: int = 0) -> int:
    """Store lines after those that are there; returns the last number. Lines are redacted already.

    With a `container`, a batch whose `cursor` was seen is dropped: it was sent twice.
    """
    now = timezone.now().isoformat()
    rows = [replace(line, text=storable(line.text[:MAX_LINE]), at=line.at or now).packed() for line in lines]
    with transaction.atomic():
        row = LogStream.objects.select_for_update().get(pk=stream.pk)
        if not rows or (container and row.cursors.get(container, [-1])[0] >= cursor):
            return row.next_seq - 1
        first = row.next_seq
        row.next_seq = first + len(rows)
        if container:
            newest = sorted(row.cursors.items(), key=lambda item: item[1][1])[-CONTAINERS_KNOWN:]
            row.cursors = {**dict(newest), container: [cursor, row.next_seq]}
        row.save(update_fields=["next_seq", "cursors"])
        _store(row, first, rows)
        wake.after_commit(lambda: _show(row, first, rows))
        wake.tell(row.group, {"type": "log.more", "last": row.next_seq - 1})
    return row.next_seq - 1


def _store(stream: LogStream, first: int, rows: list[list[str]]) -> None:
    """Into the last chunk while it is small, so that a slow log does not become a row a line."""
    size = sum(len(row[4].encode(errors="replace")) + 60 for row in rows)
    last = LogChunk.objects.filter(stream=stream, last_seq=first - 1, size_bytes__lt=CHUNK_BYTES - size).first()
    if last is None:
        LogChunk.objects.create(
            stream=stream, first_seq=first, last_seq=first + len(rows) - 1, size_bytes=size, lines=rows
        )
        return
    last.lines = last.lines + rows
    last.last_seq = first + len(rows) - 1
    last.size_bytes = F("size_bytes") + size
    last.save(update_fields=["lines", "last_seq", "size_bytes"])


def _live_key(stream: LogStream) -> str:
    return wake.key("log", stream.pk)


def _show(stream: LogStream, first: int, rows: list[list[str]]) -> None:
    """One entry a batch; its id is the number of its first line, so that a range read starts where a reader stopped."""
    pipe = wake.valkey().pipeline(transaction=False)
    # By number, so that a flood in large batches takes no more of Valkey's memory than one in small ones.
    oldest = f"{max(0, first - LIVE_LINES)}-0"
    pipe.xadd(_live_key(stream), {"l": json.dumps(rows)}, id=f"{first}-0", minid=oldest, approximate=False)
    pipe.expire(_live_key(stream), 3600)
    try:
        pipe.execute()
        _shorten(_live_key(stream))
    except redis.ResponseError as error:
        # Two batches committed in one order and arrived in the other: readers find the hole and ask PostgreSQL.
        log.debug("live stream %s: %s", stream.pk, error)


def _shorten(key: str) -> None:
    """Drop the older half of a live stream until it fits. Readers find the hole and ask PostgreSQL."""
    valkey: Any = wake.valkey()
    while (valkey.memory_usage(key, samples=0) or 0) > LIVE_BYTES and (length := valkey.xlen(key)):
        valkey.xtrim(key, maxlen=length // 2, approximate=False)


def read(stream: LogStream, after: int, *, limit: int = 1000) -> list[Line]:
    """At most `limit` lines numbered above `after`, without a hole: from the live stream where it has them all."""
    found = _read_live(stream, after, limit)
    return found if found is not None else read_stored(stream, after, limit=limit)


def _read_live(stream: LogStream, after: int, limit: int) -> list[Line] | None:
    """None when Valkey is away or does not reach back to `after`."""
    try:
        # The batch that holds `after + 1` may begin before it: step back to the entry at or below.
        before: Any = wake.valkey().xrevrange(_live_key(stream), max=f"{after + 1}-0", count=1)
        if not before:
            return None
        # Nor more than is wanted: in a flood each entry is a thousand lines.
        entries: Any = wake.valkey().xrange(_live_key(stream), min=before[0][0], max=f"{after + limit}-0")
    except redis.RedisError:
        return None
    lines: list[Line] = []
    expected = after + 1
    for entry_id, fields in entries:
        first = int(entry_id.split(b"-")[0])
        if first > expected:
            return lines or None
        for seq, row in enumerate(json.loads(fields[b"l"]), start=first):
            if seq == expected and len(lines) < limit:
                lines.append(unpacked(seq, row))
                expected += 1
        if len(lines) >= limit:
            break
    return lines or None


def chunks(
    stream: LogStream, after: int, before: int, *, newest_first: bool = False, likely: int = 0
) -> Iterator[LogChunk]:
    """Those with lines numbered between the two, in either order. By pages, so that nobody holds a log as a whole.

    The first ones are no more than what holds `likely` lines, where a number is told: a chunk may hold a thousand.
    """
    if likely:
        near = (max(after, before - 1 - likely), before) if newest_first else (after, min(before, after + 1 + likely))
        for chunk in _pages(stream, *near, newest_first):
            yield chunk
            after, before = (after, chunk.first_seq) if newest_first else (chunk.last_seq, before)
    yield from _pages(stream, after, before, newest_first)


def _pages(stream: LogStream, after: int, before: int, newest_first: bool) -> Iterator[LogChunk]:
    while before - after > 1:
        rows = LogChunk.objects.filter(stream=stream, last_seq__gt=after, first_seq__lt=before)
        page = list(rows.order_by("-first_seq" if newest_first else "first_seq")[:PAGE_CHUNKS])
        yield from page
        if len(page) < PAGE_CHUNKS:
            return
        after, before = (after, page[-1].first_seq) if newest_first else (page[-1].last_seq, before)


def read_stored(stream: LogStream, after: int, *, limit: int = 1000) -> list[Line]:
    """The same from PostgreSQL. Lines that retention removed are one gap line in their place."""
    lines: list[Line] = []
    for chunk in chunks(stream, after, NEVER, likely=limit):
        if chunk.first_seq > after + 1:
            lines.append(gap(after, chunk.first_seq))
        for seq, row in enumerate(chunk.lines, start=chunk.first_seq):
            if seq > after and len(lines) < limit:
                lines.append(unpacked(seq, row))
        after = max(after, chunk.last_seq)
        if len(lines) >= limit:
            break
    return lines


def last_seq(stream: LogStream) -> int:
    return LogStream.objects.values_list("next_seq", flat=True).get(pk=stream.pk) - 1


def tail(stream: LogStream, lines: int) -> list[Line]:
    """The newest `lines`, for a first view."""
    return read_stored(stream, max(0, last_seq(stream) - lines), limit=lines)
