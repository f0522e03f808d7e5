"""How a `Tail` gets at the engine's files: directly, or by descriptors that somebody hands over."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

SETTLED_NS, SETTLED_SECONDS = 1_000_000_000, 5.0


class Files(Protocol):
    """`open` and `inode` raise FileNotFoundError for a file that is not there."""

    def open(self, path: Path) -> int:
        """A descriptor to read from."""

    def inode(self, path: Path) -> int: ...

    def is_the_same(self, path: Path, descriptor: int) -> bool:
        """Whether the name still stands for the file that was opened under it."""


class Direct:
    def open(self, path: Path) -> int:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    def inode(self, path: Path) -> int:
        return path.stat().st_ino

    def is_the_same(self, path: Path, descriptor: int) -> bool:
        return self.inode(path) == os.fstat(descriptor).st_ino


class Handed:
    """For one log. `opened` asks somebody else, which is dear."""

    def __init__(self, opened: Callable[[Path], int]) -> None:
        self.open = opened
        self._settled = (0, 0)
        self._settled_until = 0.0

    def inode(self, path: Path) -> int:
        descriptor = self.open(path)
        try:
            return os.fstat(descriptor).st_ino
        finally:
            os.close(descriptor)

    def is_the_same(self, path: Path, descriptor: int) -> bool:
        """A rename changes a file's ctime: while that stands still, nobody is asked for a while.

        Not in its first second, for the clock of a file system is coarse: what comes right after may look the same.
        """
        now, told = time.time_ns(), os.fstat(descriptor)
        stand = (told.st_ino, told.st_ctime_ns)
        if self._settled == stand and time.monotonic() < self._settled_until:
            return True
        is_same = self.inode(path) == told.st_ino
        if is_same and now - told.st_ctime_ns > SETTLED_NS:
            self._settled, self._settled_until = stand, time.monotonic() + SETTLED_SECONDS
        return is_same
