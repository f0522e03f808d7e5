"""The text of an env file: what stands in its `NAME=value` lines. Bounded, because a stranger wrote it. Pure.

Not in charge of which names are variables, and of what their values are for.
"""

from __future__ import annotations

import re
from io import StringIO
from typing import NamedTuple

from dotenv.parser import parse_stream

LONGEST = 100_000
MOST_BYTES = 4 * (LONGEST + 1)  # To be read of a file, to tell whether it is longer: a character has up to four.
MOST_BLANKS = 200
BLANKS = re.compile(rf"[^\S\r\n]{{{MOST_BLANKS}}}")  # The parser's time grows with the square of such a row.


def why_unfit(text: str) -> str:
    """Why it is not read; "" for one that can be."""
    if len(text) > LONGEST:
        return f"has more than {LONGEST:,} characters"
    if found := BLANKS.search(text):
        return f"has {MOST_BLANKS} blanks in a row in line {text.count(chr(10), 0, found.start()) + 1}"
    return ""


class Line(NamedTuple):
    """What a file says of one name. `value` None: the name alone, without a value. `is_literal`: in single quotation
    marks, where no other's value is put in."""

    value: str | None
    number: int
    is_literal: bool


def lines_of(text: str) -> dict[str, str | None]:
    """Of one that is fit. None: a name alone, without a value. Nothing is put in for another's name."""
    return {name: line.value for name, line in numbered(text).items()}


def numbered(text: str) -> dict[str, Line]:
    """Of one that is fit, by their names: what each was told last."""
    found = {}
    for one in parse_stream(StringIO(text)):
        if one.key is not None:
            whole = one.original.string
            blank = len(whole) - len(whole.lstrip())
            is_literal = whole.partition("=")[2].lstrip().startswith("'")
            found[one.key] = Line(one.value, one.original.line + whole.count("\n", 0, blank), is_literal)
    return found
