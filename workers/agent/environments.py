"""Which environment a container is of, and who inherits what was made before environments were named.

A container without the label is of the environment that wants its deployment, or where that deployment is live, or of
the only one that the service is wanted in: so a newer agent or control plane restarts no app.
"""

from __future__ import annotations

from collections.abc import Iterable

from workers.agent.store import Store
from workers.desired import NO_ENVIRONMENT, Service, key_of
from workers.docker_records import Container
from workers.traefik import Routes

_ID = 36  # Letters of a uuid.


class Environments:
    """Not in charge of what should run; `want` tells what does."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._wanted: list[Service] = []

    def want(self, services: list[Service]) -> None:
        self._wanted = services

    def of(self, container: Container) -> str:
        named = container.label("environment")
        return named or self._heir(container.label("service"), container.label("deployment"))

    def have_callers(self, project: str, service: str) -> bool:
        """Whether something else is wanted that may call it by its names: a sibling, or another process of its own."""
        here = [s for s in self._wanted if s.project == project]
        mine = [s for s in here if s.id == service]
        return bool(mine) and (len(here) > len(mine) or any(len(s.release.processes) > 1 for s in mine))

    def key(self, container: Container) -> str:
        return key_of(container.label("service"), self.of(container))

    def hand_over(self, routes: Routes, working: Iterable[str]) -> None:
        """What stands under a service's id alone goes to its heir, but for the keys that are worked on just now."""
        wanted = {service.key for service in self._wanted}
        for old in {key for key in self._store.services() | routes.services() if len(key) == _ID} - wanted:
            live = self._store.memory(old).live
            heir = key_of(old, self._heir(old, live.deployment if live else ""))
            if heir in wanted and old not in working and heir not in working:
                self._store.rename(old, heir)
                routes.rename(old, heir)

    def _heir(self, service: str, deployment: str) -> str:
        wanted = [s for s in self._wanted if s.id == service]
        named = [s.environment for s in wanted if s.deployment == deployment]
        keys = [k for k in self._store.services() if k.startswith(service) and len(k) > _ID]
        named += [k[_ID + 1 :] for k in keys if self._has_live(k, deployment)]
        named += [s.environment for s in wanted if len(wanted) == 1]
        return next(iter(named), NO_ENVIRONMENT)

    def _has_live(self, key: str, deployment: str) -> bool:
        live = self._store.memory(key).live
        return live is not None and live.deployment == deployment


def service_of(key: str) -> str:
    return key[:_ID]
