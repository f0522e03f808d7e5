"""The only module that writes routes: one Traefik file per service, written whole and renamed.

Not in charge of starting Traefik (`workers.edge`), nor of when a route changes (`workers.agent.rollout`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from workers.desired import Route, Service
from workers.errors import PlatformError, UserError

RELEASE_HEADER = "X-Slipway-Release"
DEPLOYMENT_HEADER = "X-Slipway-Deployment"

# RFC 1123 labels in lower case; no wildcard, no port, no trailing dot: what is not in here can not end a rule's quotes.
_HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*\Z")
_PATH = re.compile(r"/[A-Za-z0-9._~/-]*\Z")


def rule(route: Route) -> str:
    """Traefik's rule for a route. Raises UserError for a host or path outside the grammar."""
    if not _HOST.match(route.host):
        raise UserError("route:user:bad-host", f"{route.host[:100]!r} is not a host name that can be routed.")
    if not _PATH.match(route.path):
        raise UserError("route:user:bad-path", f"{route.path[:100]!r} is not a path that can be routed.")
    host = f"Host(`{route.host}`)"
    return host if route.path == "/" else f"{host} && PathPrefix(`{route.path}`)"


def service_file(service: Service, addresses: Sequence[str]) -> dict[str, Any]:
    """The whole file of a service whose live containers listen at `addresses` (`10.0.0.2:8000`).

    The middleware names release and deployment in each answer: that is how a switch is seen to be done. Idle
    connections last a second, so that a container that is being drained is let go of quickly.
    """
    name = service.key
    told = {RELEASE_HEADER: service.release.id, DEPLOYMENT_HEADER: service.deployment}
    routers = {
        f"{name}-{number}": {"rule": rule(route), "service": name, "middlewares": [name]}
        for number, route in enumerate(service.routes)
    }
    balancer = {
        "servers": [{"url": f"http://{address}"} for address in addresses],
        "passHostHeader": True,
        "serversTransport": name,
    }
    timeouts = {"dialTimeout": "5s", "responseHeaderTimeout": "0s", "idleConnTimeout": "1s"}
    return {
        "http": {
            "routers": routers,
            "services": {name: {"loadBalancer": balancer}},
            "middlewares": {name: {"headers": {"customResponseHeaders": told}}},
            "serversTransports": {name: {"forwardingTimeouts": timeouts, "maxIdleConnsPerHost": 200}},
        }
    }


class Routes:
    """The folder that Traefik watches. A service is named by its `Service.key`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, service: str) -> bytes | None:
        """The file as it is, or None."""
        try:
            return self._path(service).read_bytes()
        except FileNotFoundError:
            return None

    def write(self, service: str, content: dict[str, Any]) -> None:
        self.restore(service, encoded(content))

    def restore(self, service: str, content: bytes | None) -> None:
        """Put back what `read` gave."""
        if content is None:
            self.remove(service)
            return
        path = self._path(service)
        draft = path.with_name(f".{path.name}.draft")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(content)
            draft.chmod(0o644)  # The edge reads it as a root without rights over other people's files.
            draft.replace(path)
        except OSError as error:
            raise PlatformError("route:platform:not-written", f"A route could not be written: {error}.") from error

    def remove(self, service: str) -> None:
        self._path(service).unlink(missing_ok=True)

    def rename(self, service: str, new: str) -> None:
        """Does nothing when there is no such file, or one of that name already."""
        if self._path(service).exists() and not self._path(new).exists():
            self._path(service).rename(self._path(new))

    def services(self) -> set[str]:
        """Keys of the services that have a file."""
        return {path.stem for path in self.folder.glob("*.yml")}

    def _path(self, service: str) -> Path:
        if not re.fullmatch(r"[0-9a-f-]{36}(-[0-9a-f-]{36})?", service):
            raise PlatformError("route:platform:bad-id", "A route is named by a service's key.", retry=False)
        return self.folder / f"{service}.yml"


def encoded(content: dict[str, Any]) -> bytes:
    """As it stands in the file: the same content gives the same bytes."""
    return yaml.safe_dump(content, sort_keys=True, width=1000).encode()
