"""Fixtures of every test of webhooks."""

from __future__ import annotations

from tests.webhooks.deliveries import app, repository, service

__all__ = ["app", "repository", "service"]
