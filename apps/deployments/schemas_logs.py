"""What the API tells of a log, and how it is asked for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from ninja import Schema
from pydantic import Field

from apps.deployments.logfilter import Filter
from apps.projects.schemas import EnvironmentName

Severity = Literal["error", "warn", "info", "debug", "plain"]


class LineOut(Schema):
    seq: int
    at: str = Field(examples=["2026-11-21T08:00:00+00:00"])
    source: str = Field(examples=["build"])
    level: str = Field(description="Where it was written: out or err.", examples=["out"])
    kind: str = Field(description="line, command, step, error or gap", examples=["line"])
    severity: str = Field(description="What the line says of itself; plain if nothing.", examples=["info"])
    text: str = Field(examples=["Successfully installed flask-3.1.0"])


class LogOut(Schema):
    """Consecutive lines. Ask again with `after=next_after` for what comes later."""

    lines: list[LineOut]
    next_after: int
    last_seq: int = Field(description="The newest line that there is.")


class LogFilter(Schema):
    """Which lines; all of them unless something is told."""

    q: str = Field(default="", max_length=200, description="Lines with this text, in capitals or not.")
    severity: list[Severity] = Field(default=[], description="Lines of these severities.")
    source: list[str] = Field(default=[], description="Lines of these sources: a step, or a process like web.1.")
    since: datetime | None = Field(default=None, description="Lines written at this moment or later.")
    until: datetime | None = Field(default=None, description="Lines written at this moment or earlier.")

    def wanted(self) -> Filter:
        return Filter(self.q, frozenset(self.severity), frozenset(self.source), _iso(self.since), _iso(self.until))


def _iso(moment: datetime | None) -> str:
    """In UTC, also for a moment without a zone."""
    if moment is None:
        return ""
    zoned = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    try:
        return zoned.astimezone(UTC).isoformat()
    except OverflowError:
        return zoned.replace(tzinfo=UTC).isoformat()


class LogQuery(LogFilter):
    after: int = Field(default=0, ge=0, le=2**62, description="Lines numbered above this.")
    limit: int = Field(default=1000, ge=1, le=5000)
    tail: int | None = Field(default=None, ge=1, le=5000, description="Instead of `after`: the newest so many.")
    format: Literal["json", "text", "file"] = Field(
        default="json", description="text: only what the lines say. file: the same of the whole log, to download."
    )


class SearchQuery(LogFilter):
    before: int | None = Field(default=None, ge=1, le=2**62, description="Only lines numbered below this.")
    limit: int = Field(default=1000, ge=1, le=5000)


class ServiceLogQuery(LogQuery):
    environment: EnvironmentName = "production"


class ServiceSearchQuery(SearchQuery):
    environment: EnvironmentName = "production"


class SearchOut(Schema):
    """Numbers of the newest lines that are like this. `is_capped`: there may be more below `searched_from`."""

    numbers: list[int] = Field(examples=[[42, 57]])
    searched_from: int
    is_capped: bool
