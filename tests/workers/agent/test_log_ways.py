"""What becomes of an ordinary user's logs while the container that opens them is not there. Engine and it are played."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.workers.agent.test_log_source import Log, texts
from workers.agent.log_source import Source
from workers.agent.log_ways import LogWays
from workers.agent.logs import LogShipper
from workers.errors import PlatformError


class Reader:
    """Answers while it is `there`."""

    there = True

    def runs(self) -> bool:
        return self.there

    def require(self) -> None:
        if not self.there:
            raise PlatformError("agent:platform:no-log-reader", "It is not there.")

    def open(self, path: Path) -> int:
        self.require()
        return os.open(path, os.O_RDONLY)


class Played:
    """An ordinary user's host with one container."""

    def __init__(self, folder: Path) -> None:
        self.log, self.reader = Log(folder), Reader()
        self.api: list[bytes] = []
        engine: Any = self
        reader: Any = self.reader
        self.ways = LogWays(engine, reader)
        control: Any = SimpleNamespace()
        self.shipper = LogShipper(engine, control, self.log.positions, self.ways, lambda _: "")

    def inspect(self, _: str) -> dict[str, Any]:
        return {"LogPath": str(self.log.path), "Config": {"Labels": {}, "Env": []}}

    def follow(self, *_: object) -> Iterator[bytes]:
        yield from self.api

    def source(self) -> Source:
        return Source(self.log.container, self.inspect(""), self.ways, self.log.positions, "")


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Played:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr("os.access", lambda *_: False)
    return Played(tmp_path)


def test_it_lets_a_container_go_whose_log_can_not_be_kept(host: Played, capsys: pytest.CaptureFixture[str]) -> None:
    host.log.write("one")
    host.shipper.track(host.log.container)
    host.reader.there = False
    host.shipper.finish(host.log.container.id, 0)
    assert "is not kept open" in capsys.readouterr().err
    host.log.path.unlink()
    host.reader.there = True
    ((batch,), _), (rest, _) = host.shipper._collect(), host.shipper._collect()
    assert b"the last lines are missing" in batch and rest == []


def test_it_waits_for_the_files_where_it_stood_in_them(host: Played) -> None:
    """An agent that is started anew while nobody opens files, as on a machine that boots."""
    source = host.source()
    for text in ("one", "two"):
        host.log.write(text)
        source.next_batch()
    host.log.write("three")
    host.reader.there = False
    source = host.source()
    with pytest.raises(PlatformError):
        source.next_batch()
    assert not source.failed() and source.failing_since
    host.reader.there = True
    assert [texts(source.next_batch()) for _ in range(3)] == [["two"], ["three"], []]
    assert source.failing_since == 0


def test_it_goes_back_to_the_files_once_they_are_opened(host: Played) -> None:
    host.reader.there = False
    host.api.append(b"2026-01-01T00:00:00Z one\n")
    source, deadline = host.source(), time.monotonic() + 60
    while not (batch := source.next_batch()) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert texts(batch) == ["one"]
    host.log.write("one", at="2026-01-01T00:00:00Z")
    host.log.write("two", at="2026-01-01T00:00:01Z")
    host.reader.there = True
    assert [texts(source.next_batch()) for _ in range(2)] == [["two"], []]
