"""The supervisor itself: starts everything in order of readiness, keeps it running, drains it in order.

Not in charge of apps and the edge, which live in the engine and go on without it.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
import sys
import time
from pathlib import Path
from typing import Any

from paas.embedded import postgres, processes, valkey
from paas.supervisor import programs
from paas.supervisor.child import Child, described
from paas.supervisor.control import Answer, serve
from paas.supervisor.env_file import read_env
from paas.supervisor.journal import Journal
from paas.supervisor.launch import ROOT, ForkServer, execute
from paas.supervisor.lock import Lock, keep_from_cleaning
from paas.supervisor.programs import Blueprint, Program, Ready
from paas.supervisor.titles import set_title
from workers.errors import PlatformError

# glibc's (mallopt(3)). Left alone, it keeps what it was once asked for at a time; and it would have a heap for each thread.
MALLOC = {"MALLOC_ARENA_MAX": "2", "MALLOC_TRIM_THRESHOLD_": str(1024**2), "MALLOC_MMAP_THRESHOLD_": str(1024**2)}


class Daemon:
    """`state` is starting, ready, stopping or failed; `failure` says why it could not start."""

    def __init__(self, plan: Blueprint, journal: Journal) -> None:
        self.plan, self.journal = plan, journal
        self.state, self.failure = "starting", ""
        self.env = (
            read_env(plan.household.home / "env")
            | dict(os.environ)
            | {"DJANGO_SETTINGS_MODULE": "paas.settings", "PYTHONUNBUFFERED": "1"}
        )
        self.env |= {"SLIPWAY_HOME": plan.home, "CELERY_SKIP_CHECKS": "1"} | MALLOC
        self.forks = ForkServer(self.env)
        self.services: list[Child] = []
        zygote = Program("zygote", stop_seconds=5, ready=Ready(line="preloaded"))
        self.zygote = Child(zygote, self.forks.start_zygote, journal, self._record)
        self.control_plane = [self._child(program) for program in programs.control_plane(plan, self.env)]
        self.stop_asked = asyncio.Event()
        self.settled = asyncio.Event()
        self.successor: tuple[list[str], dict[str, str]] | None = None  # What to become after draining.
        self._run_id = secrets.token_hex(8)
        self._began = time.monotonic()

    @property
    def children(self) -> list[Child]:
        return [*self.services, self.zygote, *self.control_plane]

    async def run(self) -> int:
        """Until it is asked to stop. Returns the exit code."""
        end_leftovers(self.plan.household.children)
        server = await serve(self.plan.household.control, self._answer)
        self._listen_to_signals()
        try:
            await self._start_unless_stopped()
            self.settled.set()
            if self.state == "ready":
                await self.stop_asked.wait()
            else:
                await asyncio.sleep(0.5)  # Whoever asked hears why.
        finally:
            await self._drain()
            server.close()
            self.plan.household.control.unlink(missing_ok=True)
        return 1 if self.failure else 0

    async def _start_unless_stopped(self) -> None:
        starting = asyncio.create_task(self._start())
        stop = asyncio.create_task(self.stop_asked.wait())
        await asyncio.wait({starting, stop}, return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        if not starting.done():
            starting.cancel()
            self.state = "stopping"
            return
        problem = starting.exception()
        if problem is None:
            self.state = "ready"
            self._say(f"ready: {self.plan.dashboard}")
        elif isinstance(problem, PlatformError):
            self.state, self.failure = "failed", f"{problem.message} {problem.hint}".strip()
            self._say(self.failure)
        else:
            raise problem

    async def _start(self) -> None:
        self.zygote.start()
        await self._start_services()
        for child in self.services:
            await self._wait_until_ready(child)
        await asyncio.gather(self._prepare_database(), self._start_edge())
        for child in self.control_plane:
            child.start()
        await asyncio.gather(*(self._wait_until_ready(child) for child in self.control_plane))

    async def _prepare_database(self) -> None:
        await self._run_step("migrate", ["django", "migrate", "--no-input", "--skip-checks"])
        await self._run_step("host", ["django", "ensure_host", "--skip-checks"])

    async def _start_edge(self) -> None:
        if self.plan.embedded_edge:
            await self._run_step("edge", ["paas.supervisor.edge", "start"])

    async def _start_services(self) -> None:
        place = self.plan.household
        if self.plan.embedded_postgres:
            data, user = place.home / "postgres", await asyncio.to_thread(postgres.ordinary_user)
            sockets = await asyncio.to_thread(postgres.prepare, data, place.run, user)
            self._add_service(programs.postgres_program(data, sockets, user))
        if self.plan.embedded_valkey:
            await asyncio.to_thread(valkey.prepare, place.home / "valkey", place.run)
            self._add_service(programs.valkey_program(place.home / "valkey", place.run))

    def _add_service(self, program: Program) -> None:
        service = Child(program, execute, self.journal, self._record)
        self.services.append(service)
        service.start()

    async def _wait_until_ready(self, child: Child) -> None:
        try:
            await asyncio.wait_for(child.became_ready.wait(), child.program.ready_seconds)
        except TimeoutError:
            raise self._not_ready(child.program.name, "was not ready in time") from None

    async def _run_step(self, name: str, module_argv: list[str]) -> None:
        """Something that runs to its end before the rest begins."""
        program = Program(name, module_argv=module_argv, env=self.env)
        zygote_is_broken = asyncio.create_task(self._zygote_fails())
        forked = asyncio.create_task(self.forks.fork(program, lambda line: self.journal.write(name, line)))
        await asyncio.wait({forked, zygote_is_broken}, return_when=asyncio.FIRST_COMPLETED)
        if not forked.done():
            forked.cancel()
            raise self._not_ready("zygote", "could not import the control plane")
        zygote_is_broken.cancel()
        code = await forked.result().finished()
        if code != 0:
            raise self._not_ready(name, f"ended {described(code)}")

    async def _zygote_fails(self) -> None:
        while self.zygote.restarts < 2:
            await asyncio.sleep(0.05)

    def _not_ready(self, name: str, what: str) -> PlatformError:
        said = " | ".join(line.strip() for line in self.journal.tail(name)[-3:])
        message = f"{name} {what}." + (f" It said: {said}" if said else "")
        return PlatformError("supervisor:platform:start", message, hint=f"The whole log: {self.journal.path}")

    def _child(self, program: Program) -> Child:
        return Child(program, self.forks.fork, self.journal, self._record)

    async def _drain(self) -> None:
        """The control plane first, then what it needs; PostgreSQL last."""
        self.state = "failed" if self.failure else "stopping"
        self._say("draining")
        self.forks.close()
        await asyncio.gather(*(child.stop() for child in self.control_plane))
        await self.zygote.stop()
        for child in reversed(self.services):
            await child.stop()
        self._say("stopped")

    def _listen_to_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._ask_to_stop)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def _ask_to_stop(self) -> None:
        if self.stop_asked.is_set():
            for child in self.children:
                child.hurry()
        self.stop_asked.set()

    async def _answer(self, request: dict[str, Any]) -> Answer:
        match request.get("command"):
            case "status":
                return self.status()
            case "wait":
                await self.settled.wait()
                return self.status()
            case "stop":
                self._ask_to_stop()
                return self.status()
            case "restart":
                self.successor = (list(request["argv"]), dict(request["env"]))
                self.stop_asked.set()
                return self.status()
            case "run":
                return await self._run_for(list(request["module_argv"]))
        return {"error": "unknown command"}

    async def _run_for(self, module_argv: list[str]) -> Answer:
        """A one-off of the control plane, quick because it is forked: its exit code and what it printed."""
        out: list[str] = []
        error: list[str] = []
        program = Program(module_argv[1], module_argv=module_argv, env=self.env)
        running = await self.forks.fork(program, out.append, error.append)
        code = await running.finished()
        return {"code": code, "out": out, "error": error}

    def status(self) -> Answer:
        broken = self.state == "ready" and any(child.state != "running" for child in self.children)
        return {
            "state": "degraded" if broken else self.state,
            "failure": self.failure,
            "dashboard": self.plan.dashboard,
            "edge": self.plan.edge,
            "embedded_edge": self.plan.embedded_edge,
            "home": self.plan.home,
            "instance": self.plan.instance,
            "run": self._run_id,
            "pid": os.getpid(),
            "uptime_seconds": round(time.monotonic() - self._began, 1),
            "processes": [child.status() for child in self.children],
        }

    def _record(self) -> None:
        """Who our children are, for the supervisor after one that was killed."""
        alive = [processes.identity(child.running.pid) for child in self.children if child.running is not None]
        record = [[process.pid, process.started] for process in alive if process is not None]
        draft = self.plan.household.children.with_suffix(".new")
        draft.write_text(json.dumps(record))
        draft.rename(self.plan.household.children)

    def _say(self, text: str) -> None:
        self.journal.write("supervisor", text)


def end_leftovers(record: Path) -> None:
    """End the children of a supervisor that was killed, if the kernel has not done so."""
    if record.exists():
        left = [processes.Identity(pid, started) for pid, started in json.loads(record.read_text())]
        processes.end(left, signal.SIGTERM, seconds=5)


async def announce_when_ready(daemon: Daemon) -> None:
    """In the foreground nobody else tells the addresses. In a process of its own: it needs what we do not."""
    await daemon.settled.wait()
    if daemon.state == "ready":
        argv = [sys.executable, "-m", "paas.supervisor", "announce"]
        process = await asyncio.create_subprocess_exec(*argv, cwd=ROOT, env=daemon.env)
        await process.wait()


async def supervise(plan: Blueprint, journal: Journal, *, foreground: bool) -> tuple[int, Daemon]:
    daemon = Daemon(plan, journal)
    announcing = asyncio.create_task(announce_when_ready(daemon)) if foreground else None
    try:
        return await daemon.run(), daemon
    finally:
        if announcing is not None:
            announcing.cancel()


def main() -> int:
    """`python -m paas.supervisor.daemon <settings as JSON> [--foreground]`; started by `paas.supervisor.commands`."""
    plan, foreground = Blueprint(**json.loads(sys.argv[1])), "--foreground" in sys.argv
    lock = Lock(plan.household.lock)
    if not lock.take():
        print("Another supervisor runs for this home already.", file=sys.stderr)
        return 3
    keep_from_cleaning(plan.household.run)
    set_title("slipway: supervisor")
    journal = Journal(plan.household.log, echo=foreground)
    try:
        code, daemon = asyncio.run(supervise(plan, journal, foreground=foreground))
    finally:
        journal.close()
        lock.release()
    if daemon.successor is not None:
        argv, env = daemon.successor
        os.execve(argv[0], [*argv, *(["--foreground"] if foreground else [])], env)  # noqa: S606  (no shell)
    return code


if __name__ == "__main__":
    sys.exit(main())
