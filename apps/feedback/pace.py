"""How fast GitHub is told: a burst, then steadily, well within its limits on what makes content. Pure.

At most 80 such requests in a minute and 500 in an hour:
https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Limit:
    """`burst` at once, then one `every`. In a span it lets through burst + span / every."""

    burst: int
    every: timedelta

    def wait(self, at: datetime | None, now: datetime) -> timedelta:
        """How long until one more is let through; zero: now. `at` is where the last ones have brought the limit to."""
        ahead = max(at or now, now) - now
        return max(ahead - self.every * (self.burst - 1), timedelta())

    def after(self, at: datetime | None, now: datetime) -> datetime:
        """Where one more brings the limit to."""
        return max(at or now, now) + self.every


MINUTE = Limit(burst=20, every=timedelta(seconds=1.2))  # 70 in the worst minute.
HOUR = Limit(burst=100, every=timedelta(seconds=10))  # 460 in the worst hour.

FIRST = timedelta(seconds=5)
LONGEST = timedelta(minutes=15)


def back_off(failures: int) -> timedelta:
    """After so many failures in a row: 5 s, 10 s, 20 s, ... 15 minutes; give or take a quarter."""
    doublings = min(max(failures, 1) - 1, 12)
    plain: timedelta = min(FIRST * (1 << doublings), LONGEST)
    return plain * random.uniform(0.75, 1.25)
