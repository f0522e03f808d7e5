"""One GET to an app that is not trusted: the whole of it ends at a deadline, however slowly the answer drips.

Not in charge of what the answer means.
"""

from __future__ import annotations

import http.client
import socket
import time
from dataclasses import dataclass
from typing import Any

BODY_BYTES = 65536  # Hanging up on a body makes many servers log a broken connection.


class _Connection(socket.socket):
    """Reads and writes until a moment: a socket's own timeout begins anew with every byte."""

    ends_at = 0.0

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        self.settimeout(self._left())
        return super().recv_into(buffer, nbytes, flags)

    def sendall(self, data: Any, flags: int = 0) -> None:
        self.settimeout(self._left())
        super().sendall(data, flags)

    def _left(self) -> float:
        left = self.ends_at - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer was not there in time")
        return left


@dataclass(frozen=True)
class Response:
    status: int
    headers: http.client.HTTPMessage


class NoConnection(OSError):
    """Nothing listens there, or it could not be reached in time."""


def get(address: str, port: int, path: str, host: str, agent: str, seconds: float) -> Response:
    """Raises NoConnection, another OSError, or `http.client.HTTPException` for what is no HTTP."""
    ends_at = time.monotonic() + seconds
    connection = http.client.HTTPConnection(address, port)
    try:
        connection.sock = _connected(address, port, ends_at)
        headers = {"Host": host, "User-Agent": agent, "Connection": "close"}
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        answer.read(BODY_BYTES)
        return Response(answer.status, answer.headers)
    finally:
        connection.close()


def _connected(address: str, port: int, ends_at: float) -> _Connection:
    try:
        plain = socket.create_connection((address, port), timeout=max(0.001, ends_at - time.monotonic()))
    except OSError as error:
        raise NoConnection(str(error)) from error
    connection = _Connection(fileno=plain.detach())
    connection.ends_at = ends_at
    return connection
