"""What the API tells of a service's metrics."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from ninja import Schema
from pydantic import Field

from apps.projects.schemas import EnvironmentQuery


class MetricsQuery(EnvironmentQuery):
    range: Literal["1h", "6h", "24h", "7d", "30d"] = "1h"


class SeriesOut(Schema):
    """One value for each of `times`; null: nothing was measured then, which is not zero."""

    name: str = Field(examples=["requests"])
    unit: str = Field(examples=["requests per second"])
    values: list[float | None] = Field(examples=[[0.5, None]])


class MetricsOut(Schema):
    """`times` are the beginnings of steps of `step_seconds`, oldest first."""

    range: str = Field(examples=["1h"])
    step_seconds: int = Field(examples=[60])
    times: list[datetime]
    series: list[SeriesOut]
