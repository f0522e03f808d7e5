"""Globs of a repository's files: which of them a service watches. Pure.

`*` and `?` stay within a folder, `**` crosses folders, `[ab]` is one of them, a backslash takes a sign's meaning away;
`!` in front takes files away. The last pattern that matches decides. Paths are from the top of the repository, as in
GitHub's workflow filters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache


def patterns_of(root_directory: str, watch_paths: str, also: Iterable[str] = ()) -> list[str]:
    """The patterns of a service, in order; none: every push counts.

    Files beneath the root directory, and those of `also`, are watched unless a pattern takes them away. Patterns that only
    take away take away from everything.
    """
    files = [_literal(name) for name in also]
    told = [line.strip() for line in watch_paths.splitlines() if line.strip() and not line.strip().startswith("#")]
    root = root_directory.strip().strip("/")
    if root and root != ".":
        return [f"{_literal(root.removeprefix('./'))}/**", *files, *told]
    if told and all(line.startswith("!") for line in told):
        return ["**", *told]
    return [*files, *told] if told else []


def is_watched(path: str, patterns: list[str]) -> bool:
    watched = False
    for pattern in patterns:
        takes_away = pattern.startswith("!")
        if _compiled(pattern.removeprefix("!").strip()).fullmatch(path):
            watched = not takes_away
    return watched


def _literal(name: str) -> str:
    """A folder's name as a pattern that matches nothing else."""
    return re.sub(r"([*?\[\]\\])", r"\\\1", name)


STAR = "[^/]*"


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    text = pattern.strip("/") + ("/**" if pattern.endswith("/") else "")
    beneath = "" if re.search(r"[*?\[]", text) else "(?:/.*)?"  # A plain name is a file or a whole folder.
    return re.compile(_joined(_parts(text)) + beneath, re.DOTALL)


def _joined(parts: list[str]) -> str:
    """What follows a `*` up to the next one is bound to its first place: else many stars try every way for hours."""
    stars = [at for at, part in enumerate(parts) if part == STAR]
    if not stars:
        return "".join(parts)
    found = "".join(parts[: stars[0]])
    for at, end in zip(stars, [*stars[1:], None], strict=True):
        fixed = "".join(parts[at + 1 : end])
        found += f"{STAR}{fixed}" if end is None or not fixed else f"(?>{STAR}?{fixed})"
    return found


def _parts(text: str) -> list[str]:
    found = []
    at = 0
    while at < len(text):
        part = re.match(r"\\.|\*\*/|\*+|\?|\[[^\]]+\]|.", text[at:], re.DOTALL)
        assert part is not None
        found.append(_regex(part[0]))
        at += part.end()
    return found


def _regex(part: str) -> str:
    if part.startswith("\\") and len(part) == 2:
        return re.escape(part[1])
    if part == "**/":
        return "(?:[^/]+/)*"
    if part.startswith("**"):
        return ".*"
    if part == "*":
        return STAR
    if part == "?":
        return "[^/]"
    if part.startswith("[") and len(part) > 2:
        inner = part[1:-1]
        negated = "^" if inner[0] in "!^" and len(inner) > 1 else ""
        return f"[{negated}{re.escape(inner[len(negated) :]).replace(chr(92) + '-', '-')}]"
    return re.escape(part)
