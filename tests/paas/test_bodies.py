"""Bodies that are too large, over real HTTP: nobody has to sign in to send one."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from paas.asgi import application
from paas.bodies import MOST_BYTES, BoundedBodies

MB = 1024 * 1024


@contextmanager
def serving(app: Any) -> Iterator[int]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_level="critical"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(timeout=20)
        listener.close()


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with serving(application) as port:
        yield port


def told(port: int, head: str, *, chunks: int = 0, size: int = 64 * 1024) -> tuple[bytes, int]:
    """Everything that was answered, and how many bytes of the chunked body were taken before."""
    sent = 0
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.sendall(f"{head}\r\nHost: localhost\r\n\r\n".encode())
        try:
            for _ in range(chunks):
                client.sendall(b"%x\r\n%s\r\n" % (size, b"x" * size))
                sent += size
        except OSError:
            pass  # It has hung up.
        answer = b""
        try:
            while more := client.recv(65536):
                answer += more
        except ConnectionResetError:
            pass
    return answer, sent


def open_bytes() -> int:
    """What this process has in files that no folder shows: where a body is kept."""
    total = 0
    for link in Path("/proc/self/fd").iterdir():
        try:
            if "(deleted)" in str(link.readlink()):
                total += link.stat().st_blocks * 512
        except FileNotFoundError:
            continue
    return total


def test_it_refuses_a_body_by_its_announced_length_and_reads_nothing_of_it(port: int) -> None:
    began = time.monotonic()
    answer, _ = told(port, "POST /api/v1/apps HTTP/1.1\r\nContent-Length: 5000000000")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 413")
    assert b"content-type: application/problem+json" in head
    assert json.loads(body)["code"] == "api:user:too-large"
    assert time.monotonic() - began < 30


def test_it_cuts_off_a_body_that_says_no_length(port: int) -> None:
    before, most = open_bytes(), 0
    done = threading.Event()

    def watch() -> None:
        nonlocal most
        while not done.wait(0.01):
            most = max(most, open_bytes() - before)

    watcher = threading.Thread(target=watch)
    watcher.start()
    answer, sent = told(port, "POST /sign-in HTTP/1.1\r\nTransfer-Encoding: chunked", chunks=1600)
    done.set()
    watcher.join()
    assert sent < 40 * MB  # Of 100; some of it stands in the buffers of the two sockets.
    assert answer == b"" or answer.startswith(b"HTTP/1.1 413")
    assert most <= MOST_BYTES + MB
    assert open_bytes() - before < MB


def test_it_lets_through_what_is_allowed() -> None:
    async def count(scope: Any, receive: Any, send: Any) -> None:
        seen, more = 0, True
        while more:
            message = await receive()
            seen += len(message.get("body", b""))
            more = message.get("more_body", False)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": str(seen).encode()})

    with serving(BoundedBodies(count, most=100_000)) as port:
        with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
            client.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n" + b"x" * 100_000)
            assert client.recv(65536).startswith(b"HTTP/1.1 200")
        with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
            client.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100001\r\n\r\n")
            answer = client.recv(65536)
            assert answer.startswith(b"HTTP/1.1 413")
            assert b"text/plain" in answer
