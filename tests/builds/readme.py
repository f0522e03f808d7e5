"""The README's table of what was really built and run: docs/builds.md, one line a language. Text in, text out."""

from __future__ import annotations

import re
from collections.abc import Iterable

BEGIN, END = "<!-- by make test-builds -->", "<!-- /by make test-builds -->"
HEAD = "| language | with | run on | cold s | warm s | MB |\n|---|---|---|---|---|---|\n"
BETWEEN = re.compile(f"{re.escape(BEGIN)}\n.*?{re.escape(END)}", re.DOTALL)
ROW = re.compile(
    r"^\| (.+) \| (.*) \| (\S+) \| (?:slipway/base-)?(\S*) \| ([\d.]+) \| ([\d.]+) \| (\d+) \|$", re.MULTILINE
)


def with_builds(readme: str, page: str) -> str:
    """The README with the table of what the page of builds tells. It must have the place for it."""
    found, count = BETWEEN.subn(lambda _: f"{BEGIN}\n{summary(page)}{END}", readme)
    assert count == 1, f"README.md lacks {BEGIN}"
    return found


def summary(page: str) -> str:
    rows = [match.groups() for match in ROW.finditer(page)]
    languages = sorted({row[0] for row in rows}, key=str.lower)
    return HEAD + "".join(_line(name, [row for row in rows if row[0] == name]) for name in languages)


def _line(language: str, rows: list[tuple[str, ...]]) -> str:
    """Several samples: their least and most."""
    _, frameworks, _, bases, *figures = zip(*rows, strict=True)
    names = _each(framework.partition(",")[0] for framework in frameworks)
    cells = [language, names, _each(bases), *(_range(column) for column in figures)]
    return f"| {' | '.join(cells)} |\n"


def _each(names: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(filter(None, names)))


def _range(column: Iterable[str]) -> str:
    ordered = sorted(column, key=float)
    return " to ".join(dict.fromkeys((ordered[0], ordered[-1])))
