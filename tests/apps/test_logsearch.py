"""Reading a log through a filter: both ways, around a line, within bounds, and searching it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from apps.deployments import logs, logsearch
from apps.deployments.logfilter import Filter, filter_of, moment
from apps.deployments.logsearch import around, newer, older, search, texts
from apps.deployments.models import LogChunk, LogStream
from tests.apps.cast import Shop

ALL = Filter()
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def numbers(found: logsearch.Found) -> list[int]:
    return [line.seq for line in found.lines]


@pytest.fixture
def stream(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> LogStream:
    """1000 lines in some fifty chunks, a second apart: every 10th an error, by two processes in turns."""
    monkeypatch.setattr(logs, "CHUNK_BYTES", 1500)
    LogChunk.objects.all().delete()
    LogStream.objects.filter(service=shop.service).update(next_seq=1)
    row = LogStream.objects.get(service=shop.service)
    for first in range(1, 1001, 20):
        logs.append(row, [one(n) for n in range(first, first + 20)])
    row.refresh_from_db()
    assert row.chunks.count() > 2 * 16
    return row


def one(n: int) -> logs.Line:
    text = f"ERROR no. {n}" if n % 10 == 0 else f"line \x1b[1mno.\x1b[0m {n}"
    return logs.Line(text, at=(NOON + timedelta(seconds=n)).isoformat(), source=f"web.{1 + n % 2}")


def test_it_reads_the_newest_and_further_back_without_a_hole(stream: LogStream) -> None:
    found = older(stream, logs.NEVER, ALL, 300)
    assert (numbers(found), found.first, found.last) == (list(range(701, 1001)), 701, 1000)
    seen = numbers(found)
    while found.first > 1:
        found = older(stream, found.first, ALL, 77)
        seen = numbers(found) + seen
    assert seen == list(range(1, 1001))


def test_it_reads_forward_without_a_hole(stream: LogStream) -> None:
    seen: list[int] = []
    last = 0
    while last < 1000:
        found = newer(stream, last, ALL, 133)
        assert found.first == last + 1
        seen, last = seen + numbers(found), found.last
    assert seen == list(range(1, 1001))
    assert newer(stream, 1000, ALL, 10) == logsearch.Found([], 1001, 1000)


def test_it_reads_around_a_line(stream: LogStream) -> None:
    found = around(stream, 500, ALL, 100)
    assert (numbers(found), found.first, found.last) == (list(range(450, 550)), 450, 549)
    assert numbers(around(stream, 1, ALL, 10)) == [1, 2, 3, 4, 5]
    assert numbers(around(stream, 10**9, ALL, 10)) == [996, 997, 998, 999, 1000]


def test_it_says_to_where_a_filter_was_looked_through(stream: LogStream) -> None:
    errors = Filter(levels=frozenset({"error"}))
    found = older(stream, logs.NEVER, errors, 5)
    assert (numbers(found), found.first, found.last) == ([960, 970, 980, 990, 1000], 960, 1000)
    found = newer(stream, 955, errors, 100)
    assert (numbers(found), found.first, found.last) == ([960, 970, 980, 990, 1000], 956, 1000)
    assert older(stream, logs.NEVER, Filter(q="nowhere"), 5) == logsearch.Found([], 1, 1000)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Filter(q="NO. 99"), [99, *range(990, 1000)]),
        (Filter(sources=frozenset({"web.1"}), q="no. 99"), [990, 992, 994, 996, 998]),
        (Filter(since=(NOON + timedelta(seconds=998)).isoformat()), [998, 999, 1000]),
        (Filter(until=(NOON + timedelta(seconds=2)).isoformat()), [1, 2]),
        (Filter(levels=frozenset({"plain"}), since=(NOON + timedelta(seconds=989)).isoformat(), q="no. 99"),
         list(range(991, 1000))),
        (Filter(q="[1m"), []),
    ],
)  # fmt: skip
def test_it_filters_the_same_in_every_direction(stream: LogStream, wanted: Filter, expected: list[int]) -> None:
    assert numbers(older(stream, logs.NEVER, wanted, 1000)) == expected
    assert numbers(newer(stream, 0, wanted, 1000)) == expected
    assert search(stream, wanted).numbers == expected


def test_it_says_where_lines_are_gone(stream: LogStream) -> None:
    LogChunk.objects.filter(stream=stream, last_seq__lt=300).delete()
    kept = LogChunk.objects.filter(stream=stream).order_by("first_seq")
    first = kept[0].first_seq
    hole = kept[5]
    hole.delete()
    for found in (older(stream, logs.NEVER, ALL, 2000), newer(stream, 0, ALL, 2000)):
        gaps = {line.seq: line.text for line in found.lines if line.kind == "gap"}
        size = hole.last_seq - hole.first_seq + 1
        assert gaps == {
            first - 1: f"{first - 1} older lines are no longer kept",
            hole.last_seq: f"{size} older lines are no longer kept",
        }
        assert (found.first, found.last) == (1, 1000)
        assert numbers(found) == sorted(numbers(found))
    LogChunk.objects.filter(stream=stream).delete()
    assert numbers(older(stream, logs.NEVER, ALL, 10)) == [1000]


def test_it_searches_the_newest_and_says_when_there_are_more(stream: LogStream) -> None:
    found = search(stream, Filter(q="error"), most=3)
    assert (found.numbers, found.searched_from, found.is_capped) == ([980, 990, 1000], 980, True)
    on = search(stream, Filter(q="error"), most=1000, before=found.searched_from)
    assert (on.numbers, on.searched_from, on.is_capped) == (list(range(10, 980, 10)), 1, False)


def test_it_stops_when_time_is_up_and_goes_on_from_there(stream: LogStream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logsearch, "SECONDS", -1.0)  # Each answer looks at one chunk.
    found = search(stream, Filter(q="no. 1"))
    assert found.is_capped and found.numbers == [1000]
    back = older(stream, logs.NEVER, Filter(q="no. 5"), 100)
    assert (back.lines, back.first > 900, back.last) == ([], True, 1000)
    seen: list[int] = []
    before, rounds = logs.NEVER, 0
    while before > 1:
        told = search(stream, Filter(q="no. 50"), before=before)
        seen, before, rounds = told.numbers + seen, told.searched_from, rounds + 1
    assert seen == [50, *range(500, 510)] and rounds > 20


def test_it_answers_with_no_more_text_than_is_good(stream: LogStream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logsearch, "BYTES", 200)
    monkeypatch.setattr(logsearch.Budget.__init__, "__kwdefaults__", {"size": 200})
    found = older(stream, logs.NEVER, ALL, 500)
    assert 5 < len(found.lines) < 20 and found.first == found.lines[0].seq


def test_it_reads_little_for_a_first_view_however_long_the_log(stream: LogStream) -> None:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        older(stream, logs.NEVER, ALL, 500)
    assert len(queries) == 1


def test_it_writes_texts_with_and_without_times(stream: LogStream) -> None:
    wanted = Filter(q="no. 100")
    assert "".join(texts(stream, wanted)) == "ERROR no. 100\nERROR no. 1000\n"
    assert "".join(texts(stream, wanted, with_times=True)).splitlines()[0] == (
        "2026-11-21T12:01:40+00:00 web.1 ERROR no. 100"
    )
    assert len("".join(texts(stream, ALL)).splitlines()) == 1000


def test_it_takes_filters_from_an_address() -> None:
    told = QueryDict("q=x&level=error&level=nonsense&source=web.1&source=&from=2026-11-21T08:00&to=yesterday")
    assert filter_of(told) == Filter(
        "x", frozenset({"error"}), frozenset({"web.1"}), since="2026-11-21T08:00:00+00:00", until=""
    )
    assert filter_of(QueryDict("")).is_empty
    since = datetime.fromisoformat(filter_of(QueryDict("range=15m&from=2020-01-01T00:00")).since)
    assert abs((datetime.now(UTC) - since).total_seconds() - 900) < 5


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-11-21T08:00", "2026-11-21T08:00:00+00:00"),
        ("2026-11-21T08:00:05+02:00", "2026-11-21T06:00:05+00:00"),
        ("2026-11-21T08:00:00Z", "2026-11-21T08:00:00+00:00"),
        ("2026-13-41T08:00", ""),
        ("0001-01-01T00:00:00+14:00", ""),
        ("x", ""),
        ("", ""),
    ],
)
def test_it_reads_moments(text: str, at: str) -> None:
    assert moment(text) == at
