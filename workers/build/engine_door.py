"""The engine's API as a command may use it that makes containers for a build: each has the build's limits and our labels.

A socket of our own passes everything on; what is asked to be created is rewritten first. One request a connection, so
that nothing after its head needs to be understood. Not in charge of who may use it: it stands in a private folder.
"""

from __future__ import annotations

import json
import os
import re
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from workers.build.job import BuildLimits
from workers.build.limits_group import PIDS

MOST_BYTES = 4 * 1024**2  # Of a head, and of what describes a container.
CREATE = re.compile(rb"POST (?:/v[\d.]+)?/containers/create[? ]")
SOCKET = "/var/run/docker.sock"


@dataclass
class Made:
    """What was asked for by names of the command's own, for who sweeps after it."""

    volumes: set[str] = field(default_factory=set)
    images: set[str] = field(default_factory=set)

    def note(self, asked: Mapping[str, Any], prefix: str) -> None:
        sources = (str(bind).partition(":")[0] for bind in asked.get("HostConfig", {}).get("Binds") or ())
        self.volumes |= {source for source in sources if source.startswith(f"{prefix}-")}
        self.images |= {image for image in (str(asked.get("Image")),) if image.startswith(f"{prefix}.local/")}


def limited_container(
    asked: Mapping[str, Any], limits: BuildLimits, labels: Mapping[str, str], parent: str
) -> dict[str, Any]:
    """A request to create a container, with limits that hold for it; `parent` is a control group, "" for the usual."""
    cpus = min(limits.cpus, os.cpu_count() or 1)
    bounds = {
        "Memory": limits.memory_bytes,
        "MemorySwap": limits.memory_bytes,
        "NanoCpus": round(cpus * 1e9),
        "PidsLimit": PIDS,
        "Privileged": False,
        **({"CgroupParent": parent} if parent else {}),
    }
    return {
        **asked,
        "Labels": {**(asked.get("Labels") or {}), **labels},
        "HostConfig": {**(asked.get("HostConfig") or {}), **bounds},
    }


def gives_engine(asked: Mapping[str, Any], prefix: str, engine: str) -> bool:
    """Whether what a repository or a buildpack wrote would be run beside the engine's socket."""
    binds = (str(bind).partition(":")[0] for bind in (asked.get("HostConfig") or {}).get("Binds") or ())
    return str(asked.get("Image")).startswith(f"{prefix}.local/builder/") and engine in binds


def rewritten_head(head: bytes, length: int | None = None) -> bytes:
    """The head of a request that is the connection's last, and of another `length` where the body was rewritten."""
    first, *lines = head.rstrip(b"\r\n").split(b"\r\n")
    names = [(line.partition(b":")[0].strip().lower(), line) for line in lines]
    is_upgrade = any(name == b"upgrade" for name, _ in names)
    gone = set() if is_upgrade else {b"connection"}
    gone |= {b"content-length"} if length is not None else set()
    kept = [line for name, line in names if name not in gone]
    kept += [] if is_upgrade else [b"Connection: close"]
    kept += [] if length is None else [b"Content-Length: %d" % length]
    return b"\r\n".join([first, *kept, b"", b""])


@contextmanager
def engine_door(
    limits: BuildLimits, labels: Mapping[str, str], parent: str, prefix: str, engine: str
) -> Iterator[tuple[str, Made]]:
    """The address of the socket, and what was made through it so far. `engine` is the path of the engine's own."""
    made = Made()
    with TemporaryDirectory(prefix="slipway-door-") as folder, socket.socket(socket.AF_UNIX) as listener:
        path = Path(folder) / "engine.sock"
        listener.bind(str(path))
        listener.listen(16)

        def rewrite(body: bytes) -> bytes:
            asked = json.loads(body)
            if gives_engine(asked, prefix, engine):
                raise ValueError("a builder image is not given the engine")
            made.note(asked, prefix)
            return json.dumps(limited_container(asked, limits, labels, parent)).encode()

        def accept() -> None:
            with suppress(OSError):  # Closed: the build is over.
                while True:
                    client, _ = listener.accept()
                    threading.Thread(target=_serve, args=(client, engine, rewrite), daemon=True).start()

        threading.Thread(target=accept, name="engine-door", daemon=True).start()
        try:
            yield f"unix://{path}", made
        finally:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)


def _serve(client: socket.socket, engine: str, rewrite: Any) -> None:
    with client, socket.socket(socket.AF_UNIX) as there, suppress(OSError, ValueError):
        head, body = _head(client)
        if CREATE.match(head):
            body = rewrite(_whole(client, head, body))
            head = rewritten_head(head, len(body))
        else:
            head = rewritten_head(head)
        there.connect(engine)
        there.sendall(head + body)
        onward = threading.Thread(target=_pass, args=(client, there), daemon=True)
        onward.start()
        _pass(there, client)
        with suppress(OSError):
            client.shutdown(socket.SHUT_RD)
        onward.join()


def _head(client: socket.socket) -> tuple[bytes, bytes]:
    got = b""
    while b"\r\n\r\n" not in got:
        chunk = client.recv(65536)
        if not chunk or len(got) > MOST_BYTES:
            raise ValueError("no request")
        got += chunk
    head, _, rest = got.partition(b"\r\n\r\n")
    return head + b"\r\n\r\n", rest


def _whole(client: socket.socket, head: bytes, body: bytes) -> bytes:
    length = re.search(rb"(?im)^content-length:\s*(\d+)", head)
    if length is None or int(length[1]) > MOST_BYTES:
        raise ValueError("a container is described in one piece")
    while len(body) < int(length[1]):
        chunk = client.recv(65536)
        if not chunk:
            raise ValueError("half a request")
        body += chunk
    return body


def _pass(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while chunk := source.recv(65536):
            target.sendall(chunk)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
