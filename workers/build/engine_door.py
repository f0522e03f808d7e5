"""A socket to the engine for one build: what its rules allow is passed on, the rest is answered here.

Each request gets a connection of its own to the engine, which so reads none that was not looked at. Not in charge of the
rules, nor of who may use it: it stands in a private folder.
"""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedReader
from pathlib import Path
from tempfile import TemporaryDirectory

from workers.build.engine_rules import Refused, Rules

LONGEST_LINE = 65536
MOST_BYTES = 4 * 1024**2  # Of a head, and of what describes a container.
SOCKET = "/var/run/docker.sock"


@contextmanager
def engine_door(rules: Rules, engine: str) -> Iterator[str]:
    """The address of the socket, which stands at `rules.door`; `engine` is the path of the engine's own."""
    folder = Path(rules.door).parent
    folder.mkdir(mode=0o700)
    with TemporaryDirectory(prefix="slipway-door-") as near, socket.socket(socket.AF_UNIX) as listener:
        short = (
            Path(near) / "to"
        )  # Addresses of sockets have at most 107 letters; the engine is to find it by its real one.
        short.symlink_to(folder.resolve())
        address = short / Path(rules.door).name
        listener.bind(str(address))
        listener.listen(16)

        def accept() -> None:
            with suppress(OSError):  # Closed: the build is over.
                while True:
                    client, _ = listener.accept()
                    threading.Thread(target=_serve, args=(client, engine, rules), daemon=True).start()

        threading.Thread(target=accept, name="engine-door", daemon=True).start()
        try:
            yield f"unix://{address}"
        finally:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)


def _serve(client: socket.socket, engine: str, rules: Rules) -> None:
    """A lifecycle opens one connection, as root, and asks all by that; each request gets one of its own to the engine."""
    with client, client.makefile("rb") as said, suppress(OSError, ValueError):
        while head := _head(said):
            body = _body(said, head)
            try:
                if _answer(client, engine, rules, head, body) == "attach":
                    return  # What was heard has ended, and that is told by closing.
            except Refused as error:
                for _ in body:  # The next request begins behind it.
                    pass
                client.sendall(_refusal(str(error)))


def _answer(client: socket.socket, engine: str, rules: Rules, head: bytes, body: Iterator[bytes]) -> str:
    method, target, _ = head.partition(b"\r\n")[0].decode("latin-1").split(" ")
    kind, length = rules.judge(method, target), None
    if kind == "create":
        described = _rewritten(rules, body)
        body, length = iter([described]), len(described)
    with socket.socket(socket.AF_UNIX) as there:
        there.connect(engine)
        there.sendall(rewritten_head(head, length, keeps_upgrade=kind == "attach"))
        with suppress(OSError):  # It may have answered before it had all: then that is told.
            for part in body:
                there.sendall(part)
        with there.makefile("rb") as answer:
            parts = _told(answer)
            for part in _noted(parts, rules) if kind == "create" else parts:
                client.sendall(part)
    return kind


def _rewritten(rules: Rules, body: Iterator[bytes]) -> bytes:
    text = b""
    for part in body:
        text += part
        if len(text) > MOST_BYTES:
            raise Refused("A container is described in few words.")
    try:
        return json.dumps(rules.container(json.loads(text))).encode()
    except (ValueError, RecursionError) as error:
        raise Refused("A container is described in JSON.") from error


def _told(answer: BufferedReader) -> Iterator[bytes]:
    """The engine's answer, without the word that its connection ends: the other one goes on."""
    line = b""
    while line != b"\r\n" and (line := answer.readline(LONGEST_LINE)):
        if line.lower() != b"connection: close\r\n":
            yield line
    yield from iter(lambda: answer.read1(65536), b"")


def _noted(parts: Iterator[bytes], rules: Rules) -> Iterator[bytes]:
    """The whole answer, with the container that it made."""
    answer = b"".join(parts)
    if found := re.search(rb'"Id":\s*"([0-9a-f]{64})"', answer):
        rules.made.containers.add(found[1].decode())
    yield answer


def rewritten_head(head: bytes, length: int | None = None, *, keeps_upgrade: bool = False) -> bytes:
    """The head of a request that is the connection's last, and of another `length` where the body was rewritten."""
    first, *lines = head.rstrip(b"\r\n").split(b"\r\n")
    gone = set() if keeps_upgrade else {b"connection", b"upgrade"}
    gone |= {b"content-length", b"transfer-encoding"} if length is not None else set()
    kept = [line for line in lines if line.partition(b":")[0].strip().lower() not in gone]
    kept += [] if keeps_upgrade else [b"Connection: close"]
    kept += [] if length is None else [b"Content-Length: %d" % length]
    return b"\r\n".join([first, *kept, b"", b""])


def _refusal(sentence: str) -> bytes:
    body = json.dumps({"message": f"Slipway's builds: {sentence}"}).encode()
    return b"HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body


def _head(said: BufferedReader) -> bytes:
    """Of the next request; empty when there is none. ValueError for what the engine could read in another way."""
    head = said.readline(LONGEST_LINE)
    if head and not re.fullmatch(rb"[A-Z]+ \S+ HTTP/1\.1\r\n", head):
        raise ValueError("no request")
    while head and not head.endswith(b"\r\n\r\n"):
        line = said.readline(LONGEST_LINE)
        head += line
        if not line.endswith(b"\r\n") or len(head) > MOST_BYTES or b"form-urlencoded" in line.lower():
            raise ValueError("no head of a request")
    return head


def _body(said: BufferedReader, head: bytes) -> Iterator[bytes]:
    """In pieces, as they are written."""
    if not re.search(rb"(?im)^transfer-encoding:\s*chunked\s*$", head):
        length = re.search(rb"(?im)^content-length:\s*(\d+)\s*$", head)
        yield from _exactly(said, int(length[1]) if length else 0)
        return
    size = 1
    while size:
        line = said.readline(LONGEST_LINE)
        size = int(line.partition(b";")[0], 16)
        yield line
        yield from _exactly(said, size + 2)  # And the end of the line.


def _exactly(said: BufferedReader, count: int) -> Iterator[bytes]:
    while count:
        part = said.read(min(count, 65536))
        if not part:
            raise ValueError("half a request")
        count -= len(part)
        yield part
