"""The container that opens log files for the agent, described. Pure but for the program that it reads from beside it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workers.agent import log_reader_inside

ROLE = "log-reader"
PROGRAM = Path(log_reader_inside.__file__).read_text()
LOGS, AGENT = "/logs", "/agent"  # Inside.
SOCKET = "socket"


@dataclass(frozen=True)
class ReaderPlace:
    """`python` and the folders that it needs are the agent's own: they are on every machine that has an agent."""

    instance: str
    containers: str  # The engine's folder.
    folder: Path  # With the socket.
    group: int  # May enter it.
    python: str
    python_folders: tuple[str, ...]


def reader_spec(place: ReaderPlace, image: str) -> dict[str, Any]:
    """The engine's create request plus `name`. Root, for root owns the files; and nothing else that root has."""
    program = [place.python, "-I", "-S", "-B", "-c", PROGRAM]
    return {
        "name": f"slipway-{place.instance}-{ROLE}",
        "Image": image,
        "User": f"0:{place.group}",
        "Entrypoint": program,
        "Cmd": [LOGS, f"{AGENT}/{SOCKET}", place.instance],
        "Labels": {"slipway.instance": place.instance, "slipway.role": ROLE},
        "HostConfig": {
            "NetworkMode": "none",
            "IpcMode": "none",
            "UsernsMode": "host",
            "ReadonlyRootfs": True,
            "CapDrop": ["ALL"],
            "SecurityOpt": ["no-new-privileges", "label=disable"],
            "Memory": 64 * 1024**2,
            "MemorySwap": 64 * 1024**2,
            "PidsLimit": 8,
            "LogConfig": {"Type": "json-file", "Config": {"max-size": "1m", "max-file": "1"}},
            "Mounts": list(_mounts(place)),
        },
    }


def _mounts(place: ReaderPlace) -> Iterable[dict[str, Any]]:
    """Without what is mounted beneath: a container's own mounts could else not be removed while this one runs."""
    targets = {place.containers: LOGS, str(place.folder): AGENT, **{name: name for name in place.python_folders}}
    for source, target in targets.items():
        options = {"NonRecursive": True}
        yield {"Type": "bind", "Source": source, "Target": target, "ReadOnly": True, "BindOptions": options}
