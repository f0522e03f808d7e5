"""Reads the kernel's socket tables (`/proc/<pid>/net/tcp`, tcp6): who listens where, which connections are open."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ESTABLISHED, LISTEN = "01", "0A"
_ENGINE_DNS = "127.0.0.11"  # Docker's own resolver listens in every container of a user-made network.


@dataclass(frozen=True)
class Socket:
    """`state` is the kernel's code; addresses are IPv4 where they can be."""

    local: str
    local_port: int
    remote: str
    remote_port: int
    state: str


def listening(pid: int) -> list[Socket]:
    """What the process's network namespace listens on, the engine's own sockets left out."""
    return [s for s in sockets(f"/proc/{pid}/net") if s.state == LISTEN and s.local != _ENGINE_DNS]


def open_connections(address: str, port: int) -> int:
    """Connections from this host, where the edge runs, to a container."""
    return sum(
        s.state == ESTABLISHED and s.remote == address and s.remote_port == port for s in sockets("/proc/self/net")
    )


def sockets(folder: str) -> Iterator[Socket]:
    """Every TCP socket of a namespace; none when it is gone."""
    for name in ("tcp", "tcp6"):
        try:
            table = Path(folder, name).read_text()
        except OSError:
            continue
        yield from parsed(table)


def parsed(table: str) -> Iterator[Socket]:
    for line in table.splitlines()[1:]:
        fields = line.split()
        (local, local_port), (remote, remote_port) = (_endpoint(field) for field in fields[1:3])
        yield Socket(local, local_port, remote, remote_port, fields[3])


def _endpoint(text: str) -> tuple[str, int]:
    """`0100007F:1F90` -> ("127.0.0.1", 8080). Each 32-bit word stands in the machine's byte order."""
    raw, port = text.split(":")
    words = bytes.fromhex(raw)
    packed = b"".join(words[i : i + 4][::-1] for i in range(0, len(words), 4))
    address = ipaddress.ip_address(packed)
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address), int(port, 16)
