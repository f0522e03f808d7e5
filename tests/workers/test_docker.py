"""The engine's door: it gives up in time, says what is wrong, and touches nothing that is not ours."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from workers.docker import Engine
from workers.docker_errors import NotThere
from workers.errors import PlatformError


@pytest.fixture
def hanging(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An engine that takes connections and never answers."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "engine.sock"))
        server.listen()
        monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/engine.sock")
        yield


def test_it_gives_up_on_an_engine_that_hangs(hanging: None) -> None:
    started = time.monotonic()
    with pytest.raises(PlatformError) as raised:
        Engine("0" * 8, timeout=0.3).containers()
    assert time.monotonic() - started < 30
    assert raised.value.code.startswith("engine:platform:")


def test_it_says_that_no_engine_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nothing.sock")
    with pytest.raises(PlatformError, match="the engine does not answer") as raised:
        Engine("0" * 8).containers()
    assert "dockerd" in raised.value.hint


@pytest.mark.parametrize(
    "long",
    [
        lambda engine: engine.pull(f"r.example/app@sha256:{'0' * 64}", None, lambda: None),
        lambda engine: engine.push("r.example/app:1", None, lambda: None),
        lambda engine: engine.import_image(Path("x.tar"), "app", "1", []),
    ],
    ids=["pull", "push", "import"],
)
def test_it_says_so_where_it_connects_anew(
    long: Callable[[Engine], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nothing.sock")
    with pytest.raises(PlatformError, match="the engine does not answer"):
        long(Engine("0" * 8))


def test_it_makes_nothing_without_our_label() -> None:
    engine = Engine("0" * 8)
    with pytest.raises(PlatformError, match="without our label"):
        engine.create({"name": "x", "Labels": {"slipway.instance": "another"}})
    with pytest.raises(PlatformError, match="without our label"):
        engine.create_volume("x", {})


@pytest.mark.docker
def test_it_knows_what_is_not_there() -> None:
    engine = Engine("0" * 8)
    assert engine.containers() == [] and engine.networks() == [] and engine.volumes() == []
    assert not engine.has_image("sha256:" + "0" * 64)
    with pytest.raises(NotThere):
        engine.inspect("0" * 64)
    engine.stop("0" * 64, 1)
    engine.remove("0" * 64)
