"""What a log line says, apart from how it was written: plain text, and how serious it is. Pure.

Escape sequences go, of a link its text stays, and of a progress line its last state. Not in charge of colours
(`logcolours`).
"""

from __future__ import annotations

import re

# ECMA-48: CSI sequences, OSC up to its end (BEL or ST), other two-character escapes; then what is left of control codes.
ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[@-Z\\-_]|[\x00-\x08\x0b-\x1f\x7f]"
)


LEVELS = ("error", "warn", "info", "debug", "plain")
_WORDS = {
    "error": "error err fatal critical crit alert emerg emergency panic severe",
    "warn": "warn warning",
    "info": "info information notice",
    "debug": "debug trace verbose",
}
LEVEL_OF_WORD = {word: level for level, words in _WORDS.items() for word in words.split()}
_ANY = "|".join(sorted(LEVEL_OF_WORD, key=len, reverse=True))
# A key of JSON or logfmt; a word in capitals near the beginning; a word that begins the line or stands in brackets.
KEYED = re.compile(
    rf'["\']?\b(?:level|severity|lvl|levelname|loglevel|log\.level)["\']?\s*[:=]\s*["\']?(?:({_ANY})\b|(\d0)\b)', re.I
)
CAPITALS = re.compile(rf"\b({_ANY.upper()})\b")
LEADING = re.compile(rf"(?:^[\W\d_]{{0,40}}|\[)({_ANY})(?:\[\w*\])?\s*[\]:!]", re.I)
RAISED = re.compile(r"^(?:Traceback \(most recent call last\)|(?:[\w.]+\.)?[A-Z]\w*(?:Error|Exception)\b:?)")
LOOK_AT = 300  # Characters: whoever names a level does so early.


def plain(text: str) -> str:
    """`"\\x1b[31m10 %\\r20 %"` -> `"20 %"`."""
    if text.isprintable():
        return text
    shown = text.rstrip("\r").rpartition("\r")[2]
    return ESCAPES.sub("", shown)


def severity_of(text: str, kind: str = "line") -> str:
    """One of LEVELS, from what the line says of itself. Standard error alone is no error: many write everything there."""
    if kind == "error":
        return "error"
    if kind != "line":
        return "plain"
    head = plain(text[:LOOK_AT])
    found = KEYED.search(head)
    if found:
        return LEVEL_OF_WORD[found[1].lower()] if found[1] else _of_number(int(found[2]))
    found = CAPITALS.search(head) or LEADING.search(head)
    if found:
        return LEVEL_OF_WORD[found[1].lower()]
    return "error" if RAISED.match(head) else "plain"


def _of_number(number: int) -> str:
    """As pino and bunyan number them: 20 debug, 30 info, 40 warn, 50 error."""
    return "debug" if number < 30 else "info" if number < 40 else "warn" if number < 50 else "error"
