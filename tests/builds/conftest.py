"""One running Slipway for all samples, git on loopback, and the table of what was built."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builds.table import Row, written
from tests.stories.conftest import git, slipway

__all__ = ["git", "slipway", "table"]
TABLE = Path(__file__).parents[2] / "docs" / "builds.md"


@pytest.fixture(scope="session")
def table() -> Iterator[list[Row]]:
    """Rows that tests add to. Those of this run take the place of older ones of the same sample."""
    rows: list[Row] = []
    yield rows
    if rows:
        TABLE.write_text(written(TABLE.read_text() if TABLE.exists() else "", rows))
