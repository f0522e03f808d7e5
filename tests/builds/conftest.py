"""One running Slipway for all samples, git on loopback, and the table of what was built."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.builds.table import Row, written
from tests.stories.conftest import git, slipway

__all__ = ["git", "slipway", "table"]
TABLE = Path(__file__).parents[2] / "docs" / "builds.md"


@pytest.fixture(scope="session")
def table() -> Callable[[Row], None]:
    """Takes rows as they are found. One takes the place of an older one of the same sample."""

    def add(row: Row) -> None:
        TABLE.write_text(written(TABLE.read_text() if TABLE.exists() else "", [row]))

    return add
