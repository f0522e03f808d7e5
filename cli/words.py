"""Words for people: times, sizes, and text of others that cannot harm a terminal. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

COLOUR = re.compile(r"\x1b\[[0-9;:]*m")
# CSI sequences, OSC up to its end, other two-character escapes; control codes but the tab; what turns text around.
HARMFUL = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[@-Z\\-_]"
    r"|[\x00-\x08\x0a-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]"
)


def plain(text: str, *, with_colours: bool = False) -> str:
    """One line without what steers a terminal; of a progress line its last state."""
    if text.isprintable():
        return text
    shown = text.rstrip("\r").rpartition("\r")[2]
    return HARMFUL.sub(lambda found: found[0] if with_colours and COLOUR.fullmatch(found[0]) else "", shown)


def took(seconds: float | None) -> str:
    """`0.07 s`, `24.3 s`, `1 min 2 s`, `3 h 4 min`, as the dashboard says it."""
    if seconds is None:
        return ""
    if seconds < 60:
        return f"{seconds:.2f} s" if seconds < 1 else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"


def ago(moment: str | None, now: datetime | None = None) -> str:
    """`12 min ago` of a moment in ISO form; after two months its day."""
    if not moment:
        return ""
    then = datetime.fromisoformat(moment)
    seconds = max(0.0, ((now or datetime.now(UTC)) - then).total_seconds())
    for limit, size, unit in ((60, 1, "s"), (3600, 60, "min"), (86400, 3600, "h"), (86400 * 60, 86400, "d")):
        if seconds < limit:
            return f"{int(seconds // size)} {unit} ago"
    return f"{then:%Y-%m-%d}"


def clock(moment: str) -> str:
    """`12:34:56` where the reader is; as wide for what has no time: a gap."""
    return f"{datetime.fromisoformat(moment).astimezone():%H:%M:%S}" if moment else " " * 8


def megabytes(size: int | None) -> str:
    return "" if size is None else f"{size / 2**20:.0f} MB"


def short(commit: str | None) -> str:
    return (commit or "")[:7]


def sentence(*parts: Any) -> str:
    """What there is to say, with commas between."""
    return ", ".join(str(part) for part in parts if part)
