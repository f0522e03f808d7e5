"""What the API tells of a log, and how it is asked for."""

from __future__ import annotations

from typing import Literal

from ninja import Schema
from pydantic import Field


class LineOut(Schema):
    seq: int
    at: str = Field(examples=["2026-11-21T08:00:00+00:00"])
    source: str = Field(examples=["build"])
    level: str = Field(examples=["out"])
    kind: str = Field(description="line, command, step, error or gap", examples=["line"])
    text: str = Field(examples=["Successfully installed flask-3.1.0"])


class LogOut(Schema):
    """Consecutive lines. Ask again with `after=next_after` for what comes later."""

    lines: list[LineOut]
    next_after: int
    last_seq: int = Field(description="The newest line that there is.")


class LogQuery(Schema):
    after: int = Field(default=0, ge=0, le=2**62, description="Lines numbered above this.")
    limit: int = Field(default=1000, ge=1, le=5000)
    tail: int | None = Field(default=None, ge=1, le=5000, description="Instead of `after`: the newest so many.")
    format: Literal["json", "text"] = "json"
