"""Many people point the web process at git servers that never answer: everybody else must not notice."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client

from apps.projects.turns import Turns
from tests.apps.cast import Person, make_person
from workers.errors import UserError


@pytest.fixture
def silence() -> Iterator[tuple[str, Callable[[], None]]]:
    """The address of a git server that takes connections and never says a word, and what ends it."""
    server = socket.create_server(("127.0.0.1", 0), backlog=100)
    taken: list[socket.socket] = []

    def take() -> None:
        while True:
            try:
                taken.append(server.accept()[0])
            except OSError:
                return

    thread = threading.Thread(target=take, daemon=True)
    thread.start()

    def hang_up() -> None:
        with suppress(OSError):  # It is ended already.
            server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(timeout=5)
        for one in taken:
            one.close()

    yield f"http://127.0.0.1:{server.getsockname()[1]}/shop.git", hang_up
    hang_up()


def held() -> int:
    """Connections that somebody has taken; a thread of another test may keep one."""
    pool = connection.pool.get_stats()  # type: ignore[attr-defined]
    return int(pool["pool_size"] - pool["pool_available"])


@pytest.mark.django_db(transaction=True)
def test_it_leaves_connections_for_everybody_else(alice: Person, silence: tuple[str, Callable[[], None]]) -> None:
    url, hang_up = silence
    people = [make_person(f"P{number}") for number in range(16)]
    clients = [Client() for _ in people]
    for client, one in zip(clients, people, strict=True):
        client.force_login(one.user, backend="django.contrib.auth.backends.ModelBackend")
    found: list[tuple[int, str]] = []

    def post(client: Client) -> None:
        try:
            answer = client.post("/new", {"source_url": url})
            found.append((answer.status_code, answer.get("Retry-After", "")))
        finally:
            connection.close()

    assert alice.get("/services").status_code == 200  # The first in a process loads much, and takes its time.
    connection.close()
    held_before = held()
    threads = [threading.Thread(target=post, args=(client,), daemon=True) for client in clients]
    for thread in threads:
        thread.start()
    time.sleep(1.5)
    began = time.monotonic()
    assert alice.get("/services").status_code == 200
    assert time.monotonic() - began < 30
    deadline = time.monotonic() + 25
    while len(found) < 13 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert sorted(found) == [(429, "20")] * 13
    connection.close()
    while held() > held_before and time.monotonic() < deadline:
        time.sleep(0.1)
    assert held() <= held_before  # Though three are still waiting for an answer.
    hang_up()
    for thread in threads:
        thread.join(timeout=40)
    assert sorted(status for status, _ in found) == [422] * 3 + [429] * 13


def test_it_gives_a_person_one_turn_at_a_time() -> None:
    turns, alice, bob = Turns(3), uuid4(), uuid4()
    with turns.taken_by(alice, wait_seconds=0):
        with pytest.raises(UserError) as refused, turns.taken_by(alice, wait_seconds=0.05):
            pytest.fail("two at once")
        with turns.taken_by(bob, wait_seconds=0):
            pass
    assert (refused.value.status, refused.value.code) == (429, "source:user:busy")
    assert refused.value.hint
    with turns.taken_by(alice, wait_seconds=0):
        pass


def test_it_gives_a_turn_to_who_waits_a_little() -> None:
    turns, got = Turns(1), threading.Event()

    def wait() -> None:
        with turns.taken_by("bob", wait_seconds=30):
            got.set()

    with turns.taken_by("alice"):
        thread = threading.Thread(target=wait)
        thread.start()
        assert not got.wait(0.2)
    assert got.wait(30)
    thread.join()
