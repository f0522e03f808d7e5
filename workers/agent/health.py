"""Asks a container whether it is well: an HTTP path with the real Host header, or a TCP connection.

Not in charge of saying why it is not (`workers.agent.diagnosis`).
"""

from __future__ import annotations

import http.client
import socket
from dataclasses import dataclass

from workers.agent.request import NoConnection, get
from workers.desired import Health, Service


@dataclass(frozen=True)
class Answer:
    """`status` None means that nothing listens, or that no answer came in time."""

    healthy: bool
    status: int | None = None
    listens: bool = False


def ask(address: str, port: int, health: Health, host: str) -> Answer:
    """One try, which ends within the health check's timeout. 2xx and 3xx are healthy."""
    if health.path is None:
        return _ask_tcp(address, port, health.timeout_seconds)
    try:
        response = get(address, port, health.path, host, "slipway-health", health.timeout_seconds)
    except NoConnection:
        return Answer(False)
    except (OSError, http.client.HTTPException, ValueError):  # The last: a host or path that can not be sent.
        return Answer(False, listens=True)
    return Answer(200 <= response.status < 400, response.status, listens=True)


def host_header(service: Service, address: str) -> str:
    """What a visitor's browser would send, so that apps that check it answer."""
    first = service.routes[0].host if service.routes else address
    return service.release.health.host or first


def _ask_tcp(address: str, port: int, timeout: float) -> Answer:
    try:
        socket.create_connection((address, port), timeout=timeout).close()
    except OSError:
        return Answer(False)
    return Answer(True, listens=True)
