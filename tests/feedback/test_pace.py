"""Never more than GitHub wants in any minute and any hour, however it is asked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from apps.feedback.pace import HOUR, MINUTE, back_off

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def sent(seconds: int) -> list[float]:
    """When requests go out that are always wanted, with a pause of 10 minutes in between, in seconds."""
    now, minute, hour, found = BEGIN, None, None, list[float]()
    while (now - BEGIN).total_seconds() < seconds:
        wait = max(MINUTE.wait(minute, now), HOUR.wait(hour, now))
        if wait:
            now += wait
            continue
        minute, hour = MINUTE.after(minute, now), HOUR.after(hour, now)
        found.append((now - BEGIN).total_seconds())
        now += timedelta(milliseconds=50)
        if len(found) == 150:
            now += timedelta(minutes=10)
    return found


def most_within(times: list[float], span: float) -> int:
    return max(sum(at <= t < at + span for t in times) for at in times)


def test_it_stays_within_githubs_limits() -> None:
    times = sent(3 * 3600)
    assert most_within(times, 60) <= 80
    assert most_within(times, 3600) <= 500
    assert len(times) > 900  # And uses them.


def test_it_lets_a_few_through_at_once() -> None:
    assert len([at for at in sent(2) if at < 1]) >= 20


def test_it_backs_off_longer_and_longer_but_not_for_ever() -> None:
    waits = [back_off(n).total_seconds() for n in (1, 2, 5, 10, 10_000)]
    assert 3.7 <= waits[0] <= 6.3
    assert 7.5 <= waits[1] <= 12.5
    assert 60 <= waits[2] <= 100
    assert all(11 * 60 <= wait <= 19 * 60 for wait in waits[3:])
    assert len({back_off(3) for _ in range(5)}) > 1
