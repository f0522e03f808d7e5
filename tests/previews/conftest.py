"""Fixtures of every test of previews."""

from __future__ import annotations

from tests.previews.pulls import pulls, repository

__all__ = ["pulls", "repository"]
