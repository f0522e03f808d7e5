"""Lets go of containers that nothing is routed to any more: in-flight requests finish, then they stop and go.

Each in a thread of its own, so that the next rollout need not wait. Not in charge of which ones are to go.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable

from workers.agent.sockets import ESTABLISHED, sockets
from workers.agent.world import Check, World
from workers.docker_records import Container
from workers.errors import SlipwayError

# The edge may still be handing over requests that it accepted before it took the new route.
QUIET_SECONDS = 0.4
# A sibling that called just when the names were taken calls again after a second: TCP's own wait (RFC 6298).
QUIET_AFTER_NAMES_SECONDS = 2.0
LOOK_EVERY = 0.05


class Drains:
    def __init__(self, world: World, stopping: threading.Event) -> None:
        self._world = world
        self._stopping = stopping
        self._busy: dict[str, object] = {}  # Container -> whose it is: one taken back may be let go of again.
        self._ending: set[str] = set()  # Those that are being stopped, which nobody can take back.
        self._lock = threading.Lock()

    def busy(self) -> set[str]:
        """Ids of containers that are on their way out."""
        with self._lock:
            return set(self._busy)

    def begin(self, containers: list[Container], when_done: Callable[[], None] = lambda: None) -> None:
        """Drain these at the same time; `when_done` is called once, after the last one is gone."""
        with self._lock:
            ours = [c for c in containers if c.id not in self._busy]
            owner = object()
            self._busy.update({c.id: owner for c in ours})
        threading.Thread(target=self._run, args=(ours, owner, when_done), name="drain", daemon=True).start()

    def spare(self, containers: list[Container]) -> set[str]:
        """Take these back: they are wanted again. Gives the ids of those for which it is too late."""
        with self._lock:
            for container in containers:
                if container.id not in self._ending:
                    self._busy.pop(container.id, None)
            return self._ending & {c.id for c in containers}

    def wait_until_gone(self, containers: set[str], check: Check) -> None:
        """Until then their names are taken."""
        while containers & self.busy():
            check()
            time.sleep(LOOK_EVERY)

    def _run(self, containers: list[Container], owner: object, when_done: Callable[[], None]) -> None:
        threads = [threading.Thread(target=self._let_go, args=(c, owner), daemon=True) for c in containers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if not self._stopping.is_set():
            when_done()

    def _let_go(self, container: Container, owner: object) -> None:
        try:
            named = self._take_names(container, owner)
            self._wait_until_quiet(container, owner, QUIET_AFTER_NAMES_SECONDS if named else QUIET_SECONDS)
            if not self._stopping.is_set() and self._may_end(container.id, owner):
                self._world.dispose(container.id, float(container.label("stop_seconds") or 30))
        except SlipwayError as error:
            print(f"{container.name} could not be removed yet: {error.message}", file=sys.stderr, flush=True)
        finally:
            with self._lock:
                if self._is_owned(container.id, owner):
                    del self._busy[container.id]
                    self._ending.discard(container.id)

    def _take_names(self, container: Container, owner: object) -> bool:
        """Whether it had any. One that keeps them goes nevertheless."""
        try:
            return self._world.names.take(container, lambda: self._is_owned(container.id, owner))
        except SlipwayError as error:
            print(f"{container.name} keeps its names until it ends: {error.message}", file=sys.stderr, flush=True)
            return False

    def _is_owned(self, container: str, owner: object) -> bool:
        return self._busy.get(container) is owner

    def _may_end(self, container: str, owner: object) -> bool:
        """From here on it can not be taken back."""
        with self._lock:
            if not self._is_owned(container, owner):
                return False
            self._ending.add(container)
            return True

    def _wait_until_quiet(self, container: Container, owner: object, quiet_seconds: float) -> None:
        port = container.label("port")
        pid = self._world.pid(container.id) if port else None
        if pid is None:
            return
        now = time.monotonic()
        deadline, quiet_since = now + float(container.label("drain_seconds") or 30), now
        while now < deadline and now - quiet_since < quiet_seconds and not self._stopping.wait(LOOK_EVERY):
            if not self._is_owned(container.id, owner):
                return
            now = time.monotonic()
            if in_flight(pid, int(port)):
                quiet_since = now


def in_flight(pid: int, port: int) -> int:
    """Connections from outside into a container's port, seen in its own network namespace."""
    return sum(
        s.state == ESTABLISHED and s.local_port == port and not s.remote.startswith("127.")
        for s in sockets(f"/proc/{pid}/net")
    )
