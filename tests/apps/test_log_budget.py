"""A log that floods: neither PostgreSQL nor Valkey keeps more of it than its budget."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from apps.deployments import logs, retention
from apps.deployments.logs import Line
from apps.deployments.models import LogChunk, LogStream
from apps.lib import wake
from tests.apps.cast import Shop


def flood(stream: LogStream, batches: int, *, lines: int, size: int) -> None:
    for _ in range(batches):
        logs.append(stream, [Line("x" * size)] * lines)


def stored_bytes(stream: LogStream) -> int:
    return sum(LogChunk.objects.filter(stream=stream).values_list("size_bytes", flat=True))


@pytest.mark.django_db
def test_it_keeps_the_newest_lines_within_the_budget(shop: Shop) -> None:
    loud, _ = LogStream.objects.get_or_create(service=shop.service)
    quiet, _ = LogStream.objects.get_or_create(deployment=shop.live)
    flood(loud, 60, lines=5, size=5_000)
    flood(quiet, 3, lines=5, size=5_000)
    last, before = logs.last_seq(loud), stored_bytes(quiet)
    retention.shorten_logs(500_000)
    assert 400_000 < stored_bytes(loud) <= 500_000
    assert stored_bytes(quiet) == before
    lines = logs.read_stored(loud, 0)
    assert lines[0].kind == "gap"
    assert [line.seq for line in lines] == list(range(lines[0].seq, last + 1))
    assert [line.kind for line in lines[1:]] == ["line"] * (len(lines) - 1)


@pytest.mark.django_db
def test_it_counts_bytes_and_not_characters(shop: Shop) -> None:
    stream, _ = LogStream.objects.get_or_create(service=shop.service)
    logs.append(stream, [Line("\N{PILE OF POO}" * 1000)])
    assert stored_bytes(stream) >= 4000


@pytest.mark.django_db
def test_a_reader_takes_no_more_of_a_flood_than_it_wants(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    stream, _ = LogStream.objects.get_or_create(service=shop.service)
    flood(stream, 6, lines=1000, size=40)
    made = LogChunk.from_db
    taken: list[str] = []
    monkeypatch.setattr(LogChunk, "from_db", lambda *row: taken.append("chunk") or made(*row))
    assert [line.seq for line in logs.read_stored(stream, 500, limit=1000)] == list(range(501, 1501))
    assert len(taken) == 2


@pytest.mark.django_db
def test_tidying_shortens_logs(shop: Shop, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "_next", timezone.now())
    settings.SLIPWAY = settings.SLIPWAY.model_copy(update={"log_megabytes": 0.1})
    stream, _ = LogStream.objects.get_or_create(service=shop.service)
    flood(stream, 10, lines=5, size=5_000)
    retention.tidy()
    assert stored_bytes(stream) <= 100_000


@pytest.mark.django_db(transaction=True)
def test_it_bounds_the_live_stream_by_bytes_and_readers_miss_nothing(shop: Shop) -> None:
    stream, _ = LogStream.objects.get_or_create(service=shop.service)
    start = logs.last_seq(stream)
    valkey: Any = wake.valkey()
    most = 0
    for _ in range(30):
        flood(stream, 1, lines=20, size=60_000)
        most = max(most, valkey.memory_usage(logs._live_key(stream), samples=0) or 0)
    assert most <= logs.LIVE_BYTES
    assert valkey.xlen(logs._live_key(stream)) > 0
    seen: list[int] = []
    while more := logs.read(stream, seen[-1] if seen else start, limit=100):
        seen += [line.seq for line in more]
    assert seen == list(range(start + 1, start + 601))
    # The newest are still read live, and one that is larger than all of the budget leaves nothing behind.
    assert logs._read_live(stream, seen[-1] - 1, 10)
    flood(stream, 1, lines=200, size=60_000)
    assert (valkey.memory_usage(logs._live_key(stream), samples=0) or 0) <= logs.LIVE_BYTES
    assert len(logs.read(stream, seen[-1], limit=1000)) == 200
