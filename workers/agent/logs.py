"""Ships what containers write to the control plane: batches in order, redacted, with back-pressure by position.

One thread. What is not sent yet stays in the engine's files; where each container stands is on disk before a batch
leaves, so that after a restart the very same batch is sent again under the same cursor, and dropped if it was seen.
"""

from __future__ import annotations

import sys
import threading
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime

from workers.agent.client import ControlPlane
from workers.agent.log_positions import Positions
from workers.agent.log_source import MAX_BYTES, Source, secrets_of
from workers.agent.log_ways import LogWays
from workers.agent.outgoing import REQUEST_BYTES, Sender, encoded, last_of
from workers.agent.redaction import last_lines, redactor
from workers.docker import Engine
from workers.docker_errors import NotThere
from workers.docker_records import Container

BUSY_PAUSE, IDLE_PAUSE = 0.015, 0.04
BUSY_SECONDS = 2.0  # How long after a line the short pause is kept.
FINISH_SECONDS = 10.0
BATCHES_AT_ONCE = 16


class LogShipper:
    """`environment_of` says which environment a container is of."""

    def __init__(
        self,
        engine: Engine,
        control: ControlPlane,
        positions: Positions,
        ways: LogWays,
        environment_of: Callable[[Container], str],
    ) -> None:
        self._engine = engine
        self._ways = ways
        self._positions = positions
        self._environment_of = environment_of
        self._sources: dict[str, Source] = {}
        self._extra: list[bytes] = []
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._sender = Sender(control, self._stopping)
        self._thread = threading.Thread(target=self._run, name="logs", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, seconds: float) -> None:
        self._stopping.set()
        self._thread.join(seconds)
        self._ways.close()

    def track(self, container: Container) -> None:
        """Follow it from where it was left, or from its first line."""
        if container.id in self._sources:
            return
        try:
            told = self._engine.inspect(container.id)
        except NotThere:
            return
        environment = self._environment_of(container)
        source = Source(container, told, self._ways, self._positions, environment)  # Slow with large secrets.
        with self._lock:
            self._sources.setdefault(container.id, source)

    def sync(self, containers: list[Container], seen_at: float) -> None:
        """Follow these, and let go of those that are gone. `seen_at`: `time.monotonic()` before the engine was asked."""
        for container in containers:
            self._track_alone(container)
        here = {container.id for container in containers}
        with self._lock:
            for source in self._sources.values():
                if source.container.id not in here and source.since < seen_at:
                    source.ending = True

    def finish(self, container: str, seconds: float = FINISH_SECONDS) -> None:
        """Returns once a stopped container's last line is stored, or after `seconds` without a control plane.

        Then its file is kept open, and what is left of it is sent when the control plane is back.
        """
        with self._lock:
            source = self._sources.get(container)
        if source is not None:
            source.ending = True
            if not source.done.wait(seconds):
                self._hold(source)

    def tell_deployment(self, container: Container, count: int) -> None:
        """A failed container's last lines, for the deployment's own log."""
        try:
            secrets = secrets_of(self._engine.inspect(container.id))
            lines = last_lines(self._engine, container.id, count, redactor(secrets))
        except NotThere:
            return
        now = datetime.now(UTC).isoformat()
        kept = last_of([line[:65536] for line in lines], MAX_BYTES)
        told = [{"at": now, "text": line, "kind": "line", "level": "out"} for line in kept]
        batch = {
            "service": container.label("service"),
            "environment": self._environment_of(container),
            "deployment": container.label("deployment"),
            "process": container.label("process"),
            "container": f"{container.id}:last-lines",
            "cursor": 1,
            "lines": told,
        }
        if told:
            with self._lock:
                self._extra.append(encoded(batch))

    def _run(self) -> None:
        busy_until = 0.0
        while not self._stopping.is_set():
            batches, senders = self._collect()
            if batches:
                if not self._sender.send(batches):
                    return
                busy_until = time.monotonic() + BUSY_SECONDS
            if not any(source.full for source in senders):
                self._stopping.wait(BUSY_PAUSE if time.monotonic() < busy_until else IDLE_PAUSE)

    def _collect(self) -> tuple[list[bytes], list[Source]]:
        with self._lock:
            batches, self._extra = self._extra[:BATCHES_AT_ONCE], self._extra[BATCHES_AT_ONCE:]
            sources = list(self._sources.values())
        size = sum(map(len, batches))
        senders: list[Source] = []
        for source in sources:
            if len(batches) >= BATCHES_AT_ONCE or size >= REQUEST_BYTES:
                break
            batch = self._next_of(source) if source.not_before <= time.monotonic() else None
            if batch is not None:
                batches.append(batch)
                size += len(batch)
                senders.append(source)
        self._rotate(senders)
        return batches, senders

    def _next_of(self, source: Source) -> bytes | None:
        """One log that can not be read must not hold up the others; it is tried again before it is given up."""
        was_ending = source.ending  # Asked first: what is written until then is read.
        try:
            batch = source.next_batch()
        except Exception as error:
            if not source.failing_since:
                print(f"the log of {source.container.name} is not read: {error!r}", file=sys.stderr, flush=True)
            if not source.failed():
                return None
            batch = source.given_up()
            self._forget(source)
        if batch is None and was_ending:
            self._forget(source)
        return encoded(batch) if batch is not None else None

    def _hold(self, source: Source) -> None:
        """What can not be kept of a log must not keep its container from being removed."""
        try:
            source.hold()
        except Exception as error:
            print(f"the log of {source.container.name} is not kept open: {error!r}", file=sys.stderr, flush=True)

    def _track_alone(self, container: Container) -> None:
        """What is wrong with one container's log must not keep the host from what it should run."""
        try:
            self.track(container)
        except Exception:
            print(f"the log of {container.name} is not followed: {traceback.format_exc()}", file=sys.stderr, flush=True)

    def _rotate(self, senders: list[Source]) -> None:
        """Those that were served go behind, so that a flood of some does not keep the others waiting."""
        if senders:
            with self._lock:
                for source in senders:
                    if self._sources.pop(source.container.id, None):
                        self._sources[source.container.id] = source

    def _forget(self, source: Source) -> None:
        with self._lock:
            self._sources.pop(source.container.id, None)
        source.close()
        try:
            self._positions.forget(source.container.id)
        except OSError as error:
            print(f"a log's position stays: {error}", file=sys.stderr, flush=True)
        source.done.set()
