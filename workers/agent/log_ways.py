"""Finds the way to a container's log: the engine's file where we may read it or have it opened, else the engine's API."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from workers.agent.follow import Follow, nanoseconds
from workers.agent.log_files import Files, Handed
from workers.agent.log_reader import LogReader
from workers.agent.tail import Line, Position, Tail
from workers.docker import Engine
from workers.docker_records import Container
from workers.errors import PlatformError


class LogWays:
    def __init__(self, engine: Engine, reader: LogReader) -> None:
        self._engine = engine
        self._reader = reader

    def to(self, container: Container, told: dict[str, Any], position: Position | None) -> Tail | Follow:
        """`told` is the engine's record of the container, which has no path yet before its first start.

        A log that was read from its files goes on there, however long nobody opens them: the API would tell all of it
        once more.
        """
        path = told.get("LogPath") or f"{self._engine.root_dir()}/containers/{container.id}/{container.id}-json.log"
        if os.access(path, os.R_OK) or os.geteuid() == 0:
            return Tail(Path(path), position)
        files = Handed(self._reader.open)
        if position is not None and position.inode:
            return Tail(Path(path), position, files)
        try:
            self._reader.require()
        except PlatformError as error:
            print(f"{error.message} Its API may lose lines in a flood.", file=sys.stderr, flush=True)
            return Follow(self._engine, container.id, position)
        return Onward(Path(path), files, position.offset) if position is not None else Tail(Path(path), None, files)

    def opens_files(self) -> bool:
        """At once: nothing is started for it. Then a `Follow` may be left for what `to` gives."""
        return self._reader.runs()

    def close(self) -> None:
        self._reader.close()


class Onward(Tail):
    """Goes on where a `Follow` stood: behind a moment, in nanoseconds since the epoch."""

    def __init__(self, path: Path, files: Files, behind: int) -> None:
        super().__init__(path, None, files)
        self._behind = behind

    def _parse(self, raw: bytes) -> Line | None:
        line = super()._parse(raw)
        if line is not None and line.kind == "line" and nanoseconds(line.at) <= self._behind:
            return None
        return line
