"""What becomes of an ordinary user's logs while the container that opens them is not there. Engine and it are played."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.workers.agent.test_log_source import Log
from workers.agent.log_ways import LogWays
from workers.agent.logs import LogShipper
from workers.errors import PlatformError


class Reader:
    """Answers while it `runs`."""

    runs = True

    def require(self) -> None:
        if not self.runs:
            raise PlatformError("agent:platform:no-log-reader", "It is not there.")

    def open(self, path: Path) -> int:
        self.require()
        return os.open(path, os.O_RDONLY)


class Played:
    """An ordinary user's host with one container."""

    def __init__(self, folder: Path) -> None:
        self.log, self.reader = Log(folder), Reader()
        engine: Any = self
        reader: Any = self.reader
        self.ways = LogWays(engine, reader)
        control: Any = SimpleNamespace()
        self.shipper = LogShipper(engine, control, self.log.positions, self.ways, lambda _: "")

    def inspect(self, _: str) -> dict[str, Any]:
        return {"LogPath": str(self.log.path), "Config": {"Labels": {}, "Env": []}}


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Played:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr("os.access", lambda *_: False)
    return Played(tmp_path)


def test_it_lets_a_container_go_whose_log_can_not_be_kept(host: Played, capsys: pytest.CaptureFixture[str]) -> None:
    host.log.write("one")
    host.shipper.track(host.log.container)
    host.reader.runs = False
    host.shipper.finish(host.log.container.id, 0)
    assert "is not kept open" in capsys.readouterr().err
    host.log.path.unlink()
    host.reader.runs = True
    ((batch,), _), (rest, _) = host.shipper._collect(), host.shipper._collect()
    assert b"the last lines are missing" in batch and rest == []
