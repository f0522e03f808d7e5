"""One container's log on its way: where it stands, its secrets, its next batch.

Not in charge of sending (`workers.agent.logs`) nor of reading files (`workers.agent.tail`).
"""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from functools import partial
from typing import Any

from workers.agent.follow import Follow
from workers.agent.log_positions import Positions, Stand
from workers.agent.log_ways import LogWays
from workers.agent.redaction import redactor
from workers.agent.tail import Line
from workers.docker_records import Container

MAX_LINES, MAX_BYTES = 1000, 256 * 1024
AGAIN_SECONDS, GIVE_UP_SECONDS = 0.5, 30.0
LOST = "where this log stood was lost: lines before this one may come once more"


class Source:
    """`ending` is set when nothing more will be written; `done` once all of it is stored."""

    def __init__(
        self, container: Container, told: dict[str, Any], ways: LogWays, positions: Positions, environment: str
    ) -> None:
        self.container = container
        self.environment = environment
        self.since = time.monotonic()
        self.ending = False
        self.done = threading.Event()
        self.full = False
        self.not_before = 0.0  # `time.monotonic()`; set when it could not be read.
        self.failing_since = 0.0  # The same clock; 0 while it can be read.
        self._reading = threading.Lock()
        self._closed = False
        self._positions = positions
        self._redactor = redactor(secrets_of(told))
        self._stand = positions.load(container.id)
        self._end = self._stand.start
        self._again = self._stand.count  # After a restart: exactly that batch once more.
        self._gap = LOST if self._stand.cursor and not self._again else ""
        self._held: list[Line] = []  # Read, and not noted on disk yet.
        self._ways = ways
        self._way = partial(ways.to, container, told)
        self._reader = self._way(self._stand.start)

    def next_batch(self) -> dict[str, Any] | None:
        """A `LogBatch` as JSON, noted on disk as being on its way; None when there is nothing.

        After an OSError (no space, say) the same lines come with the next call.
        """
        with self._reading:
            lines = self._held = self._held or self._read()
        if not lines:
            self.failing_since = 0.0
            return None
        cursor = self._stand.cursor if self._again else self._stand.cursor + 1
        stand = Stand(cursor, self._end, len(lines))
        self._positions.save(self.container.id, stand)
        self.full = len(lines) >= MAX_LINES
        self._held, self._again, self.failing_since = [], 0, 0.0
        self._stand, self._end = stand, lines[-1].end
        told, self._gap = [*gap(self._gap), *map(self._told, lines)], ""
        return self._batch(cursor, told)

    def failed(self) -> bool:
        """It could not be read just now. Whether to give up: it has ended, and this goes on for too long."""
        now = time.monotonic()
        self.not_before = now + AGAIN_SECONDS
        self.failing_since = self.failing_since or now
        return self.ending and now - self.failing_since >= GIVE_UP_SECONDS

    def given_up(self) -> dict[str, Any]:
        """The batch that says so in the place of the lines."""
        return self._batch(self._stand.cursor + 1, gap("the last lines are missing: they could not be read"))

    def hold(self) -> None:
        """Its file is about to go: keep it open, so that what is left of it can still be read."""
        with self._reading:
            if not self._closed:
                self._reader.hold()

    def close(self) -> None:
        with self._reading:
            self._closed = True
            self._reader.close()

    def _read(self) -> list[Line]:
        if isinstance(self._reader, Follow) and self._ways.opens_files():
            follow, self._reader = self._reader, self._way(self._end)
            follow.close()
        lines = self._reader.read(self._again or MAX_LINES, 1 << 40 if self._again else MAX_BYTES)
        return self._reader.flush() if not lines and self.ending else lines

    def _told(self, line: Line) -> dict[str, str]:
        return {"at": line.at, "text": self._redactor.redact(line.text), "kind": line.kind, "level": line.level}

    def _batch(self, cursor: int, lines: list[dict[str, str]]) -> dict[str, Any]:
        """Named by the engine's id: a container that is made anew may have the same name, and counts from 1 again."""
        label = self.container.label
        return {
            "service": label("service"),
            "environment": self.environment,
            "deployment": label("deployment") if label("role") == "release" else None,
            "process": label("process"),
            "container": self.container.id,
            "cursor": cursor,
            "lines": lines,
        }


def gap(text: str) -> list[dict[str, str]]:
    """The line that stands for what is missing; none for ""."""
    return [{"at": datetime.now(UTC).isoformat(), "text": text, "kind": "gap", "level": "out"}] if text else []


def secrets_of(told: dict[str, Any]) -> list[str]:
    """The values of the secret variables that a container was given, from the engine's own record of it."""
    names = set((told["Config"]["Labels"] or {}).get("slipway.secrets", "").split(","))
    pairs = (entry.partition("=") for entry in told["Config"]["Env"] or [])
    return [value for name, _, value in pairs if name in names and value]
