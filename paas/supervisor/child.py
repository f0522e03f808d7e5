"""Keeps one program running: starts it, waits until it is ready, and starts it again with back-off when it dies.

Not in charge of the order among programs (`paas.supervisor.daemon`).
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from paas.supervisor.journal import Journal
from paas.supervisor.launch import OnLine, Running
from paas.supervisor.programs import Program
from paas.supervisor.readiness import is_ready

FIRST_DELAY, LONGEST_DELAY, WELL_AFTER = 0.2, 30.0, 60.0
Start = Callable[[Program, OnLine], Awaitable[Running]]


def next_delay(delay: float, lived_seconds: float) -> float:
    """How long to wait before the next start: doubled each time, small again after a minute that went well."""
    return FIRST_DELAY if lived_seconds >= WELL_AFTER or not delay else min(delay * 2, LONGEST_DELAY)


class Child:
    """One program and its present process. `state` is starting, running, backoff or stopped."""

    def __init__(self, program: Program, start: Start, journal: Journal, on_change: Callable[[], None]) -> None:
        self.program, self.state = program, "stopped"
        self.running: Running | None = None
        self.restarts = 0
        self.last_exit: int | None = None
        self.became_ready = asyncio.Event()
        self._start, self._journal, self._on_change = start, journal, on_change
        self._began = 0.0
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._stopping.clear()
        self._task = asyncio.create_task(self._keep_running(), name=self.program.name)

    def status(self) -> dict[str, Any]:
        alive = self.state in ("starting", "running") and self.running is not None
        return {
            "name": self.program.name,
            "state": self.state,
            "pid": self.running.pid if alive and self.running else None,
            "uptime_seconds": round(time.monotonic() - self._began, 1) if alive else None,
            "restarts": self.restarts,
            "last_exit": self.last_exit,
        }

    async def stop(self, *, patience: float | None = None) -> None:
        """Ask, wait, and kill what is still there, with everything in its session."""
        self._stopping.set()
        running = self.running
        if running is not None and not running.exited.done():
            running.signal(self.program.stop_signal)
            seconds = self.program.stop_seconds if patience is None else patience
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(running.exited), seconds)
            running.signal_group(signal.SIGKILL)
        if self._task is not None:
            await self._task
        self._become("stopped")

    def hurry(self) -> None:
        """Asked twice: no more patience."""
        if self._stopping.is_set() and self.running is not None:
            urgent = signal.SIGQUIT if self.program.ready.postgres else signal.SIGKILL
            self.running.signal(urgent)

    async def _keep_running(self) -> None:
        delay = 0.0
        while not self._stopping.is_set():
            self._began = time.monotonic()
            code = await self._run_once()
            self.last_exit, self.running = code, None
            if self._stopping.is_set():
                return
            delay = next_delay(delay, time.monotonic() - self._began)
            self.restarts += 1
            self._become("backoff")
            self._say(f"ended {described(code)}; starts again in {delay:g} s")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), delay)

    async def _run_once(self) -> int:
        if self.program.ready.path:
            Path(self.program.ready.path).unlink(missing_ok=True)
        self._become("starting")
        lines: list[str] = []
        try:
            self.running = await self._start(self.program, lambda line: self._take(line, lines))
        except OSError as problem:
            self._say(f"could not be started: {problem}")
            return 127
        self._on_change()
        if self._stopping.is_set():
            self.running.signal(self.program.stop_signal)
        watcher = asyncio.create_task(self._watch_readiness(self.running, lines))
        try:
            return await self.running.finished()
        finally:
            watcher.cancel()
            self.became_ready.clear()

    async def _watch_readiness(self, running: Running, lines: list[str]) -> None:
        while not await is_ready(self.program.ready, running.pid, lines):
            await asyncio.sleep(0.02)
            del lines[:-100]
        self._become("running")
        self.became_ready.set()

    def _take(self, line: str, lines: list[str]) -> None:
        self._journal.write(self.program.name, line)
        if self.state == "starting":
            lines.append(line)

    def _say(self, text: str) -> None:
        self._journal.write("supervisor", f"{self.program.name} {text}")

    def _become(self, state: str) -> None:
        self.state = state
        self._on_change()


def described(code: int) -> str:
    if code >= 0:
        return f"with exit code {code}"
    return f"by signal {-code} ({signal.Signals(-code).name})"
