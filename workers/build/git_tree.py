"""A repository's files told as a git tree, each read when it is asked for: nothing is cloned. Not in charge of asking."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

from workers.build.fetch import root_directory_missing, root_directory_outside
from workers.build.files import (
    MAX_ENTRIES,
    MAX_TEXT_BYTES,
    Files,
    beneath,
    leaves,
    shallow_first,
)
from workers.build.roots import is_near, roots_among

MAX_LINKS = 20  # One after the other; a loop of links ends here.
MODES = {"120000": "link", "040000": "folder", "160000": "module"}  # git-ls-tree(1); all others are files.


@dataclass(frozen=True)
class Entry:
    """`kind` is `file`, `link`, `folder` or `module`. `size` in bytes, 0 when it was not told."""

    kind: str
    sha: str
    size: int = 0

    @classmethod
    def of(cls, mode: str, sha: str, size: int | None) -> Entry:
        return cls(MODES.get(mode, "file"), sha, size or 0)


Entries = Mapping[str, Entry]


class TreeFiles(Files):
    """A folder of what a tree's entries tell, the top by default. `read` gives the bytes of one of them."""

    def __init__(self, entries: Entries, read: Callable[[Entry], bytes], folder: str = "") -> None:
        self._entries = rooted(entries, folder)
        self._whole = entries
        self._read = read
        self._folder = "" if self._entries is entries else str(PurePosixPath(folder.strip().strip("/")))
        self._texts: dict[str, str] = {}

    def exists(self, path: str) -> bool:
        return self._found(path) is not None

    def head(self, path: str, size: int = 4096) -> str:
        """What is too large for `text` is not read at all: its size alone says so."""
        found = self._found(path)
        if found is None:
            return ""
        if found.size > MAX_TEXT_BYTES:
            return " " * min(size, found.size)
        if found.sha not in self._texts:
            self._texts[found.sha] = self._read(found).decode("utf-8", errors="replace")
        return self._texts[found.sha][:size]

    def names(self) -> list[str]:
        return self._names

    @property
    def repository(self) -> tuple[Files, str]:
        return TreeFiles(self._whole, self._read), self._folder

    @cached_property
    def _names(self) -> list[str]:
        found = (name for name, entry in self._entries.items() if entry.kind == "file" and is_near(name))
        return sorted(found, key=shallow_first)[:MAX_ENTRIES]

    def _found(self, path: str) -> Entry | None:
        """The regular file at a path, links followed beneath the top."""
        parts, here, links = list(beneath(path).parts), list[str](), 0
        entry = None
        while parts:
            here.append(parts.pop(0))
            if here[-1] == "..":  # Of a link's target only.
                del here[-2:]
                continue
            entry = self._entries.get("/".join(here))
            if entry is None:
                return None
            if entry.kind == "link":
                links += 1
                here.pop()
                parts[:0] = self._target(entry, path, links, len(here))
        return entry if entry is not None and entry.kind == "file" else None

    def _target(self, link: Entry, path: str, links: int, depth: int) -> tuple[str, ...]:
        """Where a link leads from its folder, which is `depth` beneath the top and is not left above it."""
        target = PurePosixPath(self._read(link).decode("utf-8", errors="replace"))
        for part in target.parts:
            depth += -1 if part == ".." else 1
            if depth < 0:
                raise leaves(path)
        if links > MAX_LINKS or target.is_absolute():
            raise leaves(path)
        return target.parts


def rooted(entries: Entries, name: str) -> Entries:
    """What stands beneath a folder, told from there. As `workers.build.fetch.root_directory` has it for a checkout."""
    clean = name.strip().strip("/")
    if clean in ("", "."):
        return entries
    path = PurePosixPath(clean)
    if ".." in path.parts:
        raise root_directory_outside(name)
    found = entries.get(str(path))
    if found is None or found.kind != "folder":
        raise root_directory_missing(name, [n for n, e in entries.items() if e.kind == "folder" and "/" not in n])
    begin = f"{path}/"
    return {n.removeprefix(begin): entry for n, entry in entries.items() if n.startswith(begin)}


def root_choices(entries: Entries, most: int = 30) -> list[str]:
    """Folders that hold something which can be deployed, "" for the top; shallow ones first."""
    return roots_among((name for name, entry in entries.items() if entry.kind == "file"), most)
