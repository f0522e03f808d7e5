"""What the steps of builds reach in `public` mode, as rules for nft. Pure: not in charge of loading them.

The steps run on the engine's default bridge, apps on networks of their own. A table of our own needs no chain of the
engine's, is loaded and removed whole, and holds for IPv4 and IPv6.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence

# Source: the special-purpose registries of IANA (RFC 6890, RFC 8190), as far as something may answer there.
PRIVATE = {
    4: ("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"),
    6: ("::/96", "::ffff:0:0/96", "64:ff9b::/96", "fc00::/7", "fe80::/10"),
}
WEB = (80, 443)

Door = tuple[str, int]  # An address or network, and the port that is open there; 0 for all.


def ruleset(table: str, bridge: str, doors: Iterable[Door], host_ports: Sequence[int], others: Iterable[str]) -> str:
    """For `nft -f`: replaces the table. `others` are addresses of containers on the bridge that are no builds.

    Of the machine itself only what the edge serves is reached, which is everybody's.
    """
    allowed = [_accept(*door) for door in sorted(set(doors))]
    ports = ", ".join(str(port) for port in sorted({*WEB, *host_ports}))
    return "\n".join(
        [
            *removal(table).splitlines(),
            f"table inet {table} {{",
            "  chain judge {",
            "    ct state established,related accept",
            *(f"    {_family(address)} saddr {address} accept" for address in sorted(set(others))),
            *(f"    {line}" for line in allowed),
            "    reject with icmpx type admin-prohibited",
            "  }",
            "  chain passing {",
            "    type filter hook forward priority -10; policy accept;",
            f'    iifname "{bridge}" ip daddr {{ {", ".join(PRIVATE[4])} }} jump judge',
            f'    iifname "{bridge}" ip6 daddr {{ {", ".join(PRIVATE[6])} }} jump judge',
            "  }",
            "  chain arriving {",
            "    type filter hook input priority -10; policy accept;",
            f'    iifname "{bridge}" tcp dport {{ {ports} }} accept',
            f'    iifname "{bridge}" meta l4proto {{ tcp, udp, sctp, dccp, icmp }} jump judge',
            "  }",
            "}",
            "",
        ]
    )


def removal(table: str) -> str:
    """Removes it, there or not."""
    return f"table inet {table}\ndelete table inet {table}\n"


def is_private(address: str) -> bool:
    found = ipaddress.ip_network(address, strict=False)
    return any(found.overlaps(ipaddress.ip_network(one)) for one in PRIVATE[found.version])


def _accept(address: str, port: int) -> str:
    where = f"{_family(address)} daddr {ipaddress.ip_network(address, strict=False)}"
    return f"{where} meta l4proto {{ tcp, udp }} th dport {port} accept" if port else f"{where} accept"


def _family(address: str) -> str:
    return "ip" if ipaddress.ip_network(address, strict=False).version == 4 else "ip6"
