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
    "failed": "red", "down": "red", "running": "green", "not healthy": "red",
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


def tell_text(text: str) -> None:
    """Lines of a file, never broken."""
    for line in text.splitlines():
        print(plain(line))


def note(text: str, style: str = "") -> None:
    """Beside the answer, for people: not for what reads the output."""
    for line in text.split("\n"):
        console(on_errors=True).print(Text(plain(line), style=style))


def state(word: str) -> Text:
    return Text(plain(word), style=STYLES.get(word, "dim"))


def tell_table(names: Sequence[str], rows: Iterable[Sequence[str | Text]]) -> None:
    """Columns as wide as what stands in them; what is too much for the terminal is cut at its edge."""
    lines = [[Text(name, style="bold") for name in names], *([_cell(cell) for cell in row] for row in rows)]
    widths = [max(line[at].cell_len for line in lines) for at in range(len(names) - 1)]
    for line in lines:
        for cell, width in zip(line[:-1], widths, strict=True):
            cell.pad_right(width - cell.cell_len)
        console().print(Text("  ").join(line), no_wrap=True, overflow="ellipsis")


def _cell(told: str | Text) -> Text:
    return told if isinstance(told, Text) else Text(plain(told))


def tell_facts(facts: Mapping[str, str | Text]) -> None:
    """Names and values; empty ones are left out."""
    grid = Table.grid(padding=(0, 2))
    for name, value in facts.items():
        if value:
            grid.add_row(Text(name, style="dim"), _cell(value))
    console().print(grid)
