"""One container's log on its way: where it stands, its secrets, its next batch.

Not in charge of sending (`workers.agent.logs`) nor of reading files (`workers.agent.tail`).
"""

from __future__ import annotations

import json
import os
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from workers.agent.follow import Follow
from workers.agent.store import write_private
from workers.agent.tail import Line, Position, Tail
from workers.docker import Container, Engine
from workers.redact import Redactor

MAX_LINES, MAX_BYTES = 1000, 256 * 1024


@dataclass(frozen=True)
class Stand:
    """Batch `cursor` is on its way: `count` lines from `start` on (0: none yet)."""

    cursor: int = 0
    start: Position | None = None
    count: int = 0


class Positions:
    """One small file per container."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def load(self, container: str) -> Stand:
        path = self._folder / f"{container}.json"
        if not path.exists():
            return Stand()
        raw = json.loads(path.read_text())
        return Stand(raw["cursor"], Position(**raw["start"]) if raw["start"] else None, raw["count"])

    def save(self, container: str, stand: Stand) -> None:
        write_private(self._folder / f"{container}.json", json.dumps(asdict(stand)).encode())

    def forget(self, container: str) -> None:
        (self._folder / f"{container}.json").unlink(missing_ok=True)


class Source:
    """`ending` is set when nothing more will be written; `done` once all of it is stored."""

    def __init__(self, container: Container, told: dict[str, Any], engine: Engine, positions: Positions) -> None:
        self.container = container
        self.since = time.monotonic()
        self.ending = False
        self.done = threading.Event()
        self.full = False
        self._positions = positions
        self._redactor = Redactor(secrets_of(told))
        self._stand = positions.load(container.id)
        self._end = self._stand.start
        self._again = self._stand.count  # After a restart: exactly that batch once more.
        self._reader = _reader(told, container, engine, self._stand.start)

    def next_batch(self) -> dict[str, Any] | None:
        """A `LogBatch` as JSON, noted on disk as being on its way; None when there is nothing."""
        limit = self._again or MAX_LINES
        lines = self._reader.read(limit, 1 << 40 if self._again else MAX_BYTES)
        if not lines and self.ending:
            lines = self._reader.flush()
        if not lines:
            return None
        self.full = len(lines) >= MAX_LINES
        cursor = self._stand.cursor if self._again else self._stand.cursor + 1
        self._again = 0
        self._stand = Stand(cursor, self._end, len(lines))
        self._end = lines[-1].end
        self._positions.save(self.container.id, self._stand)
        return self._batch(cursor, lines)

    def close(self) -> None:
        self._reader.close()

    def _batch(self, cursor: int, lines: list[Line]) -> dict[str, Any]:
        label, redact = self.container.label, self._redactor.redact
        return {
            "service": label("service"),
            "deployment": label("deployment") if label("role") == "release" else None,
            "process": label("process"),
            "container": self.container.name,
            "cursor": cursor,
            "lines": [{"at": x.at, "text": redact(x.text), "kind": x.kind, "level": x.level} for x in lines],
        }


def secrets_of(told: dict[str, Any]) -> list[str]:
    """The values of the secret variables that a container was given, from the engine's own record of it."""
    names = set((told["Config"]["Labels"] or {}).get("slipway.secrets", "").split(","))
    pairs = (entry.partition("=") for entry in told["Config"]["Env"] or [])
    return [value for name, _, value in pairs if name in names and value]


def _reader(told: dict[str, Any], container: Container, engine: Engine, position: Position | None) -> Tail | Follow:
    """The engine's file when we may read it, else its API. Before its first start a container has no path yet."""
    expected = f"{engine.root_dir()}/containers/{container.id}/{container.id}-json.log"
    path = told.get("LogPath") or expected
    if os.access(path, os.R_OK) or os.geteuid() == 0:
        return Tail(Path(path), position)
    return Follow(engine, container.id, position)
