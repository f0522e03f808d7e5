"""A command as people read it in a log. Not what is run, and not what a step keeps of it: that is whole."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

FOLDED = {
    "--label", "--secret", "--progress", "--tag", "--cgroup-parent",
    "--git-dir", "--work-tree", "--no-tags", "--no-write-fetch-head", "--no-auto-gc", "--no-recurse-submodules", "--quiet",
}  # fmt: skip
ENDS = ("--", "--end-of-options")


def readable(argv: Sequence[str]) -> str:
    """Without what is the same for every build, which is counted, and with the last part of the machine's own paths."""
    program, *rest = [part for part in argv if part not in ENDS]
    shown = [part for part in rest if part.partition("=")[0] not in FOLDED]
    text = shlex.join([Path(program).name, *map(_short, shown)])
    folded = len(rest) - len(shown)
    return f"{text} … ({folded} option{'' if folded == 1 else 's'})" if folded else text


def _short(part: str) -> str:
    option, _, value = part.partition("=") if part.startswith("--file=") else ("", "", part)
    if not value.startswith("/"):
        return part
    return f"{option}={Path(value).name}" if option else Path(value).name
