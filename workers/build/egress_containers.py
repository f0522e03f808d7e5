"""The containers by which the network of builds is limited where we are not root: what they may. Pure.

Not in charge of the rules, nor of when they are in force.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

NFT = Path("/usr/sbin/nft")


def in_container_argv(client: str, name: str, image: str, labels: Mapping[str, str]) -> list[str]:
    """`nft` of the engine's machine, for who is not root there: it may set rules, and reads the machine's files."""
    return [
        *_confined(client, labels),
        *("--interactive", "--network=host", "--cap-add=NET_ADMIN", "--cap-add=SYS_CHROOT", "--userns=host"),
        *("--security-opt=label=disable", "--volume=/:/host:ro", f"--name={name}"),
        *("--entrypoint=chroot", "--", image, "/host", str(NFT), "-f", "-"),
    ]


def resolv_conf_argv(client: str, image: str, labels: Mapping[str, str]) -> list[str]:
    return [*_confined(client, labels), "--entrypoint=cat", "--", image, "/etc/resolv.conf"]


def _confined(client: str, labels: Mapping[str, str]) -> list[str]:
    told = {**labels, "slipway.role": "build-egress"}
    return [
        *(client, "run", "--rm", "--pull=never", "--read-only", "--cap-drop=ALL", "--user=0:0"),
        *("--security-opt=no-new-privileges", "--memory=64m", "--pids-limit=16"),
        *(f"--label={key}={value}" for key, value in told.items()),
    ]
