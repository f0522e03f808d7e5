"""The slip as text: a line for each step, its bar as wide as the time it took. Pure."""

from __future__ import annotations

import math
from typing import Any

from cli.words import plain, took

WIDEST = 40
FINISHED = ("failed", "cancelled", "superseded")
# Of a step's status: the mark before it, its style, and the word in place of a time.
LOOKS = {
    "running": ("▸", "yellow", "running"),
    "succeeded": ("✓", "green", ""),
    "skipped": ("-", "dim", "skipped"),
    "failed": ("✗", "red", ""),
    "stopped": ("■", "dim", "stopped"),
}

Styled = tuple[str, str]  # A line, and its style.


def slip_of(deployment: dict[str, Any]) -> list[Styled]:
    """All steps in order: what happened, what goes on, what was not reached. `deployment` is the API's detail."""
    left = "not reached" if deployment["status"] in FINISHED else "to come"
    lines = [_line(step) for step in deployment["steps"]]
    return lines + [(f"· {plain(name):<8} {left:>12}", "dim") for name in deployment["steps_left"]]


def _line(step: dict[str, Any]) -> Styled:
    mark, style, word = LOOKS.get(step["status"], ("?", "", plain(step["status"])))
    seconds = step["duration_seconds"]
    bar = "█" * _width(seconds) if seconds is not None and step["status"] != "running" else ""
    return f"{mark} {plain(step['name']):<8} {word or took(seconds):>12}  {bar}".rstrip(), style


def _width(seconds: float) -> int:
    """Grows with the time but not in step with it, so that a short step stays readable beside a long one."""
    return max(1, min(WIDEST, math.ceil(math.sqrt(max(0.0, seconds)) * 4)))
