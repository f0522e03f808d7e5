"""Ships what containers write to the control plane: batches in order, redacted, with back-pressure by position.

One thread. What is not sent yet stays in the engine's files; where each container stands is on disk before a batch
leaves, so that after a restart the very same batch is sent again under the same cursor, and dropped if it was seen.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from datetime import UTC, datetime
from typing import Any

from workers.agent.client import ControlPlane
from workers.agent.log_source import Positions, Source, secrets_of
from workers.docker import Container, Engine, NotThere
from workers.errors import PlatformError
from workers.redact import Redactor

BUSY_PAUSE, IDLE_PAUSE = 0.015, 0.04
BUSY_SECONDS = 2.0  # How long after a line the short pause is kept.
FINISH_SECONDS = 10.0
BATCHES_AT_ONCE = 16


class LogShipper:
    def __init__(self, engine: Engine, control: ControlPlane, positions: Positions) -> None:
        self._engine = engine
        self._control = control
        self._positions = positions
        self._sources: dict[str, Source] = {}
        self._extra: list[dict[str, Any]] = []
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="logs", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, seconds: float) -> None:
        self._stopping.set()
        self._thread.join(seconds)

    def track(self, container: Container) -> None:
        """Follow it from where it was left, or from its first line."""
        if container.id in self._sources:
            return
        try:
            told = self._engine.inspect(container.id)
        except NotThere:
            return
        with self._lock:
            if container.id not in self._sources:
                self._sources[container.id] = Source(container, told, self._engine, self._positions)

    def sync(self, containers: list[Container], seen_at: float) -> None:
        """Follow these, and let go of those that are gone. `seen_at`: `time.monotonic()` before the engine was asked."""
        for container in containers:
            self.track(container)
        here = {container.id for container in containers}
        with self._lock:
            for source in self._sources.values():
                if source.container.id not in here and source.since < seen_at:
                    source.ending = True

    def finish(self, container: str, seconds: float = FINISH_SECONDS) -> None:
        """Returns once a stopped container's last line is stored, or after `seconds` without a control plane."""
        with self._lock:
            source = self._sources.get(container)
        if source is not None:
            source.ending = True
            source.done.wait(seconds)
            self._forget(source)

    def tell_deployment(self, container: Container, lines: list[str]) -> None:
        """A failed container's last lines, for the deployment's own log."""
        try:
            redactor = Redactor(secrets_of(self._engine.inspect(container.id)))
        except NotThere:
            redactor = Redactor([])
        now = datetime.now(UTC).isoformat()
        told = [{"at": now, "text": redactor.redact(line)[:65536], "kind": "line", "level": "out"} for line in lines]
        batch = {
            "service": container.label("service"),
            "deployment": container.label("deployment"),
            "process": container.label("process"),
            "container": f"{container.name}:last-lines",
            "cursor": 1,
            "lines": told,
        }
        if told:
            with self._lock:
                self._extra.append(batch)

    def _run(self) -> None:
        busy_until = 0.0
        while not self._stopping.is_set():
            batches, senders = self._collect()
            if batches:
                if not self._send(batches):
                    return
                busy_until = time.monotonic() + BUSY_SECONDS
            if not any(source.full for source in senders):
                self._stopping.wait(BUSY_PAUSE if time.monotonic() < busy_until else IDLE_PAUSE)

    def _collect(self) -> tuple[list[dict[str, Any]], list[Source]]:
        with self._lock:
            batches, self._extra = self._extra, []
            sources = list(self._sources.values())
        senders: list[Source] = []
        for source in sources:
            batch = self._next_of(source)
            if batch is not None:
                batches.append(batch)
                senders.append(source)
            elif source.ending:
                self._forget(source)
            if len(batches) >= BATCHES_AT_ONCE:
                break
        self._rotate(senders)
        return batches, senders

    def _next_of(self, source: Source) -> dict[str, Any] | None:
        """One log that can not be read must not hold up the others."""
        try:
            return source.next_batch()
        except OSError as error:
            print(f"the log of {source.container.name} is not read: {error}", file=sys.stderr, flush=True)
            self._stopping.wait(0.5)
            return None

    def _rotate(self, senders: list[Source]) -> None:
        """Those that were served go behind, so that a flood of some does not keep the others waiting."""
        if len(senders) >= BATCHES_AT_ONCE:
            with self._lock:
                for source in senders:
                    if self._sources.pop(source.container.id, None):
                        self._sources[source.container.id] = source

    def _send(self, batches: list[dict[str, Any]]) -> bool:
        """False when the agent stops first: the same is sent after its next start."""
        body = json.dumps({"batches": batches}).encode()
        pause = 0.1
        while True:
            try:
                if self._control.send("logs", body) == "refused":
                    print("the control plane refused a batch of log lines", file=sys.stderr, flush=True)
                return True
            except PlatformError:
                if self._stopping.wait(pause):
                    return False
                pause = min(pause * 2, 5.0)

    def _forget(self, source: Source) -> None:
        with self._lock:
            self._sources.pop(source.container.id, None)
        source.close()
        self._positions.forget(source.container.id)
        source.done.set()
