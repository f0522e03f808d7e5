"""Packages of the distribution that a language's own packages need. Data only; each language has its table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Libraries:
    """`run` beside the app, `build` while it is installed, and why, for people."""

    run: tuple[str, ...]
    build: tuple[str, ...]
    reasons: tuple[str, ...]
