"""One readable log of everything: `2026-11-21T08:00:00.000Z web          | line`. Rotated by size, in bounded disk.

Not in charge of what is in a line.
"""

from __future__ import annotations

import sys
from collections import defaultdict, deque
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

ROTATE_BYTES = 10 * 1024 * 1024
KEPT = 4
NAME_WIDTH = 15


class Journal:
    """`tail(name)` is the last lines of one process, to say why it failed."""

    def __init__(self, path: Path, *, echo: bool = False, rotate_bytes: int = ROTATE_BYTES) -> None:
        self.path = path
        self._rotate_bytes = rotate_bytes
        self._echo = echo
        self._tails: defaultdict[str, deque[str]] = defaultdict(lambda: deque(maxlen=20))
        self._file = self._open()

    def write(self, name: str, line: str) -> None:
        text = as_line(datetime.now(UTC), name, line)
        self._tails[name].append(line)
        self._file.write(text)
        self._file.flush()
        if self._echo:
            sys.stdout.write(text)
            sys.stdout.flush()
        if self._file.tell() > self._rotate_bytes:
            self._rotate()

    def tail(self, name: str) -> list[str]:
        return list(self._tails[name])

    def close(self) -> None:
        self._file.close()

    def _open(self) -> TextIO:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self.path.open("a", encoding="utf-8", errors="replace")

    def _rotate(self) -> None:
        self._file.close()
        for number in range(KEPT - 1, 0, -1):
            older = self.path.with_name(f"{self.path.name}.{number}")
            if older.exists():
                older.rename(self.path.with_name(f"{self.path.name}.{number + 1}"))
        self.path.rename(self.path.with_name(f"{self.path.name}.1"))
        self._file = self._open()


def as_line(at: datetime, name: str, line: str) -> str:
    stamp = at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"
    return f"{stamp} {name:<{NAME_WIDTH}} | {line}\n"
