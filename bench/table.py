"""Figures and the table that shows them. Pure: not in charge of measuring anything."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

HEAD = ("what", "value", "against", "difference", "aim", "how it was measured")


@dataclass(frozen=True)
class Figure:
    """One row, each cell as it is shown. `is_met` None: there is no aim to hold it against."""

    what: str
    value: str
    how: str
    against: str = ""
    difference: str = ""
    aim: str = ""
    is_met: bool | None = None

    def cells(self) -> tuple[str, ...]:
        verdict = {True: "met", False: "MISSED", None: ""}[self.is_met]
        aim = f"{self.aim}: {verdict}" if verdict else self.aim
        return tuple(c or "-" for c in (self.what, self.value, self.against, self.difference, aim, self.how))


def markdown(figures: Iterable[Figure]) -> str:
    """A table of Markdown that is aligned, so that it reads as well in a terminal."""
    rows = [HEAD, *(figure.cells() for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    lines = [_line([cell.ljust(width) for cell, width in zip(row, widths, strict=True)]) for row in rows]
    lines.insert(1, _line(["-" * width for width in widths]))
    return "\n".join(lines) + "\n"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def seconds(value: float) -> str:
    """`1.23 s`; milliseconds below a tenth of a second."""
    return f"{value * 1000:.0f} ms" if abs(value) < 0.1 else f"{value:.2f} s"


def more(value: float, against: float) -> str:
    """How much longer than `against`, and how many times as long."""
    sign = "+" if value >= against else "-"
    return f"{sign} {seconds(abs(value - against))}, x {value / against:.2f}"


def spread(values: Sequence[float]) -> str:
    """The least and the most: what a median leaves out."""
    return f"{seconds(min(values))} to {seconds(max(values))}"


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that at least `percent` of the values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(percent / 100 * len(ordered)) - 1)]


def middle(values: Sequence[float]) -> int:
    """The index of the median run (the lower one of an even number), so that its steps can be told too."""
    order = sorted(range(len(values)), key=values.__getitem__)
    return order[(len(values) - 1) // 2]


def in_steps(steps: dict[str, float], total: float) -> str:
    """`fetch 50 ms, build 0.30 s, between them 20 ms`: what no step accounts for is told as well."""
    told = [f"{name} {seconds(value)}" for name, value in steps.items()]
    return ", ".join([*told, f"between them {seconds(total - sum(steps.values()))}"])


def document(figures: Sequence[Figure], machine: str) -> str:
    """The page of figures: where they were taken, and the table."""
    missed = [figure.what for figure in figures if figure.is_met is False]
    verdict = f"Aims that were missed: {', '.join(missed)}." if missed else "Every aim was met."
    return (
        "# Figures\n\nTaken by `make bench`, all in one run on one machine: compare the columns of a row, not rows of "
        f"different machines.\nMachine: {machine}.\n\n{verdict}\n\n{markdown(figures)}"
    )
