"""A small read-only view of a folder that is not to be trusted: a repository.

Every path is resolved beneath the folder's top; a link that leaves it is refused. Not in charge of what files mean.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from bisect import bisect
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import suppress
from fnmatch import fnmatchcase
from functools import cached_property
from itertools import islice
from pathlib import Path, PurePosixPath

from workers.errors import UserError

MAX_TEXT_BYTES = 2 * 1024**2
MAX_ENTRIES = 100_000
MAX_DEPTH = 9  # Java has its packages as folders.
SKIPPED = frozenset({".git", "node_modules", ".venv", "venv", "__pycache__", ".tox", "site-packages"})


class Files(ABC):
    """What an analysis may ask of a folder. Paths are relative, with forward slashes."""

    @staticmethod
    def from_directory(top: Path) -> Files:
        """A folder on disk."""
        return FolderFiles(top)

    @abstractmethod
    def exists(self, path: str) -> bool:
        """Whether a regular file is there. Raises `UserError` for a path or link that leaves the folder."""

    @abstractmethod
    def head(self, path: str, size: int = 4096) -> str:
        """The first bytes of a file as UTF-8 with broken bytes replaced; "" when there is none."""

    @abstractmethod
    def names(self) -> list[str]:
        """Regular files to a depth of nine, shallow ones first; dependencies and `.git` are left out."""

    @property
    def repository(self) -> tuple[Files, str]:
        """All of the repository, and where this folder is in it; itself and "" when more is not known."""
        return self, ""

    def text(self, path: str) -> str:
        """The whole file, as `head`. Raises `UserError` beyond 2 MiB."""
        content = self.head(path, MAX_TEXT_BYTES + 1)
        if len(content) > MAX_TEXT_BYTES:
            raise UserError(
                "build:user:file-too-large",
                f"{path} is larger than 2 MiB and was not read.",
                hint="Make it smaller, or bring a Dockerfile.",
            )
        return content

    def glob(self, *patterns: str) -> list[str]:
        """Files that match a pattern segment by segment (`*/wsgi.py`; there is no `**`), shallow ones first."""
        wanted = [pattern.split("/") for pattern in patterns]
        names, deepest = self.names(), max(map(len, wanted), default=0) - 1
        near = names[: bisect(names, deepest, key=_depth)]  # Most files are deeper.
        return [name for name in near if any(_matches(name, parts) for parts in wanted)]

    def first(self, *paths: str) -> str:
        """The first of these paths that exists, or ""."""
        return next((path for path in paths if self.exists(path)), "")


class MemoryFiles(Files):
    """A folder told as name -> text."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = dict(texts)

    def exists(self, path: str) -> bool:
        return str(beneath(path)) in self._texts

    def head(self, path: str, size: int = 4096) -> str:
        return self._texts.get(str(beneath(path)), "")[:size]

    def names(self) -> list[str]:
        return sorted(self._texts, key=shallow_first)


class FilesBeneath(Files):
    """A folder of another view."""

    def __init__(self, files: Files, folder: str) -> None:
        self._files = files
        self._begin = f"{beneath(folder.strip('/'))}/".removeprefix("./")
        if not self.names():
            raise UserError(
                "build:user:root-directory-missing",
                f"The repository has no folder {folder!r} with files in it.",
                hint="Correct root_directory in slipway.toml.",
            )

    def exists(self, path: str) -> bool:
        return self._files.exists(f"{self._begin}{beneath(path)}")

    def head(self, path: str, size: int = 4096) -> str:
        return self._files.head(f"{self._begin}{beneath(path)}", size)

    def names(self) -> list[str]:
        found = (name for name in self._files.names() if name.startswith(self._begin))
        return [name.removeprefix(self._begin) for name in found]

    @property
    def repository(self) -> tuple[Files, str]:
        outer, folder = self._files.repository
        return outer, f"{folder}/{self._begin}".strip("/")


class FolderFiles(Files):
    """A folder on disk. `repository` is the one that it is a part of."""

    def __init__(self, top: Path, repository: Path | None = None) -> None:
        self._top = top.resolve()
        self._repository = repository.resolve() if repository else self._top

    @property
    def repository(self) -> tuple[Files, str]:
        if self._repository == self._top:
            return self, ""
        return FolderFiles(self._repository), self._top.relative_to(self._repository).as_posix()

    def exists(self, path: str) -> bool:
        return self._found(path) is not None

    def head(self, path: str, size: int = 4096) -> str:
        found = self._found(path)
        if found is None:
            return ""
        with found.open("rb") as file:
            return file.read(size).decode("utf-8", errors="replace")

    def names(self) -> list[str]:
        return self._names

    @cached_property
    def _names(self) -> list[str]:
        return sorted(islice(_walk(self._top), MAX_ENTRIES), key=shallow_first)

    @cached_property
    def _first_names(self) -> set[str]:
        with suppress(OSError):  # As in `_walk`.
            return {entry.name for entry in self._top.iterdir()}
        return set()

    def _found(self, path: str) -> Path | None:
        pure = beneath(path)
        if len(pure.parts) == 1 and pure.name not in self._first_names:
            return None  # Most of what is asked for: to resolve a path takes far longer.
        try:
            found = (self._top / pure).resolve()
        except (OSError, RuntimeError) as error:  # A loop of links, or a name that is too long.
            raise leaves(path) from error
        if not found.is_relative_to(self._top):
            raise leaves(path)
        return found if found.is_file() else None


def _walk(top: Path) -> Iterator[str]:
    """Regular files, told from the top; shallow ones first, so that many deep ones hide none that matters."""
    waiting = deque([""])
    while waiting:
        begin = waiting.popleft()
        is_deepest = _depth(begin) >= MAX_DEPTH - 1
        with suppress(OSError), os.scandir(top / begin) as entries:  # A folder that cannot be read has no files for us.
            for entry in entries:
                if entry.is_file(follow_symlinks=False):
                    yield begin + entry.name
                elif not is_deepest and entry.name not in SKIPPED and entry.is_dir(follow_symlinks=False):
                    waiting.append(f"{begin}{entry.name}/")


def _matches(name: str, wanted: list[str]) -> bool:
    parts = name.split("/")
    return len(parts) == len(wanted) and all(map(fnmatchcase, parts, wanted))


def _depth(name: str) -> int:
    return name.count("/")


def shallow_first(name: str) -> tuple[int, str]:
    return _depth(name), name


def beneath(path: str) -> PurePosixPath:
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or "\0" in path:
        raise leaves(path)
    return pure


def leaves(path: str) -> UserError:
    return UserError(
        "build:user:path-leaves-folder",
        f"{path!r} points outside of the service's root directory.",
        hint="Use a path inside the root directory, and replace links that leave it by the files themselves.",
    )
