"""The containers by which the network of builds is limited where we are not root: what they may. Pure.

Not in charge of the rules, nor of when they are in force.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

NFT = Path("/usr/sbin/nft")
RUNNING = '{{.ID}} {{.Label "slipway.role"}}'
BUILDING = ("build", "build-prepare")  # Roles of containers in which builders from outside run what a repository wrote.


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


def of_others(attached: Iterable[str], running: Iterable[str]) -> list[str]:
    """Addresses of those on a network (`id=address=address`) that run (lines of `RUNNING`) and are no step of a build."""
    roles = dict(line.strip().partition(" ")[::2] for line in running)
    found = [one.split("=") for one in attached]
    theirs = [addresses for pk, *addresses in found if roles.get(pk, BUILDING[0]) not in BUILDING]
    return [where.partition("/")[0] for addresses in theirs for where in addresses if where]
