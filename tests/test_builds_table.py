"""The README's table of builds, against the page that the run of all samples writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builds.readme import BEGIN, END, HEAD, summary, with_builds
from tests.builds.table import Row, written

ROOT = Path(__file__).parents[1]
ROWS = [
    Row("Node", "Vite", "vite", "slipway/base-python:1", 10.94, 3.1, 127),
    Row("Node", "npm, Nx", "nx", "node:24", 2.0, 9.9, 305),
    Row("Node", "npm", "npm", "node:24", 20.0, 0.8, 220),
    Row("Go", "", "go", "", 5.0, 3.0, 85),
]


def test_it_tells_the_least_and_the_most_of_each_language() -> None:
    assert summary(written("", ROWS)) == HEAD + (
        "| Go |  |  | 5.0 | 3.0 | 85 |\n"
        "| Node | npm, Vite | node:24, python:1 | 2.0 to 20.0 | 0.8 to 9.9 | 127 to 305 |\n"
    )


def test_it_replaces_its_own_part_of_the_readme_alone() -> None:
    once = with_builds(f"a\n{BEGIN}\nold\n{END}\nb\n", written("", ROWS))
    assert once == f"a\n{BEGIN}\n{summary(written('', ROWS))}{END}\nb\n"
    assert with_builds(once, written("", ROWS)) == once
    with pytest.raises(AssertionError):
        with_builds("no place", "")


def test_the_readme_tells_what_the_page_tells() -> None:
    readme, page = (ROOT / "README.md").read_text(), (ROOT / "docs/builds.md").read_text()
    assert with_builds(readme, page) == readme
