"""Lets go of containers that nothing is routed to any more: in-flight requests finish, then they stop and go.

Each in a thread of its own, so that the next rollout need not wait. Not in charge of which ones are to go.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable

from workers.agent.sockets import ESTABLISHED, sockets
from workers.agent.world import World
from workers.docker import Container
from workers.errors import SlipwayError

# The edge may still be handing over requests that it accepted before it took the new route.
QUIET_SECONDS = 0.4


class Drains:
    def __init__(self, world: World, stopping: threading.Event) -> None:
        self._world = world
        self._stopping = stopping
        self._busy: set[str] = set()
        self._lock = threading.Lock()

    def busy(self) -> set[str]:
        """Ids of containers that are on their way out."""
        with self._lock:
            return set(self._busy)

    def begin(self, containers: list[Container], when_done: Callable[[], None] = lambda: None) -> None:
        """Drain these at the same time; `when_done` is called once, after the last one is gone."""
        with self._lock:
            ours = [c for c in containers if c.id not in self._busy]
            self._busy.update(c.id for c in ours)
        threading.Thread(target=self._run, args=(ours, when_done), name="drain", daemon=True).start()

    def _run(self, containers: list[Container], when_done: Callable[[], None]) -> None:
        threads = [threading.Thread(target=self._let_go, args=(c,), daemon=True) for c in containers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if not self._stopping.is_set():
            when_done()

    def _let_go(self, container: Container) -> None:
        try:
            self._wait_until_quiet(container)
            if not self._stopping.is_set():
                self._world.dispose(container.id, float(container.label("stop_seconds") or 30))
        except SlipwayError as error:
            print(f"{container.name} could not be removed yet: {error.message}", file=sys.stderr, flush=True)
        finally:
            with self._lock:
                self._busy.discard(container.id)

    def _wait_until_quiet(self, container: Container) -> None:
        port = container.label("port")
        pid = self._world.pid(container.id) if port else None
        if pid is None:
            return
        now = time.monotonic()
        deadline, quiet_since = now + float(container.label("drain_seconds") or 30), now
        while now < deadline and now - quiet_since < QUIET_SECONDS and not self._stopping.wait(0.05):
            now = time.monotonic()
            if in_flight(pid, int(port)):
                quiet_since = now


def in_flight(pid: int, port: int) -> int:
    """Connections from outside into a container's port, seen in its own network namespace."""
    return sum(
        s.state == ESTABLISHED and s.local_port == port and not s.remote.startswith("127.")
        for s in sockets(f"/proc/{pid}/net")
    )
