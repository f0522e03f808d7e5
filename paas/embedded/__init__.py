"""PostgreSQL and Valkey from their wheels, on unix sockets only, with all their data in one folder.

Not in charge of keeping them alive: `paas.supervisor` is, and runs the same programs. Imports no Django.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from paas.embedded import postgres, valkey
from paas.embedded.processes import die_with_parent
from workers.errors import PlatformError


@dataclass
class Services:
    """The two servers, running. `stop()` ends them cleanly and may be called twice."""

    database_url: str
    redis_url: str
    children: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def stop(self) -> None:
        for child, stop_signal in zip(self.children, (postgres.STOP_SIGNAL, valkey.STOP_SIGNAL), strict=False):
            child.send_signal(stop_signal)
        for child in self.children:
            with suppress(subprocess.TimeoutExpired):
                child.wait(timeout=20)
            child.kill()
            child.wait()
        self.children.clear()


def start_services(home: Path, run_dir: Path, *, durable: bool = False) -> Services:
    """Both servers with their data under `home` and their sockets under `run_dir`, once they answer.

    `durable` False leaves out fsync, for data that nobody will miss. Raises PlatformError with the server's last words.
    """
    for folder in (home, run_dir, home / "log"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    data, dump = home / "postgres", home / "valkey"
    user = postgres.ordinary_user()
    sockets = postgres.prepare(data, run_dir, user, durable=durable)
    valkey.prepare(dump, run_dir)
    services = Services(postgres.url(sockets), valkey.url(run_dir))
    try:
        database = _start(postgres.server_argv(data, sockets, user, durable=durable), home / "log" / "postgres.log")
        services.children.append(database)
        services.children.append(_start(valkey.server_argv(dump, run_dir), home / "log" / "valkey.log"))
        _wait(database, lambda: postgres.is_ready(data, database.pid), home / "log" / "postgres.log")
        _wait(services.children[1], lambda: valkey.is_ready(run_dir), home / "log" / "valkey.log")
    except BaseException:
        services.stop()
        raise
    return services


@contextmanager
def embedded_services(home: Path, run_dir: Path | None = None) -> Iterator[Services]:
    """`start_services` for the length of a block, not durable."""
    services = start_services(home, run_dir or home / "run")
    try:
        yield services
    finally:
        services.stop()


def _start(argv: list[str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as output:
        return subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=die_with_parent(os.getpid(), postgres.STOP_SIGNAL),
        )


def _wait(child: subprocess.Popen[bytes], is_ready: Callable[[], bool], log: Path, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not is_ready():
        if child.poll() is not None or time.monotonic() > deadline:
            last_words = " | ".join(log.read_text(errors="replace").splitlines()[-5:])
            raise PlatformError(
                "embedded:platform:not-ready", f"{log.stem} did not start: {last_words}", hint=f"All of it is in {log}."
            )
        time.sleep(0.01)
