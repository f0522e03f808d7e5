"""A builder of its own: how the worker is led to it, and the tunnel to one that is reached by ssh. Pure.

Not in charge of what runs there (`workers.build.builder` reads what is told here).
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

ENGINE = "/var/run/docker.sock"


def tunnel_argv(address: str, socket: str) -> list[str]:
    """Makes the engine at `ssh://user@host:port` a socket of ours: not all that asks an engine speaks ssh."""
    there = urlsplit(address)
    options = ("BatchMode=yes", "ExitOnForwardFailure=yes", "StreamLocalBindUnlink=yes", "ServerAliveInterval=15")
    return [
        *("ssh", "-N", *(f"-o{option}" for option in options)),
        *(("-p", str(there.port)) if there.port else ()),
        *("-L", f"{socket}:{ENGINE}"),
        *("--", f"{there.username}@{there.hostname}" if there.username else str(there.hostname)),
    ]


def builder_env(address: str, socket: str, env: Mapping[str, str]) -> dict[str, str]:
    """For the worker. `socket` is our end of the tunnel."""
    there = f"unix://{socket}" if address.startswith("ssh://") else address
    runs = env.get("DOCKER_HOST") or f"unix://{ENGINE}"
    return {"SLIPWAY_BUILDER": address, "DOCKER_HOST": there, "SLIPWAY_RUN_ENGINE": runs}
