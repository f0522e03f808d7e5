"""What a command prints: JSON as the API told it, tables, styled lines. Colours on a terminal only, and never with NO_COLOR.

Text of others is made harmless here or in `words`. Not in charge of what is said.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.words import plain

STYLES = {
    "live": "green", "pending": "yellow", "building": "yellow", "deploying": "yellow", "degraded": "yellow",
    "failed": "red", "down": "red",
}  # fmt: skip
PIPE = 10_000  # Columns of what is no terminal: nothing is cut or broken there.


def console(*, on_errors: bool = False) -> Console:
    file = sys.stderr if on_errors else sys.stdout
    made = Console(file=file, highlight=False, markup=False, emoji=False)
    if not made.is_terminal:
        made.width = PIPE
    return made


def has_colours() -> bool:
    made = console()
    return made.is_terminal and not made.no_color


def tell_json(told: Any) -> None:
    print(json.dumps(told, indent=2))


def say(text: str = "", style: str = "") -> None:
    for line in text.split("\n"):
        console().print(Text(plain(line), style=style))


def note(text: str, style: str = "") -> None:
    """Beside the answer, for people: not for what reads the output."""
    for line in text.split("\n"):
        console(on_errors=True).print(Text(plain(line), style=style))


def state(word: str) -> Text:
    return Text(plain(word), style=STYLES.get(word, "dim"))


def tell_table(names: Sequence[str], rows: Iterable[Sequence[str | Text]]) -> None:
    """The last column gives way when the terminal is narrow; those before it are never cut."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in names:
        table.add_column(name, no_wrap=True, overflow="ellipsis" if name == names[-1] else "ignore")
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else Text(plain(cell)) for cell in row))
    console().print(table)


def tell_facts(facts: Mapping[str, str | Text]) -> None:
    """Names and values; empty ones are left out."""
    grid = Table.grid(padding=(0, 2))
    for name, value in facts.items():
        if value:
            grid.add_row(Text(name, style="dim"), value if isinstance(value, Text) else Text(plain(value)))
    console().print(grid)
