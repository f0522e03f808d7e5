"""Log files that the agent's user may not read: what the container that opens them may, and that no line is lost."""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.workers.build.test_limits_helper import NOBODY, ordinary_user
from workers.agent.follow import nanoseconds
from workers.agent.log_files import Direct, Handed
from workers.agent.log_reader import LogReader
from workers.agent.log_reader_spec import ROLE, ReaderPlace, reader_spec
from workers.agent.log_ways import LogWays, Onward
from workers.docker import Engine
from workers.docker_records import Container
from workers.errors import PlatformError

LINES = 100_000
FLOOD = f"for n in range({LINES}): print('line', n, 'x' * 80)"


def test_it_may_nothing_but_read_what_root_owns() -> None:
    place = ReaderPlace("0" * 8, "/docker/containers", Path("/home/x"), 1000, "/usr/bin/python3", ("/lib", "/usr"))
    spec = reader_spec(place, "slipway/empty:1")
    host = spec["HostConfig"]
    assert (spec["User"], host["CapDrop"], host.get("CapAdd"), host["NetworkMode"]) == ("0:1000", ["ALL"], None, "none")
    assert host["ReadonlyRootfs"] and host["Memory"] == host["MemorySwap"] and host["PidsLimit"] == 8
    assert "no-new-privileges" in host["SecurityOpt"]
    assert {m["Source"]: m["Target"] for m in host["Mounts"]} == {
        "/docker/containers": "/logs",
        "/home/x": "/agent",
        "/lib": "/lib",
        "/usr": "/usr",
    }
    assert all(m["ReadOnly"] and m["BindOptions"] == {"NonRecursive": True} for m in host["Mounts"])


def test_it_asks_again_only_after_a_change(tmp_path: Path) -> None:
    asked: list[Path] = []

    def opened(path: Path) -> int:
        asked.append(path)
        return os.open(path, os.O_RDONLY)

    path, files = tmp_path / "log", Handed(opened)
    path.touch()
    descriptor = files.open(path)
    time.sleep(1.1)  # Until then the file was changed just now.
    assert [files.is_the_same(path, descriptor) for _ in range(9)] == [True] * 9
    assert len(asked) == 2
    path.rename(tmp_path / "log.1")
    path.touch()
    assert not files.is_the_same(path, descriptor)
    os.close(descriptor)


def test_it_goes_on_where_it_stood_when_the_way_changes(tmp_path: Path) -> None:
    """An agent that is started by another user, or an engine that starts no container just now."""
    moments = [f"2026-01-01T00:00:0{n}.000000001Z" for n in range(3)]
    path = tmp_path / "x-json.log"
    lines = [{"log": f"{n}\n", "stream": "stdout", "time": moment} for n, moment in enumerate(moments)]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    onward = Onward(path, Direct(), nanoseconds(moments[1]))
    assert [line.text for line in onward.read(10, 1 << 20)] == ["2"]


@pytest.mark.docker
def test_no_line_of_a_flood_is_lost_to_a_user_who_may_not_read_the_files(
    flooding: tuple[str, str, str],
) -> None:
    """About 18 rotations. The container is taken away in the middle, and one that is left from before is replaced."""
    instance, mine, foreign = flooding
    with TemporaryDirectory() as name:
        os.chown(name, NOBODY, NOBODY)
        with ordinary_user(Path(name)) as call:
            numbers, refused = call(_read_all, instance, name, mine, foreign)
    assert numbers == list(range(LINES))
    assert refused == ["PermissionError", "PermissionError", "FileNotFoundError"]
    assert Engine(instance).containers(role=ROLE) == []


@pytest.fixture
def flooding(image: str) -> Iterator[tuple[str, str, str]]:
    """An instance, a container of it that floods, and one of another instance."""
    engines = [Engine(secrets.token_hex(4)) for _ in range(2)]
    mine, foreign = (engine.create(_flood(engine.instance, image)) for engine in engines)
    try:
        yield engines[0].instance, mine, foreign
    finally:
        for engine in engines:
            for container in engine.containers():
                engine.remove(container.id)


def _flood(instance: str, image: str) -> dict[str, Any]:
    logs = {"Type": "json-file", "Config": {"max-size": "1m", "max-file": "64"}}
    return {
        "name": f"slipway-test-{instance}",
        "Image": image,
        "Cmd": ["python3", "-c", FLOOD],
        "Labels": {"slipway.instance": instance},
        "HostConfig": {"NetworkMode": "none", "LogConfig": logs},
    }


def _read_all(instance: str, folder: str, mine: str, foreign: str) -> tuple[list[int], list[str]]:
    engine = Engine(instance)
    left, reader = LogReader(engine, Path(folder, "left")), LogReader(engine, Path(folder, "reader"))
    left.require()
    way = LogWays(engine, reader).to(Container(mine, "", "", {}), engine.inspect(mine), None)
    engine.start(mine)
    texts: list[str] = []
    taken: list[Container] = []
    deadline = time.monotonic() + 200
    while len(texts) < LINES and time.monotonic() < deadline:
        if not taken and len(texts) >= LINES // 4:
            taken = engine.containers(role=ROLE)
            for container in taken:
                engine.remove(container.id)
        try:
            lines = way.read(1000, 1 << 20)
        except PlatformError:
            continue
        texts += [line.text for line in lines]
        time.sleep(0.01)  # Sending them takes longer than writing them.
    refused = [_refusal(reader, name) for name in (f"{foreign}-json.log", "../../etc/shadow", f"{mine}-json.log.999")]
    reader.close()
    assert taken
    return [int(text.split()[1]) for text in texts if text.startswith("line ")], refused


def _refusal(reader: LogReader, name: str) -> str:
    try:
        os.close(reader.open(Path("/x") / name))
    except OSError as error:
        return type(error).__name__
    return ""
