"""Where a log stands and what leaves the host, over a file as the engine writes it and a real HTTP control plane."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.workers.agent.conftest import new_id
from tests.workers.agent.control import TOKEN, Control
from workers.agent.client import ControlPlane
from workers.agent.log_positions import Positions
from workers.agent.log_reader import LogReader
from workers.agent.log_source import Source
from workers.agent.log_ways import LogWays
from workers.agent.outgoing import Sender, body, encoded, in_place_of, last_of
from workers.desired import LogBatches
from workers.docker import Engine
from workers.docker_records import Container

SERVICE, ENVIRONMENT = new_id(), new_id()


class Log:
    """A container's log in a folder of its own."""

    def __init__(self, folder: Path, identifier: str = "c" * 64) -> None:
        self.path = folder / "x-json.log"
        self.positions = Positions(folder / "positions")
        labels = {"slipway.service": SERVICE, "slipway.process": "web", "slipway.role": "app"}
        self.container = Container(identifier, "app", "running", labels)

    def write(self, *lines: str, at: str = "2026-01-01T00:00:00Z") -> None:
        with self.path.open("a") as file:
            for line in lines:
                file.write(json.dumps({"log": f"{line}\n", "stream": "stdout", "time": at}) + "\n")

    def source(self) -> Source:
        told: dict[str, Any] = {"LogPath": str(self.path), "Config": {"Labels": {}, "Env": []}}
        engine = Engine("0" * 8)
        ways = LogWays(engine, LogReader(engine, self.path.parent))
        return Source(self.container, told, ways, self.positions, ENVIRONMENT)


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path)


def texts(batch: dict[str, Any] | None) -> list[str]:
    return [line["text"] for line in batch["lines"]] if batch else []


def test_it_names_the_container_by_the_engines_id(log: Log) -> None:
    log.write("one")
    batch = log.source().next_batch()
    assert batch is not None
    assert (batch["container"], batch["cursor"], batch["environment"]) == ("c" * 64, 1, ENVIRONMENT)


@pytest.mark.parametrize("content", ["", "{", '{"cursor": 1}', "[]", "null"])
def test_it_sets_a_broken_position_aside_and_goes_on(log: Log, content: str) -> None:
    log.write("one")
    path = log.positions._folder / f"{log.container.id}.json"
    path.write_text(content)
    batch = log.source().next_batch()
    assert texts(batch) == ["where this log stood was lost: lines before this one may come once more", "one"]
    assert batch is not None and batch["lines"][0]["kind"] == "gap"
    assert batch["cursor"] > 1_000_000  # Beyond every one that was used before, so that it is not taken for old.
    assert path.with_name(f"{path.name}.broken").exists()


def test_it_keeps_lines_until_their_position_is_on_disk(log: Log) -> None:
    log.write("one", "two")
    source = log.source()
    shutil.rmtree(log.positions._folder)
    for _ in range(2):
        with pytest.raises(OSError):
            source.next_batch()
        log.write("later")
    assert not source.failed()
    log.positions._folder.mkdir()
    first, second = source.next_batch(), source.next_batch()
    assert (texts(first), texts(second)) == (["one", "two"], ["later", "later"])


def test_it_still_reads_a_file_that_was_removed_with_its_container(log: Log) -> None:
    log.write("one")
    source = log.source()
    source.ending = True
    source.hold()
    log.path.unlink()
    assert texts(source.next_batch()) == ["one"]
    assert source.next_batch() is None


def test_it_says_that_rotated_files_were_removed_unread(log: Log) -> None:
    log.write("old")
    source = log.source()
    log.path.rename(log.path.with_name(f"{log.path.name}.1"))
    log.write("new")
    source.ending = True
    source.hold()
    for path in log.path.parent.glob("x-json.log*"):
        path.unlink()
    told = [text for _ in range(3) for text in texts(source.next_batch())]
    assert told == ["old", "the last lines are missing: they were not sent before the container was removed"]


# What leaves


class Picky(Control):
    """Refuses requests over a size, or with a word in them."""

    limit = 1 << 30
    word = b"\0"

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[int] = []

    def take_logs(self, body: bytes) -> int:
        self.sizes.append(len(body))
        if len(body) > self.limit:
            return 413
        return 400 if self.word in body else super().take_logs(body)


@pytest.fixture
def control() -> Iterator[Picky]:
    control = Picky()
    yield control
    control.close()


def batch_of(container: str, *lines: str) -> bytes:
    told = [{"at": "2026-01-01T00:00:00Z", "text": line, "kind": "line", "level": "out"} for line in lines]
    return encoded({"service": SERVICE, "process": "web", "container": container, "cursor": 1, "lines": told})


def test_it_finds_the_batch_that_is_refused_and_says_that_it_is_missing(control: Picky) -> None:
    control.word = b"poison"
    sender = Sender(ControlPlane(control.url, TOKEN), threading.Event())
    batches = [batch_of(f"{n}", f"line of {n}") for n in range(5)]
    batches[3] = batch_of("3", "poison", "more")
    assert sender.send(batches)
    assert [line["text"] for line in control.lines] == [
        "line of 0",
        "line of 1",
        "line of 2",
        "2 lines are missing: the control plane refused them",
        "line of 4",
    ]
    assert control.lines[3]["kind"] == "gap"


def test_it_splits_what_is_too_large_for_one_request(control: Picky) -> None:
    control.limit = 2500
    sender = Sender(ControlPlane(control.url, TOKEN), threading.Event())
    assert sender.send([batch_of(f"{n}", "x" * 1000) for n in range(4)])
    assert [line["container"] for line in control.lines] == ["0", "1", "2", "3"]
    assert {line["kind"] for line in control.lines} == {"line"}


def test_it_gives_up_on_a_gap_that_is_refused(control: Picky) -> None:
    control.limit = 0
    assert Sender(ControlPlane(control.url, TOKEN), threading.Event()).send([batch_of("1", "x")])
    assert len(control.sizes) == 2


def test_it_sends_letters_as_they_are() -> None:
    batch = batch_of("1", "é" * 1000)
    assert len(batch) < 2300
    assert LogBatches.model_validate_json(body([batch])).batches[0].lines[0].text == "é" * 1000
    assert in_place_of(in_place_of(batch) or b"") is None


def test_it_keeps_the_last_lines_that_fit() -> None:
    assert last_of(["a" * 6, "b" * 3, "c" * 3], 7) == ["b" * 3, "c" * 3]
    assert last_of(["a" * 10], 7) == ["a" * 10]
