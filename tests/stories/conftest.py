"""What the stories share: one running Slipway, and git on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stories.git_server import GitServer
from tests.stories.slipway import Slipway


@pytest.fixture(scope="session")
def slipway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slipway]:
    found = Slipway(tmp_path_factory.mktemp("slipway"))
    try:
        found.up()
        found.sign_in()
        yield found
    finally:
        found.command("reset", check=False, FORCE="1")


@pytest.fixture(scope="session")
def git(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitServer]:
    with GitServer(Path(tmp_path_factory.mktemp("git"))) as server:
        yield server
