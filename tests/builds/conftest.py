"""One running Slipway for all samples, git on loopback, and the tables of what was built."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.builds.readme import with_builds
from tests.builds.table import Row, written
from tests.stories.conftest import git, slipway

__all__ = ["git", "slipway", "table"]
ROOT = Path(__file__).parents[2]
TABLE, README = ROOT / "docs" / "builds.md", ROOT / "README.md"


@pytest.fixture(scope="session")
def table() -> Callable[[Row], None]:
    """Takes rows as they are found. One takes the place of an older one of the same sample."""

    def add(row: Row) -> None:
        TABLE.write_text(written(TABLE.read_text() if TABLE.exists() else "", [row]))
        README.write_text(with_builds(README.read_text(), TABLE.read_text()))

    return add
