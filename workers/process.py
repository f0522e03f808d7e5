"""Runs a child process and never leaves one behind: a session of its own, killed as a group.

Not in charge of what an exit code means, nor of redacting what is printed.
"""

from __future__ import annotations

import os
import selectors
import shutil
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from workers.lines import MAX_LINE_BYTES, LineSplitter

CHECK_SECONDS = 0.1
TERM_SECONDS = 3.0
LINGER_SECONDS = 0.5  # A daemon that left the group may hold the pipe open for ever.
TAIL_LINES = 200


@dataclass(frozen=True)
class Completed:
    """`tail` is the last 200 lines, both streams in the order in which they were read."""

    returncode: int
    seconds: float
    tail: tuple[str, ...]


class TimedOut(Exception):
    """The child ran longer than it may, and was killed with all of its group."""

    def __init__(self, argv: Sequence[str], seconds: float, tail: tuple[str, ...]) -> None:
        super().__init__(f"{argv[0]} ran longer than {seconds:g} s")
        self.seconds = seconds
        self.tail = tail


def run(
    argv: Sequence[str],
    *,
    timeout_seconds: float,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    on_line: Callable[[str, str], None] | None = None,
    check: Callable[[], None] | None = None,
    max_line_bytes: int = MAX_LINE_BYTES,
    stdin: bytes | None = None,
) -> Completed:
    """Run to the end. `on_line(text, level)` gets each line, `level` being `out` or `err`.

    Raises `TimedOut`, FileNotFoundError for a missing program, and whatever `on_line` or `check` raises (`check` is
    called at least every 0.2 s); in each of these cases the child and its group are gone before it raises.
    """
    begin = time.monotonic()
    child = _start(argv, cwd, env, stdin)
    reading = _Reading(child, on_line, check, max_line_bytes)
    try:
        while not (reading.at_end or reading.has_lingered):
            reading.read()
            if time.monotonic() - begin > timeout_seconds:
                raise TimedOut(argv, timeout_seconds, tuple(reading.tail))
        reading.flush()
    finally:
        end_group(child)
        reading.close()
    return Completed(child.returncode, time.monotonic() - begin, tuple(reading.tail))


def end_group(child: subprocess.Popen[bytes], term_seconds: float = TERM_SECONDS) -> None:
    """Stop a child that leads its own session, with everything in its group, and reap it. TERM first, then KILL."""
    if child.returncode is not None:
        return
    if not has_exited(child.pid):
        _signal(child.pid, signal.SIGTERM)
        deadline = time.monotonic() + term_seconds
        while not has_exited(child.pid) and time.monotonic() < deadline:
            time.sleep(0.01)
    # The leader is not reaped yet, so its number still is the group's: what it left behind goes too.
    _signal(child.pid, signal.SIGKILL)
    child.wait()


def has_exited(pid: int) -> bool:
    """Whether a child of ours has ended, without reaping it."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def tied_argv(argv: Sequence[str]) -> list[str]:
    """The same command, which the kernel stops when the thread that started it dies, even by SIGKILL."""
    program = shutil.which(argv[0])
    if program is None:
        raise FileNotFoundError(argv[0])
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM", "--", program, *argv[1:]] if setpriv else [program, *argv[1:]]


def _start(
    argv: Sequence[str], cwd: Path | None, env: Mapping[str, str] | None, stdin: bytes | None
) -> subprocess.Popen[bytes]:
    given: int | None = None
    if stdin is not None:
        given = os.memfd_create("stdin")  # Not a pipe: a child that does not read cannot block us.
        with os.fdopen(os.dup(given), "wb") as file:
            file.write(stdin)
        os.lseek(given, 0, os.SEEK_SET)
    try:
        return subprocess.Popen(
            tied_argv(argv),
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL if given is None else given,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            bufsize=0,
        )
    finally:
        if given is not None:
            os.close(given)


class _Reading:
    """Both streams of a child, read as they come."""

    def __init__(
        self,
        child: subprocess.Popen[bytes],
        on_line: Callable[[str, str], None] | None,
        check: Callable[[], None] | None,
        max_line_bytes: int,
    ) -> None:
        self.tail: deque[str] = deque(maxlen=TAIL_LINES)
        self._child, self._on_line, self._check = child, on_line, check
        self._checked_at = 0.0
        self._ended_at: float | None = None
        self._selector = selectors.DefaultSelector()
        self._splitters: dict[str, LineSplitter] = {}
        for stream, level in ((child.stdout, "out"), (child.stderr, "err")):
            assert stream is not None
            self._splitters[level] = LineSplitter(max_line_bytes)
            self._selector.register(stream, selectors.EVENT_READ, level)

    @property
    def at_end(self) -> bool:
        return not self._selector.get_map() and has_exited(self._child.pid)

    @property
    def has_lingered(self) -> bool:
        """The child ended a while ago and nothing came since, but something it started holds its output open."""
        return self._ended_at is not None and time.monotonic() - self._ended_at > LINGER_SECONDS

    def read(self) -> None:
        if self._selector.get_map():
            ready = self._selector.select(CHECK_SECONDS)
        else:
            ready = []
            time.sleep(0.001)  # Both streams are closed, and the child is about to end.
        for key, _ in ready:
            self._read_chunk(key.fileobj, key.data)  # type: ignore[arg-type]
        if not ready and self._ended_at is None and has_exited(self._child.pid):
            self._ended_at = time.monotonic()
        self._check_now_and_then()

    def flush(self) -> None:
        for level, splitter in self._splitters.items():
            self._emit(splitter.flush(), level)

    def close(self) -> None:
        self._selector.close()
        for stream in (self._child.stdout, self._child.stderr):
            assert stream is not None
            stream.close()

    def _read_chunk(self, stream: IO[bytes], level: str) -> None:
        chunk = os.read(stream.fileno(), 65536)
        if chunk:
            self._emit(self._splitters[level].feed(chunk), level)
        else:
            self._selector.unregister(stream)

    def _emit(self, lines: list[str], level: str) -> None:
        self.tail.extend(lines)
        if self._on_line is not None:
            for line in lines:
                self._on_line(line, level)
                self._check_now_and_then()

    def _check_now_and_then(self) -> None:
        now = time.monotonic()
        if self._check is not None and now - self._checked_at >= CHECK_SECONDS:
            self._checked_at = now
            self._check()


def _signal(group: int, number: signal.Signals) -> None:
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return  # The group has ended by itself.
