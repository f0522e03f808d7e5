"""Follows a container's log over the engine's API, for an agent that may not read the engine's files.

Under a flood the engine itself drops lines that it rotates away before they are read; the files do not have that limit.
"""

from __future__ import annotations

import queue
import threading
from datetime import UTC, datetime

from workers.agent.tail import CUT_MARK, LONGEST_LINE, Line, Position
from workers.docker import Engine
from workers.errors import PlatformError

WAITING = 2000  # Lines that wait to be taken; more stay in the engine.


class Follow:
    """Read like a `Tail`. Its positions have no inode and count nanoseconds since the epoch in `offset`."""

    def __init__(self, engine: Engine, container: str, position: Position | None = None) -> None:
        self._engine = engine
        self._container = container
        self._last = position.offset if position else 0
        self._lines: queue.Queue[Line] = queue.Queue(WAITING)
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    def read(self, max_lines: int, max_bytes: int) -> list[Line]:
        if self._thread is None or (not self._thread.is_alive() and self._lines.empty()):
            self._thread = threading.Thread(target=self._run, name="follow", daemon=True)
            self._thread.start()
        lines: list[Line] = []
        size = 0
        while len(lines) < max_lines and size < max_bytes and not self._lines.empty():
            lines.append(self._lines.get_nowait())
            size += len(lines[-1].text)
        return lines

    def hold(self) -> None:
        """The engine's API has no more of a container that is gone: what was read by now is all there will be."""

    def flush(self) -> list[Line]:
        return []

    def close(self) -> None:
        self._closed.set()

    def _run(self) -> None:
        rest = b""
        try:
            for chunk in self._engine.follow(self._container, self._last / 1e9):
                *whole, rest = (rest + chunk).split(b"\n")
                for raw in whole:
                    self._put(raw)
                if self._closed.is_set():
                    return
        except PlatformError:
            pass  # The engine went away or the container did: the next read begins again behind the last line.
        self._closed.wait(0.5)

    def _put(self, raw: bytes) -> None:
        at, _, text = raw.decode("utf-8", "replace").replace("\0", "").partition(" ")
        moment = nanoseconds(at)
        if moment <= self._last:
            return
        self._last = moment
        text = text if len(text) <= LONGEST_LINE else text[:LONGEST_LINE] + CUT_MARK
        line = Line(at, text, "out", "line", Position(0, moment))
        while not self._closed.is_set():
            try:
                self._lines.put(line, timeout=0.5)
                return
            except queue.Full:
                continue


def nanoseconds(at: str) -> int:
    """`2026-01-02T03:04:05.123456789Z` since the epoch; `datetime` alone would lose the last three digits."""
    whole, _, fraction = at.rstrip("Z").partition(".")
    seconds = int(datetime.fromisoformat(whole).replace(tzinfo=UTC).timestamp())
    return seconds * 1_000_000_000 + int((fraction or "0").ljust(9, "0")[:9])
