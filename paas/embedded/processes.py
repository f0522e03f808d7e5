"""What Linux knows of processes: who lives, who it is, how to end it. Reads /proc; not in charge of starting any."""

from __future__ import annotations

import ctypes
import os
import signal
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Identity:
    """A process, never mistaken for a later one with the same number. `started` is in clock ticks since boot."""

    pid: int
    started: int

    def is_alive(self) -> bool:
        return identity(self.pid) == self


def identity(pid: int) -> Identity | None:
    """Who has this number now; None when nobody, or only a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else Identity(pid, int(fields[19]))


def command_name(pid: int) -> str:
    """The short name `ps` shows, or "" when the process is gone."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip()
    return ""


def uptime_seconds(pid: int) -> float | None:
    """How long it has run, None when it is gone."""
    found = identity(pid)
    booted = float(Path("/proc/uptime").read_text().split()[0])
    return round(booted - found.started / os.sysconf("SC_CLK_TCK"), 1) if found else None


def processes_in(folder: Path, name: str) -> list[Identity]:
    """Processes called `name` that work in `folder`: how a server left behind by a killed supervisor is found."""
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdigit() and command_name(int(entry.name)) == name and (entry / "cwd").samefile(folder):
                found.append(identity(int(entry.name)))
    return [process for process in found if process is not None]


def leaders(found: Iterable[Identity]) -> list[Identity]:
    """Those of them whose parent is none of them."""
    pids = {process.pid for process in found}
    return [process for process in found if _parent(process.pid) not in pids]


def _parent(pid: int) -> int:
    with suppress(OSError):
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return 0


def end(processes: Iterable[Identity], stop_signal: signal.Signals, seconds: float = 20) -> None:
    """Ask, wait, and kill what is still there after `seconds`."""
    wanted = [process for process in processes if process.is_alive()]
    for sent, patience in ((stop_signal, seconds), (signal.SIGKILL, 5.0)):
        for process in wanted:
            with suppress(ProcessLookupError):
                os.kill(process.pid, sent)
        deadline = time.monotonic() + patience
        while (wanted := [process for process in wanted if process.is_alive()]) and time.monotonic() < deadline:
            time.sleep(0.02)


def die_with_parent(parent: int, with_signal: signal.Signals) -> Callable[[], None]:
    """For a child to call between fork and exec: it gets the signal as soon as its parent is gone, however it went."""

    def arm() -> None:
        _libc.prctl(PR_SET_PDEATHSIG, int(with_signal), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return arm
