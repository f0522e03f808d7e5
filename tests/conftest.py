"""Fixtures of every test: the cast."""

from __future__ import annotations

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
