"""Follows one json-file log of the engine by inode, across rotations: no line lost, none twice.

Docker renames `x-json.log` to `.1`, `.1` to `.2` and so on, and never writes to a renamed file again; so the rest of the
old inode is read before the next newer file. Not in charge of sending (`workers.agent.logs`).
"""

from __future__ import annotations

import json
import os
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from workers.agent.log_files import Direct, Files

CHUNK = 256 * 1024  # An entry of the engine is at most 16 KB of text, six times that when every character is escaped.
LONGEST_LINE = 64 * 1024
CUT_MARK = " [cut here: the line is longer than 64 KB]"
_HEAD = 64


@dataclass(frozen=True)
class Position:
    """A byte of a file. `head` is a checksum of its first bytes, for an inode number may be used again."""

    inode: int
    offset: int
    head: int = 0


class Line(NamedTuple):
    """`end` is where the next line starts. `at` is as the engine wrote it (RFC 3339, UTC)."""

    at: str
    text: str
    level: str
    kind: str
    end: Position


class Tail:
    """`position` None starts with the oldest line there is. May raise PermissionError: then the file is not for us."""

    def __init__(self, path: Path, position: Position | None = None, files: Files | None = None) -> None:
        self._path = path
        self._at = files or Direct()
        self._wanted = position
        self._fd = -1
        self._inode = self._offset = self._head = 0
        self._rotated = False  # The end that was read next is the file's last.
        self._gap = ""
        self._cut_off = False
        self._parts: list[str] = []
        self._parts_length = 0

    def read(self, max_lines: int, max_bytes: int) -> list[Line]:
        """What is there by now; fewer than `max_lines` when the end was reached."""
        lines: list[Line] = []
        size = 0
        while len(lines) < max_lines and size < max_bytes and (self._fd >= 0 or self._open_first()):
            if self._gap:
                lines.append(self._marker())
                continue
            data = os.pread(self._fd, CHUNK, self._offset)
            end = data.rfind(b"\n") + 1
            if end == 0:
                if not self._go_on_after(lines, data):
                    break
                continue
            for raw in data[:end].split(b"\n")[:-1]:
                self._offset += len(raw) + 1
                line = self._parse(raw)
                if line is not None:
                    lines.append(line)
                    size += len(line.text)
                    if len(lines) >= max_lines or size >= max_bytes:
                        break
        return lines

    def hold(self) -> None:
        """The files are about to be removed: keep open the one that is read. Those after it can not be kept."""
        self._cut_off = True  # Unless it is seen below that nothing is: looking may fail.
        files = self._files() if self._fd >= 0 or self._open_first() else []
        self._cut_off = bool(files) and files[-1][1] != self._inode

    def flush(self) -> list[Line]:
        """A last line that never got its newline, and a marker when files were removed before they were read."""
        last = [self._whole(datetime.now(UTC).isoformat(), "out")] if self._parts else []
        if self._cut_off:
            self._cut_off = False
            last.append(self._marker("the last lines are missing: they were not sent before the container was removed"))
        return last

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _parse(self, raw: bytes) -> Line | None:
        """None for a piece of a line: the engine cuts lines at 16 KB."""
        try:
            entry = json.loads(raw)
            text, at, level = entry["log"], entry["time"], entry["stream"]
        except (ValueError, KeyError, TypeError):
            return self._marker("a line of the engine's log could not be read")
        if text.endswith("\n"):
            if not self._parts:
                return Line(at, _clean(text[:-1]), _level(level), "line", self._here())
            self._keep(text[:-1])
            return self._whole(at, _level(level))
        self._keep(text)
        return None

    def _keep(self, text: str) -> None:
        if self._parts_length <= LONGEST_LINE:
            self._parts.append(text)
        self._parts_length += len(text)

    def _whole(self, at: str, level: str) -> Line:
        text = "".join(self._parts)
        self._parts, self._parts_length = [], 0
        return Line(at, _clean(text), level, "line", self._here())

    def _marker(self, text: str = "") -> Line:
        text, self._gap = text or self._gap, "" if not text else self._gap
        return Line(datetime.now(UTC).isoformat(), text, "out", "gap", self._here())

    def _here(self) -> Position:
        if not self._head and self._offset >= _HEAD:
            self._head = _head_of(self._fd)
        return Position(self._inode, self._offset, self._head)

    def _go_on_after(self, lines: list[Line], rest: bytes) -> bool:
        """What fails fails again with the next call; these lines would not come again."""
        try:
            return self._go_on(rest)
        except Exception:
            if not lines:
                raise
            return False

    def _go_on(self, rest: bytes) -> bool:
        """At the end of the file: move on if it was rotated. False: nothing more for now."""
        if len(rest) == CHUNK:
            self._offset += CHUNK
            self._gap = "a line of the engine's log was too long to be read"
            return True
        try:
            if self._at.is_the_same(self._path, self._fd):
                return False
        except FileNotFoundError:
            return False  # Removed with its container, or in the middle of a rotation.
        if not self._rotated:
            self._rotated = True  # What was written between our read and the rename is read once more.
            return True
        return self._open_next()

    def _open_first(self) -> bool:
        files = self._files()
        if not files:
            return False
        wanted = self._wanted
        for path, inode in files:
            if wanted and inode == wanted.inode and self._open(path, inode, wanted.offset):
                if not wanted.head or _head_of(self._fd) == wanted.head:
                    return True
                self.close()
        if wanted:
            self._gap = "lines are missing: the engine rotated them away while nobody read"
        return self._open(*files[0], 0)

    def _open_next(self) -> bool:
        files = self._files()
        inodes = [inode for _, inode in files]
        if self._inode in inodes:
            following = files[inodes.index(self._inode) + 1 :]
        else:
            following = files
            self._gap = "lines may be missing: the engine rotated its log faster than it was read"
        old = self._fd
        if not following or not self._open(*following[0], 0):
            return False
        os.close(old)
        return True

    def _open(self, path: Path, inode: int, offset: int) -> bool:
        try:
            descriptor = self._at.open(path)
        except FileNotFoundError:
            return False
        if os.fstat(descriptor).st_ino != inode:  # Rotated between looking and opening: look again next time.
            os.close(descriptor)
            return False
        self._fd, self._inode, self._offset = descriptor, inode, offset
        self._head, self._rotated = 0, False
        return True

    def _files(self) -> list[tuple[Path, int]]:
        """Oldest first. Looked at until two looks are alike, for a rotation renames one after another."""
        seen = self._look()
        while (again := self._look()) != seen:
            seen = again
        return seen[::-1]

    def _look(self) -> list[tuple[Path, int]]:
        found: list[tuple[Path, int]] = []
        for number in range(1000):
            path = self._path.with_name(f"{self._path.name}.{number}") if number else self._path
            try:
                found.append((path, self._at.inode(path)))
            except FileNotFoundError:
                if number:
                    break
        return found


def _head_of(descriptor: int) -> int:
    return zlib.crc32(os.pread(descriptor, _HEAD, 0)) or 1


def _level(stream: str) -> str:
    return "err" if stream == "stderr" else "out"


def _clean(text: str) -> str:
    text = text.rstrip("\r").replace("\0", "").encode("utf-8", "replace").decode()
    return text if len(text) <= LONGEST_LINE else text[:LONGEST_LINE] + CUT_MARK
