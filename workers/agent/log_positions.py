"""How far the log of each container was read: in a file for each, so that another agent goes on there."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from workers.agent.store import set_aside, write_private
from workers.agent.tail import Position


@dataclass(frozen=True)
class Stand:
    """Batch `cursor` is on its way: `count` lines from `start` on (0: none yet)."""

    cursor: int = 0
    start: Position | None = None
    count: int = 0

    @classmethod
    def lost(cls) -> Stand:
        """Where it stood is not known: from the first line on, under cursors that are beyond any used before."""
        return cls(cursor=time.time_ns() // 1_000_000)


class Positions:
    """One small file per container."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def load(self, container: str) -> Stand:
        path = self._folder / f"{container}.json"
        if not path.exists():
            return Stand()
        try:
            raw = json.loads(path.read_text())
            return Stand(int(raw["cursor"]), Position(**raw["start"]) if raw["start"] else None, int(raw["count"]))
        except (ValueError, TypeError, KeyError) as error:
            set_aside(path, error)
            return Stand.lost()

    def save(self, container: str, stand: Stand) -> None:
        write_private(self._folder / f"{container}.json", json.dumps(asdict(stand)).encode())

    def forget(self, container: str) -> None:
        for ending in ("json", "json.broken"):
            (self._folder / f"{container}.{ending}").unlink(missing_ok=True)
