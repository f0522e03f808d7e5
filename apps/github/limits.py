"""GitHub's limits: when an answer says that it wants no more, and until when we remember to leave it alone.

https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.utils import timezone

from apps.github import cache
from apps.github.answer import Answer
from apps.github.errors import RateLimited

SECONDARY = timedelta(seconds=60)  # What GitHub asks for when a secondary limit comes without a moment.
LONGEST = timedelta(hours=2)  # A clock that is wrong must not silence us for days.


def until_of(answer: Answer) -> datetime | None:
    """The moment an answer asks us to wait for; None when it is not about limits."""
    if answer.status not in (403, 429):
        return None
    now = timezone.now()
    if answer.retry_after.isdigit():
        return now + min(timedelta(seconds=int(answer.retry_after[:9])), LONGEST)
    if answer.remaining == "0" and answer.reset.isdigit():
        at = datetime.fromtimestamp(int(answer.reset[:11]), UTC)
        return min(max(at, now + timedelta(seconds=1)), now + LONGEST)
    if answer.status == 429 or "secondary rate limit" in answer.told.lower():
        return now + SECONDARY
    return None


def remember(name: str, until: datetime) -> None:
    cache.put(until.isoformat(), "until", name, seconds=(until - timezone.now()).total_seconds() + 1)


def check(name: str) -> None:
    """Raises `RateLimited` without a request while a limit of this credential lasts: asking more makes it longer."""
    told = cache.get("until", name)
    if told and (until := datetime.fromisoformat(told)) > timezone.now():
        raise RateLimited(until)
