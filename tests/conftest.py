"""Fixtures of every test: the cast."""

from __future__ import annotations

from tests.apps.cast import alice, bob, charlie, dora, host, make_service, quick_passwords, shop

__all__ = ["alice", "bob", "charlie", "dora", "host", "make_service", "quick_passwords", "shop"]
