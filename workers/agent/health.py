"""Asks a container whether it is well: an HTTP path with the real Host header, or a TCP connection.

Not in charge of saying why it is not (`workers.agent.diagnosis`).
"""

from __future__ import annotations

import http.client
import socket
from dataclasses import dataclass

from workers.desired import Health, Service


@dataclass(frozen=True)
class Answer:
    """`status` None means that nothing listens, or that no answer came in time."""

    healthy: bool
    status: int | None = None
    listens: bool = False


def ask(address: str, port: int, health: Health, host: str) -> Answer:
    """One try. 2xx and 3xx are healthy."""
    if health.path is None:
        return _ask_tcp(address, port, health.timeout_seconds)
    connection = http.client.HTTPConnection(address, port, timeout=health.timeout_seconds)
    try:
        connection.connect()
    except OSError:
        connection.close()
        return Answer(False)
    try:
        connection.request("GET", health.path, headers=_headers(host))
        response = connection.getresponse()
        status = response.status
        response.read(65536)  # Hanging up on a body makes many servers log a broken connection.
    except (OSError, http.client.HTTPException):
        return Answer(False, listens=True)
    finally:
        connection.close()
    return Answer(200 <= status < 400, status, listens=True)


def host_header(service: Service, address: str) -> str:
    """What a visitor's browser would send, so that apps that check it answer."""
    first = service.routes[0].host if service.routes else address
    return service.release.health.host or first


def _headers(host: str) -> dict[str, str]:
    return {"Host": host, "User-Agent": "slipway-health", "Connection": "close"}


def _ask_tcp(address: str, port: int, timeout: float) -> Answer:
    try:
        socket.create_connection((address, port), timeout=timeout).close()
    except OSError:
        return Answer(False)
    return Answer(True, listens=True)
