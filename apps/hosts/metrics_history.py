"""A range of measurements and what they come to. Pure: `apps.hosts.metrics_queries` reads them.

None means that nothing was measured, which is not zero.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import accumulate

from apps.hosts.metrics_models import MINUTE, QUARTER
from workers.desired import LATENCY_BOUNDS

RANGES_COUNT = len(LATENCY_BOUNDS) + 1


@dataclass(frozen=True)
class Range:
    """`span` is the resolution that is read, `step` how many minutes one point of a chart holds."""

    name: str
    label: str
    minutes: int
    step: int
    span: int


RANGES = {
    found.name: found
    for found in (
        Range("1h", "1 hour", 60, 1, MINUTE),
        Range("6h", "6 hours", 360, 5, MINUTE),
        Range("24h", "24 hours", 1440, 15, QUARTER),
        Range("7d", "7 days", 10080, 120, QUARTER),
        Range("30d", "30 days", 43200, 360, QUARTER),
    )
}


@dataclass
class Point:
    """What was measured in one step, over all hosts."""

    at: datetime
    usage_seconds: float = 0.0
    cpu_cores: float = 0.0
    cpu_peak: float = 0.0
    cpu_limit: float = 0.0
    memory: int = 0
    memory_limit: int = 0
    received_rate: float = 0.0
    sent_rate: float = 0.0
    edge_seconds: float = 0.0
    requests: int = 0
    errors: int = 0
    latency: list[int] = field(default_factory=lambda: [0] * RANGES_COUNT)

    @property
    def request_rate(self) -> float | None:
        return self.requests / self.edge_seconds if self.edge_seconds else None

    @property
    def error_share(self) -> float | None:
        return self.errors / self.requests if self.requests else None

    @property
    def p95(self) -> float | None:
        return quantile(self.latency, 0.95)

    def used(self, value: float) -> float | None:
        return value if self.usage_seconds else None


@dataclass(frozen=True)
class History:
    """The points of a range, oldest first, one for each step; `until` is the end of the last."""

    range: Range
    since: datetime
    until: datetime
    points: list[Point]

    @property
    def is_empty(self) -> bool:
        return not any(p.usage_seconds or p.edge_seconds for p in self.points)

    @property
    def has_traffic(self) -> bool:
        """Whether the edge told anything: it does not for services without an address, nor for a foreign edge."""
        return any(p.edge_seconds for p in self.points)

    @property
    def requests(self) -> int:
        return sum(p.requests for p in self.points)

    @property
    def errors(self) -> int:
        return sum(p.errors for p in self.points)

    @property
    def p95(self) -> float | None:
        return quantile([sum(counts) for counts in zip(*(p.latency for p in self.points), strict=True)], 0.95)

    @property
    def newest(self) -> Point | None:
        """The last in which containers were measured."""
        return next((p for p in reversed(self.points) if p.usage_seconds), None)

    def values(self, of: Callable[[Point], float | None]) -> list[float | None]:
        return [of(point) for point in self.points]


def quantile(counts: Sequence[int], share: float) -> float | None:
    """Seconds below which `share` of the answers stayed, even within a range; beyond the last bound: that bound."""
    sums = list(accumulate(counts))
    if not sums or not sums[-1]:
        return None
    rank = share * sums[-1]
    number = bisect_left(sums, rank)
    if number >= len(LATENCY_BOUNDS):
        return LATENCY_BOUNDS[-1]
    below = LATENCY_BOUNDS[number - 1] if number else 0.0
    before = sums[number] - counts[number]
    return below + (LATENCY_BOUNDS[number] - below) * (rank - before) / counts[number]
