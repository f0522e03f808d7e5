"""Watches a new release for a while after its switch, and reports how that ended.

Not in charge of bringing the old release back: the control plane decides that from the report.
"""

from __future__ import annotations

import threading
import time

from workers.agent.health import ask, host_header
from workers.agent.reporter import Steps, on_the_wire
from workers.agent.spec import web_process
from workers.agent.world import Replica, World, belongs, replica
from workers.desired import Service
from workers.docker import NotThere
from workers.errors import PlatformError, UserError

LOOK_EVERY, ASK_EVERY = 0.25, 2.0
FAILURES = 5  # Health checks in a row that must fail: slow answers under load are no crash.
WORKER_RESTARTS = 3  # A worker may end once in a while by design; one that keeps ending is broken.


class Observer:
    """A thread for each open window; after a restart of the agent the window goes on where it was."""

    def __init__(self, world: World, stopping: threading.Event) -> None:
        self._world = world
        self._stopping = stopping
        self._open: set[tuple[str, str, int]] = set()

    def watch(self, service: Service, steps: Steps) -> None:
        """Does nothing when the window is watched already, or has ended."""
        key = (service.id, service.deployment, service.fence)
        if key not in self._open and self._world.store.memory(service.id).observed is None:
            self._open.add(key)
            threading.Thread(target=self._run, args=(service, steps, key), name="observe", daemon=True).start()

    def _run(self, service: Service, steps: Steps, key: tuple[str, str, int]) -> None:
        since = self._world.store.memory(service.id).switched_at
        failures = 0
        asked = 0.0
        error: UserError | None = None
        while time.time() < since + service.observation_seconds and error is None:
            if self._stopping.wait(LOOK_EVERY) or not self._is_live(service):
                self._open.discard(key)
                return
            try:
                error = self._crash(service, since)
                if error is None and time.monotonic() - asked >= ASK_EVERY:
                    asked = time.monotonic()
                    failures = 0 if self._well(service) else failures + 1
                    error = _unwell(service, since) if failures >= FAILURES else None
            except PlatformError:
                continue  # The engine is away: nothing is known, so nothing is held against the release.
        told = on_the_wire(error) if error else None
        self._world.store.remember(service.id, observed=error is None, observed_error=told and told.model_dump())
        steps.observed(told)
        self._open.discard(key)

    def _is_live(self, service: Service) -> bool:
        live = self._world.store.memory(service.id).live
        return live is not None and (live.deployment, live.fence) == (service.deployment, service.fence)

    def _running(self, service: Service) -> list[Replica]:
        return [replica(c) for c in self._world.containers(service.id) if belongs(c, service)]

    def _crash(self, service: Service, since: float) -> UserError | None:
        """Only the engine's own restarts count: one that was stopped or removed by hand did not crash."""
        web = web_process(service.release)
        for running in self._running(service):
            if (error := self._restarted(running, web, since)) is not None:
                return error
        return None

    def _restarted(self, running: Replica, web: str | None, since: float) -> UserError | None:
        try:
            told = self._world.engine.inspect(running.id)
        except NotThere:
            return None
        count, state = told["RestartCount"], told["State"]
        count += state["Status"] == "restarting" and count == 0
        if count < (1 if running.process == web else WORKER_RESTARTS):
            return None
        code = state["ExitCode"] if state["Status"] == "restarting" else self._world.exit_codes.get(running.id, "?")
        last = [line for line in self._world.engine.last_lines(running.id, 5) if line.strip()]
        return UserError(
            "deploy:user:crashed-after-switch",
            f"The new release crashed {time.time() - since:.0f} s after the switch: process {running.process} "
            f"exited with code {code}{' (out of memory)' if state['OOMKilled'] else ''}. {' | '.join(last)[-500:]}".strip(),
            hint="The runtime log has its last words. Mend the crash and deploy again.",
        )

    def _well(self, service: Service) -> bool:
        health = service.release.health
        web = web_process(service.release)
        replicas = [r for r in self._running(service) if r.process == web and r.state == "running" and r.port]
        return all(ask(r.address, r.port or 0, health, host_header(service, r.address)).healthy for r in replicas)


def _unwell(service: Service, since: float) -> UserError:
    return UserError(
        "deploy:user:unhealthy-after-switch",
        f"The new release failed its health check {FAILURES} times in a row, {time.time() - since:.0f} s after the switch.",
        hint="The runtime log may say why. Mend it and deploy again.",
    )
