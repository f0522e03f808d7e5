"""Proves a switch: a request through the edge is answered by the wanted deployment.

Not in charge of writing the route, nor of what to do when it is not taken.
"""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from workers.agent.request import get
from workers.desired import Service
from workers.errors import PlatformError
from workers.traefik import DEPLOYMENT_HEADER, RELEASE_HEADER

DEADLINE_SECONDS = 10.0
ASK_SECONDS = 2.0  # The app's own answer, however it drips, must not keep a switch for longer.


def wait_until_routed(edge_url: str, service: Service, check: Callable[[], None]) -> None:
    """Returns once the edge answers with the release; every 10 ms at first. PlatformError at the deadline."""
    started = time.monotonic()
    told = "nothing"
    while time.monotonic() - started < DEADLINE_SECONDS:
        check()
        done, told = _ask(edge_url, service)
        if done:
            return
        time.sleep(0.01 if time.monotonic() - started < 1 else 0.1)
    raise PlatformError(
        "deploy:platform:route-not-taken",
        f"The edge did not switch to the new release within {DEADLINE_SECONDS:.0f} s (it answered {told}).",
        hint="Is the edge running, and does it read the routes folder?",
    )


def _ask(edge_url: str, service: Service) -> tuple[bool, str]:
    """A health path is known to answer well, so there a 503 is not the app's own. Elsewhere it may be."""
    route = service.routes[0]
    health = service.release.health.path
    path = health if health and health.startswith(route.path) else route.path
    edge = urlsplit(edge_url)
    address = edge.hostname or "127.0.0.1", edge.port or 80
    try:
        answer = get(*address, path, route.host, "slipway-probe", ASK_SECONDS)
    except (OSError, http.client.HTTPException) as error:
        return False, type(error).__name__
    unwanted = (502, 503, 504) if path == health else (502, 504)
    named = answer.headers.get(RELEASE_HEADER), answer.headers.get(DEPLOYMENT_HEADER)
    return named == (service.release.id, service.deployment) and answer.status not in unwanted, str(answer.status)
