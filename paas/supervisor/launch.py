"""Starts processes: by executing a program, or by asking the zygote for a fork. Both look the same afterwards.

Not in charge of restarting them (`paas.supervisor.child`).
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from paas.embedded.processes import die_with_parent
from paas.supervisor.programs import Program
from paas.supervisor.zygote import MAX_MESSAGE
from workers.lines import LineSplitter

ROOT = Path(__file__).resolve().parents[2]
ZYGOTE_ARGV = (sys.executable, "-m", "paas.supervisor.zygote")
OnLine = Callable[[str], None]


@dataclass
class Running:
    """A process that was started. `exited` is its exit code once it has ended: -9 for one killed by signal 9."""

    pid: int
    exited: asyncio.Future[int] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    waiter: asyncio.Task[None] | None = None
    outputs: list[asyncio.Event] = field(default_factory=list)

    async def finished(self) -> int:
        """Its exit code, once its last words are read; something it left behind may hold its output open."""
        code = await asyncio.shield(self.exited)
        with suppress(TimeoutError):
            async with asyncio.timeout(1):
                for output in self.outputs:
                    await output.wait()
        return code

    def signal_group(self, number: signal.Signals) -> None:
        """To everything in its session, but only while its number cannot be anybody else's."""
        if not self.exited.done():
            with suppress(ProcessLookupError):
                os.killpg(self.pid, number)

    def signal(self, number: signal.Signals) -> None:
        if not self.exited.done():
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)


async def execute(program: Program, on_line: OnLine, *, inherited: tuple[int, ...] = ()) -> Running:
    """Start `program.argv`, which dies with us however we end."""
    out, output = _pipe(on_line)
    try:
        process = await asyncio.create_subprocess_exec(
            *program.argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            cwd=ROOT,
            env=program.env or None,
            pass_fds=inherited,
            start_new_session=True,
            preexec_fn=die_with_parent(os.getpid(), program.stop_signal if not inherited else signal.SIGKILL),
        )
    finally:
        os.close(out)
    running = Running(process.pid, outputs=[output])
    running.waiter = asyncio.create_task(_wait(process, running))
    return running


async def _wait(process: asyncio.subprocess.Process, running: Running) -> None:
    code = await process.wait()
    if not running.exited.done():
        running.exited.set_result(code)


class ForkServer:
    """The supervisor's end of the zygote. While there is none, starting waits for the next one."""

    def __init__(self, env: dict[str, str], zygote_argv: Sequence[str] = ZYGOTE_ARGV) -> None:
        self._env, self._zygote_argv = env, zygote_argv
        self._socket: socket.socket | None = None
        self._forked: dict[int, asyncio.Future[Running]] = {}
        self._children: dict[int, Running] = {}
        self._orders = 0
        self._closed = False
        self.ready = asyncio.Event()

    def close(self) -> None:
        """No more forks: whoever waits for one is told so."""
        self._closed = True
        self.ready.set()

    async def start_zygote(self, _program: Program, on_line: OnLine) -> Running:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            argv = [*self._zygote_argv, str(theirs.fileno())]
            zygote = Program("zygote", argv=argv, env=self._env)
            running = await execute(zygote, on_line, inherited=(theirs.fileno(),))
        self._socket = ours
        asyncio.get_running_loop().add_reader(ours, self._read)
        running.exited.add_done_callback(lambda _: self._lost())
        return running

    async def fork(self, program: Program, on_line: OnLine, on_error_line: OnLine | None = None) -> Running:
        """Start `program.module_argv`. With `on_error_line` stderr is read apart from stdout."""
        await self.ready.wait()
        if self._closed or self._socket is None:
            raise ConnectionAbortedError("the supervisor is stopping")
        self._orders += 1
        order = {
            "id": self._orders,
            "name": program.name,
            "module_argv": program.module_argv,
            "env": program.env,
            "cwd": str(ROOT),
        }
        forked: asyncio.Future[Running] = asyncio.get_running_loop().create_future()
        self._forked[self._orders] = forked
        out, output = _pipe(on_line)
        error, errors = _pipe(on_error_line) if on_error_line else (os.dup(out), output)
        try:
            socket.send_fds(self._socket, [json.dumps(order).encode()], [out, error])
        finally:
            os.close(out)
            os.close(error)
        running = await forked
        running.outputs = [output, errors]
        return running

    def _read(self) -> None:
        assert self._socket is not None
        try:
            message = self._socket.recv(MAX_MESSAGE, socket.MSG_DONTWAIT)
        except (BlockingIOError, ConnectionResetError):
            return
        if message:
            self._handle(json.loads(message))
        else:
            asyncio.get_running_loop().remove_reader(self._socket)

    def _handle(self, message: dict[str, Any]) -> None:
        if "ready" in message:
            self.ready.set()
        elif "forked" in message:
            running = self._children[message["pid"]] = Running(message["pid"])
            waiting = self._forked.pop(message["forked"])
            if waiting.cancelled():
                running.signal(signal.SIGKILL)
            else:
                waiting.set_result(running)
        else:
            self._children.pop(message["exited"]).exited.set_result(message["code"])

    def _lost(self) -> None:
        """The zygote has ended, and the kernel has killed its children with it."""
        self.ready.clear()
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._socket = None
        for forked in self._forked.values():
            if not forked.cancelled():
                forked.set_exception(ConnectionResetError("The zygote ended."))
        for child in self._children.values():
            child.exited.set_result(-signal.SIGKILL)
        self._forked.clear()
        self._children.clear()


def _pipe(on_line: OnLine) -> tuple[int, asyncio.Event]:
    """The end to write to, and what is set once it is closed; whole lines of what is written go to `on_line`."""
    read_end, write_end = os.pipe2(os.O_CLOEXEC)
    os.set_blocking(read_end, False)
    splitter, loop, ended = LineSplitter(), asyncio.get_running_loop(), asyncio.Event()

    def read() -> None:
        try:
            chunk = os.read(read_end, 65536)
        except BlockingIOError:
            return
        for line in splitter.feed(chunk) if chunk else splitter.flush():
            on_line(line)
        if not chunk:
            loop.remove_reader(read_end)
            os.close(read_end)
            ended.set()

    loop.add_reader(read_end, read)
    return write_end, ended
