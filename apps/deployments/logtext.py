"""Log lines as a page shows them: plain text. Escape sequences go, and of a progress line only its last state stays."""

from __future__ import annotations

import re

from apps.deployments import logs
from apps.deployments.models import LogStream

# ECMA-48: CSI sequences, OSC up to its end (BEL or ST), other two-character escapes; then what is left of control codes.
ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[@-Z\\-_]|[\x00-\x08\x0b-\x1f\x7f]"
)

FIRST_VIEW = 500


def plain(text: str) -> str:
    """`"\\x1b[31m10 %\\r20 %"` -> `"20 %"`."""
    shown = text.rstrip("\r").rpartition("\r")[2]
    return ESCAPES.sub("", shown)


def first_view(stream: LogStream | None, before: int | None = None) -> list[logs.Line]:
    """The newest lines, or those numbered below `before`."""
    if stream is None:
        return []
    if before is None:
        return logs.tail(stream, FIRST_VIEW)
    after = max(0, before - FIRST_VIEW - 1)
    return [line for line in logs.read_stored(stream, after, limit=FIRST_VIEW) if line.seq < before]
