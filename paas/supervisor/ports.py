"""Who listens on a port of this machine. Not in charge of choosing ports."""

from __future__ import annotations

import socket
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from paas.embedded.processes import command_name
from workers.errors import PlatformError

LISTEN = "0A"


@dataclass(frozen=True)
class Owner:
    """`pid` None: it belongs to another user, whom only root can see."""

    pid: int | None
    command: str = ""

    def __str__(self) -> str:
        return f"{self.command} (pid {self.pid})" if self.pid else "a process of another user"


def is_free(address: str, port: int) -> bool:
    """Whether we could listen there. A port that only root may open counts as free: who listens may be root."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except PermissionError:
            return True
        except OSError as problem:
            if problem.errno == 98:
                return False
            raise PlatformError(
                "supervisor:platform:address",
                f"Nothing can listen on {address}:{port}: {problem.strerror}.",
                hint="Set SLIPWAY_BIND to an address of this machine.",
            ) from problem
    return True


def owner_of(port: int) -> Owner | None:
    """Who listens on this port, None when nobody does."""
    inodes = {inode for table in ("tcp", "tcp6") for inode in listening_inodes(_read(f"/proc/net/{table}"), port)}
    if not inodes:
        return None
    wanted = {f"socket:[{inode}]" for inode in inodes}
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdigit() and any(str(link.readlink()) in wanted for link in (entry / "fd").iterdir()):
                return Owner(int(entry.name), command_name(int(entry.name)))
    return Owner(None)


def listening_inodes(table: str, port: int) -> list[str]:
    """From the text of /proc/net/tcp: the sockets that listen on this port."""
    rows = [line.split() for line in table.splitlines()[1:]]
    return [row[9] for row in rows if row[3] == LISTEN and int(row[1].rpartition(":")[2], 16) == port]


def _read(path: str) -> str:
    with suppress(OSError):
        return Path(path).read_text()
    return ""


def taken(port: int, setting: str, what: str) -> PlatformError:
    owner = owner_of(port) or "somebody"
    return PlatformError(
        "supervisor:platform:port-taken",
        f"Port {port}, wanted for {what}, is taken by {owner}.",
        hint=f"Stop it, or choose another port: {setting}=<port> make up",
    )
