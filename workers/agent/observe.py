"""Watches a new release for a while after its switch, and reports how that ended.

Not in charge of bringing the old release back: the control plane decides that from the report.
"""

from __future__ import annotations

import sys
import threading
import time
import traceback

from workers.agent.health import ask, host_header
from workers.agent.own_check import is_unwell
from workers.agent.redaction import last_lines, redactor_of, told
from workers.agent.reporter import Steps
from workers.agent.spec import web_process
from workers.agent.world import Replica, World, belongs, replica
from workers.desired import Service
from workers.docker_errors import NotThere
from workers.errors import PlatformError, UserError
from workers.redact import Redactor

LOOK_EVERY, ASK_EVERY = 0.25, 2.0
AGAIN_SECONDS = 2.0
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
        if not self.is_watching(service) and self._world.store.memory(service.key).observed is None:
            self._open.add(_key(service))
            threading.Thread(target=self._run, args=(service, steps), name="observe", daemon=True).start()

    def is_watching(self, service: Service) -> bool:
        return _key(service) in self._open

    def _run(self, service: Service, steps: Steps) -> None:
        try:
            self._watch(service, steps)
        except Exception:  # Whatever it was, the window must end: it is opened again, and goes on where it was.
            print(traceback.format_exc(), file=sys.stderr, flush=True)
            self._stopping.wait(AGAIN_SECONDS)
        finally:
            self._open.discard(_key(service))

    def _watch(self, service: Service, steps: Steps) -> None:
        since = self._world.store.memory(service.key).switched_at
        failures = 0
        asked = 0.0
        error: UserError | None = None
        while time.time() < since + service.observation_seconds and error is None:
            if self._stopping.wait(LOOK_EVERY) or not self._is_live(service):
                return
            try:
                error = self._crash(service, since)
                if error is None and time.monotonic() - asked >= ASK_EVERY:
                    asked = time.monotonic()
                    failures = 0 if self._well(service) else failures + 1
                    error = _unwell(service, since) if failures >= FAILURES else None
            except PlatformError:
                continue  # The engine is away: nothing is known, so nothing is held against the release.
        report = told(error, service) if error else None
        self._world.store.remember(service.key, observed=error is None, observed_error=report and report.model_dump())
        steps.observed(report)

    def _is_live(self, service: Service) -> bool:
        live = self._world.store.memory(service.key).live
        return live is not None and (live.deployment, live.fence) == (service.deployment, service.fence)

    def _running(self, service: Service) -> list[Replica]:
        return [replica(c) for c in self._world.containers(service) if belongs(c, service)]

    def _crash(self, service: Service, since: float) -> UserError | None:
        """Only the engine's own restarts count: one that was stopped or removed by hand did not crash."""
        web = web_process(service.release)
        for running in self._running(service):
            if (error := self._restarted(running, web, since, redactor_of(service.release))) is not None:
                return error
        return None

    def _restarted(self, running: Replica, web: str | None, since: float, redacting: Redactor) -> UserError | None:
        try:
            seen = self._world.engine.inspect(running.id)
        except NotThere:
            return None
        count, state = seen["RestartCount"], seen["State"]
        count += state["Status"] == "restarting" and count == 0
        if count < (1 if running.process == web else WORKER_RESTARTS):
            return None
        code = state["ExitCode"] if state["Status"] == "restarting" else self._world.exit_codes.get(running.id, "?")
        said = last_lines(self._world.engine, running.id, 5, redacting)
        last = [line for line in said if line.strip()]
        return UserError(
            "deploy:user:crashed-after-switch",
            f"The new release crashed {time.time() - since:.0f} s after the switch: process {running.process} "
            f"exited with code {code}{' (out of memory)' if state['OOMKilled'] else ''}. {' | '.join(last)[-500:]}".strip(),
            hint="The runtime log has its last words. Mend the crash and deploy again.",
        )

    def _well(self, service: Service) -> bool:
        health = service.release.health
        if health.command is not None:
            running = [r for r in self._running(service) if r.state == "running"]
            return not any(is_unwell(self._world.engine, r.id) for r in running)
        web = web_process(service.release)
        replicas = [r for r in self._running(service) if r.process == web and r.state == "running" and r.port]
        return all(ask(r.address, r.port or 0, health, host_header(service, r.address)).healthy for r in replicas)


def _key(service: Service) -> tuple[str, str, int]:
    return service.key, service.deployment, service.fence


def _unwell(service: Service, since: float) -> UserError:
    return UserError(
        "deploy:user:unhealthy-after-switch",
        f"The new release failed its health check {FAILURES} times in a row, {time.time() - since:.0f} s after the switch.",
        hint="The runtime log may say why. Mend it and deploy again.",
    )
