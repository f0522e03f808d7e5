"""Patterns of folders, as workspaces list their packages. They are a stranger's: no time is lost on cunning ones."""

from __future__ import annotations

from fnmatch import fnmatchcase


def belongs(folder: str, patterns: tuple[str, ...]) -> bool:
    wanted = [pattern for pattern in patterns if not pattern.startswith("!")]
    unwanted = [pattern[1:] for pattern in patterns if pattern.startswith("!")]
    return any(_matches(folder, p) for p in wanted) and not any(_matches(folder, p) for p in unwanted)


def _matches(folder: str, pattern: str) -> bool:
    """`*` is within a folder's name, `**` any number of folders. Reads the folder once."""
    wanted = pattern.removeprefix("./").strip("/").split("/")
    here = _after_any(wanted, {0})  # How much of the pattern may be used up by what was read of the folder.
    for name in folder.split("/"):
        further = {at + 1 for at in here if at < len(wanted) and wanted[at] != "**" and fnmatchcase(name, wanted[at])}
        here = _after_any(wanted, further | {at for at in here if at < len(wanted) and wanted[at] == "**"})
    return len(wanted) in here


def _after_any(wanted: list[str], here: set[int]) -> set[int]:
    """Also the places that are reached when a `**` stands for no folder."""
    for at, part in enumerate(wanted):
        if part == "**" and at in here:
            here.add(at + 1)
    return here
