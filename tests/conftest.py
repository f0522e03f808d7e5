"""Fixtures of every test: the cast. And the order of files."""

from __future__ import annotations

import pytest

from tests.apps.cast import alice, bob, charlie, dora, host, make_service, quick_passwords, shop
from tests.github.plugin import github, github_server

__all__ = [
    "alice",
    "bob",
    "charlie",
    "dora",
    "github",
    "github_server",
    "host",
    "make_service",
    "quick_passwords",
    "shop",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that take longest come first, so that of two workers none waits long for the other's last one."""
    long = {item.path for item in items if "stories" in item.path.parts or item.get_closest_marker("docker")}
    items.sort(key=lambda item: item.path not in long)
