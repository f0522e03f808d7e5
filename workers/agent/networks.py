"""A network per project, with fixed addresses handed out in it.

Fixed, because a route names addresses and must stay right when the engine restarts while no agent is there.
"""

from __future__ import annotations

import ipaddress
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

from workers.agent.labels import network_name
from workers.agent.spec import Place
from workers.docker import Engine
from workers.docker_records import Network
from workers.errors import PlatformError


class Networks:
    """Hands out places. Not in charge of who uses them."""

    def __init__(self, engine: Engine, pool: ipaddress.IPv4Network) -> None:
        self._engine = engine
        self._pool = pool
        self._lock = threading.Lock()
        self._last: dict[str, int] = {}  # Per network: the host part that was handed out last.

    def take(self, project: str) -> Place:
        """An address that no container of the project has, and that was not handed out lately."""
        with self._lock:
            network = self._ensure(project)
            taken = {c.label("address") for c in self._engine.containers(project=project)}
            subnet = ipaddress.IPv4Network(network.subnets[0])
            last = self._last.get(network.name, _highest(subnet, taken))
            address = next_address(subnet, taken, after=last)
            self._last[network.name] = int(address) - int(subnet.network_address)
            return Place(network.name, str(address))

    def remove_unused(self, projects: Iterable[str]) -> None:
        """Remove networks of other projects than `projects` in which nothing is left."""
        keep = set(projects)
        with self._lock:
            for network in self._engine.networks():
                project = network.labels.get("slipway.project", "")
                if project not in keep and not self._engine.containers(project=project):
                    self._engine.remove_network(network.id)
                    self._last.pop(network.name, None)

    def _ensure(self, project: str) -> Network:
        name = network_name(self._engine.instance, project)
        for network in self._engine.networks():
            if network.name == name:
                return network
        labels = {"slipway.instance": self._engine.instance, "slipway.project": project}
        for subnet in free_subnets(self._pool, self._in_use()):
            try:
                return self._engine.create_network(name, str(subnet), labels)
            except PlatformError as error:
                if "overlap" not in error.message.lower():
                    raise
        raise PlatformError(
            "network:platform:pool-exhausted",
            f"No free network is left in {self._pool} for another project.",
            hint="Set SLIPWAY_NETWORK_POOL to a larger private range.",
            retry=False,
        )

    def _in_use(self) -> list[ipaddress.IPv4Network]:
        subnets = [s for n in self._engine.networks(mine=False) for s in n.subnets if ":" not in s]
        return [*map(ipaddress.IPv4Network, subnets), *routed(Path("/proc/net/route").read_text())]


def next_address(subnet: ipaddress.IPv4Network, taken: set[str], *, after: int) -> ipaddress.IPv4Address:
    """Round and round, so that an address that was just let go is not used at once. The first one is the gateway's."""
    size = subnet.num_addresses - 3  # Not the network's, the gateway's and the broadcast address.
    for step in range(size):
        address = subnet[2 + (after - 1 + step) % size]
        if str(address) not in taken:
            return address
    raise PlatformError("network:platform:full", f"Every address of {subnet} is in use.", retry=False)


def free_subnets(pool: ipaddress.IPv4Network, used: Iterable[ipaddress.IPv4Network]) -> Iterator[ipaddress.IPv4Network]:
    """The /24s of `pool` that touch nothing in use."""
    known = list(used)
    for subnet in pool.subnets(new_prefix=24):
        if not any(subnet.overlaps(other) for other in known):
            yield subnet


def routed(table: str) -> Iterator[ipaddress.IPv4Network]:
    """The networks of `/proc/net/route` but the default one (proc(5): little-endian hex)."""
    for line in table.splitlines()[1:]:
        fields = line.split()
        if len(fields) < 8 or fields[7] == "00000000":
            continue
        address, mask = (int.from_bytes(bytes.fromhex(fields[i])[::-1], "big") for i in (1, 7))
        yield ipaddress.IPv4Network((address, bin(mask).count("1")))


def _highest(subnet: ipaddress.IPv4Network, taken: set[str]) -> int:
    """After a restart of the agent: go on behind the highest address in use."""
    inside = [int(ipaddress.IPv4Address(a)) - int(subnet.network_address) for a in taken if a]
    return max(inside, default=1)
