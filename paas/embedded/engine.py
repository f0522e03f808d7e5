"""Finds a Docker engine that answers, or starts one. Runs on the system's Python, before anything is installed.

Not in charge of what is done with it, nor of a client that can build (`workers.docker_cli`).
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

from workers.errors import PlatformError

DEFAULT_SOCKET = "/var/run/docker.sock"
PING_SECONDS, START_SECONDS = 10.0, 60.0


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over the engine's unix socket."""

    def __init__(self, path: str, seconds: float) -> None:
        super().__init__("localhost", timeout=seconds)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def ensure_engine(log: Path) -> str:
    """The engine's version, once it answers. As root one is started where none runs."""
    address = os.environ.get("DOCKER_HOST", "")
    if address and not address.startswith("unix://"):
        return f"at {address}"  # Somebody else's to start; the agent says so when it does not answer.
    path = address.removeprefix("unix://") or DEFAULT_SOCKET
    try:
        return version(path)
    except PermissionError:
        raise PlatformError(
            "engine:platform:not-allowed",
            f"Your user may not use Docker ({path}).",
            hint="sudo usermod -aG docker $USER, then sign in again (or: newgrp docker).",
        ) from None
    except TimeoutError:
        raise PlatformError(
            "engine:platform:hangs",
            f"The Docker engine does not answer within {PING_SECONDS:.0f} s on {path}.",
            hint="Look at it: systemctl status docker; journalctl -u docker",
        ) from None
    except OSError:
        return start_engine(path, log)


def version(path: str) -> str:
    """What the engine on this socket says it is. Raises OSError when none answers."""
    return str(_get(path, "/version", PING_SECONDS)["Version"])


def container_state(name: str) -> dict[str, Any] | None:
    """`{"Status", "Pid", "StartedAt", ...}` as the engine tells it; None when there is none, or no engine on a socket."""
    path = os.environ.get("DOCKER_HOST", "").removeprefix("unix://") or DEFAULT_SOCKET
    try:
        return _get(path, f"/containers/{name}/json", 2.0).get("State")
    except OSError:
        return None


def _get(path: str, url: str, seconds: float) -> dict[str, Any]:
    connection = _UnixConnection(path, seconds)
    try:
        connection.request("GET", url)
        return dict(json.loads(connection.getresponse().read()))
    finally:
        connection.close()


def start_engine(path: str, log: Path) -> str:
    """By systemd where it runs, else as a daemon of its own; only root can."""
    if os.geteuid() != 0 or path != DEFAULT_SOCKET or shutil.which("dockerd") is None:
        raise PlatformError(
            "engine:platform:not-running",
            f"No Docker engine answers on {path}.",
            hint="Start it: sudo systemctl start docker (or, without systemd: sudo service docker start)",
        )
    if Path("/run/systemd/system").is_dir():
        subprocess.run(["systemctl", "start", "docker"], check=False, timeout=START_SECONDS)
    else:
        _start_detached(log)
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            return version(path)
        except OSError:
            time.sleep(0.2)
    raise PlatformError(
        "engine:platform:start", f"The Docker engine did not start in {START_SECONDS:.0f} s.", hint=f"Its log: {log}"
    )


def dockerd_argv(name_servers: list[str]) -> list[str]:
    """Docker silently takes public name servers where the host's is on loopback, so ours are given by name."""
    return ["dockerd", *(f"--dns={address}" for address in name_servers)]


def name_servers(*files: Path) -> list[str]:
    """Of the first of these resolv.conf files that names servers which a container can reach."""
    for file in files:
        words = [line.split() for line in file.read_text().splitlines()] if file.exists() else []
        named = [line[1] for line in words if len(line) > 1 and line[0] == "nameserver"]
        if reachable := [address for address in named if not _is_loopback(address)]:
            return reachable
    return []


def _is_loopback(address: str) -> bool:
    return ipaddress.ip_address(address.partition("%")[0]).is_loopback


def _start_detached(log: Path) -> None:
    """It outlives us: apps run in it."""
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    resolvers = name_servers(Path("/etc/resolv.conf"), Path("/run/systemd/resolve/resolv.conf"))
    with log.open("ab") as output:
        subprocess.Popen(
            dockerd_argv(resolvers), stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
