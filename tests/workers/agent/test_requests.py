"""Apps that answer drop by drop, or never: no question to one of them takes longer than it was given."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from workers.agent.health import Answer, ask
from workers.agent.request import get
from workers.agent.until_healthy import _sleep, more_telling
from workers.desired import Health
from workers.errors import Stopped


@pytest.fixture
def dripping() -> Iterator[int]:
    """The port of a server that sends a byte of its answer every 50 ms, for ever."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            try:
                connection, _ = server.accept()
                connection.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
                while True:
                    connection.sendall(b"x")
                    time.sleep(0.05)
            except OSError:  # The test is over.
                return

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        yield server.getsockname()[1]


def test_it_does_not_wait_for_an_answer_that_drips(dripping: int) -> None:
    started = time.monotonic()
    answer = ask("127.0.0.1", dripping, Health(path="/health", timeout_seconds=3), "example.org")
    assert time.monotonic() - started < 30
    assert (answer.healthy, answer.status, answer.listens) == (False, None, True)


def test_it_is_not_broken_by_a_host_that_can_not_be_sent(dripping: int) -> None:
    answer = ask("127.0.0.1", dripping, Health(path="/health", timeout_seconds=3), "example.org\r\nX: y")
    assert not answer.healthy


def test_it_gives_up_on_what_never_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        started = time.monotonic()
        with pytest.raises(TimeoutError):
            get("127.0.0.1", server.getsockname()[1], "/", "example.org", "test", 0.2)
        assert time.monotonic() - started < 30


def test_it_gives_way_while_it_sleeps() -> None:
    started = time.monotonic()

    def check() -> None:
        if time.monotonic() - started > 0.2:
            raise Stopped("superseded")

    with pytest.raises(Stopped):
        _sleep(3600, check)
    assert time.monotonic() - started < 30


@pytest.mark.parametrize(
    ("before", "newest", "cut_short", "kept"),
    [
        (Answer(False, 500, listens=True), Answer(False, listens=True), True, 500),
        (Answer(False, 500, listens=True), Answer(False), True, 500),
        (Answer(False, 500, listens=True), Answer(False, listens=True), False, None),
        (Answer(False), Answer(False, 503, listens=True), True, 503),
        (Answer(False, 500, listens=True), Answer(False, 404, listens=True), True, 404),
    ],
)
def test_a_question_cut_short_by_the_deadline_hides_no_answer(
    before: Answer, newest: Answer, cut_short: bool, kept: int | None
) -> None:
    assert more_telling(before, newest, cut_short=cut_short).status == kept
