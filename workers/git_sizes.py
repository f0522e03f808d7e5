"""How much may come of a repository, counted while it comes. Not in charge of starting git."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from workers.errors import UserError

MAX_REPOSITORY_BYTES = 4 * 1024**3
MAX_TREE_BYTES = 4 * 1024**3
MAX_TREE_ENTRIES = 500_000
MAX_OBJECT_FILES = 100

Check = Callable[[], None]


def is_overgrown(git_dir: Path) -> bool:
    """Every fetch adds objects and nothing else removes them; fetching afresh is cheaper than `git gc`.

    Like git's own `gc.auto`, guesses from one of 256 folders how many loose objects there are.
    """
    loose, packs = git_dir / "objects" / "17", git_dir / "objects" / "pack"
    return any(folder.is_dir() and sum(1 for _ in folder.iterdir()) > MAX_OBJECT_FILES for folder in (loose, packs))


def size_watch(git_dir: Path, check: Check | None) -> Check:
    """To be called often while something is fetched: asks `check`, and raises when it becomes too much."""
    measured_at = time.monotonic()

    def watch() -> None:
        nonlocal measured_at
        if check is not None:
            check()
        if time.monotonic() - measured_at > 1:
            if _size(git_dir / "objects") > MAX_REPOSITORY_BYTES:
                raise _too_large("The repository's latest commit")
            measured_at = time.monotonic()

    return watch


def _size(folder: Path) -> int:
    """Bytes of the files beneath, those that vanish meanwhile left out."""
    total = 0
    for top, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(top) / name).lstat().st_size
            except FileNotFoundError:
                continue
    return total


def tree_watch() -> Callable[[str, str], None]:
    """Is given the lines of `list_tree_argv`, and raises when they become too many or too large."""
    entries = size = 0

    def on_line(text: str, level: str) -> None:
        nonlocal entries, size
        entries += 1
        kind, _, number = text.partition(" ")
        size += int(number) if kind == "blob" and number.isdigit() else 0
        if entries > MAX_TREE_ENTRIES or size > MAX_TREE_BYTES:
            raise _too_large("The checkout")

    return on_line


def _too_large(what: str) -> UserError:
    return UserError(
        "source:user:repository-too-large",
        f"{what} is larger than {MAX_TREE_BYTES // 1024**3} GB or has more than {MAX_TREE_ENTRIES:,} files.",
        hint="Keep large files out of the repository, for example in an object store.",
    )
