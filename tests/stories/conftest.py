"""What the stories share: one running Slipway, git on loopback, and a Chromium for each file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.stories.chromium import Chromium
from tests.stories.git_server import GitServer
from tests.stories.slipway import Slipway

expect.set_options(timeout=30_000)  # Five seconds are little where builds run beside the browser.


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


@pytest.fixture(scope="module")
def chromiums() -> Iterator[Chromium]:
    """No longer than a file: Playwright's loop in the test's thread is in the way of other tests."""
    with pytest.MonkeyPatch.context() as patched, sync_playwright() as playwright:
        patched.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        found = Chromium(playwright)
        yield found
        found.close()


@pytest.fixture
def chromium(chromiums: Chromium) -> Iterator[Browser]:
    """Without anything that the test before left open."""
    yield chromiums.browser
    chromiums.clear()
