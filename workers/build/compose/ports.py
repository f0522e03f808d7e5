"""Where a compose service listens: `ports` lead to it from outside, `expose` only from its siblings."""

from __future__ import annotations

import re
from typing import Any

from workers.build.compose.reading import Reading
from workers.build.compose.tree import Tree

# [host:][published:]target[-target][/protocol]
PORT = re.compile(
    r"(?:(?:(?P<host>\[[0-9a-fA-F:]+\]|[0-9.]+|localhost):)?(?:\d{0,5}(?:-\d{1,5})?):)?"
    r"(?P<port>\d{1,5})(?:-\d{1,5})?(?:/(?P<protocol>\w+))?"
)
LOOPBACK = ("127.", "localhost", "[::1]")


def ports_of(reading: Reading, tree: Tree) -> dict[str, Any]:
    """`port` and `is_public`: the first of `ports` that all may reach, else the first that siblings may."""
    told = [_port(reading, key, one) for key in ("ports", "expose") for one in tree.at(key).items]
    public = [port for port, is_public in told if port and is_public]
    found = [*public, *(port for port, is_public in told if port and not is_public)]
    for other in dict.fromkeys(public):
        if other != public[0]:
            reading.ignore(
                "ports", tree.at("ports"), f"Its address leads to port {public[0]}; its siblings reach {other} too."
            )
    return {"port": found[0] if found else None, "is_public": bool(public)}


def _port(reading: Reading, key: str, tree: Tree) -> tuple[int | None, bool]:
    if tree.map:
        told = {name: one.text for name, one in tree.map.items()}
        text, host = told.get("target", ""), told.get("host_ip", "")
        protocol = told.get("protocol", "tcp")
    else:
        found = PORT.fullmatch(tree.text)
        text, host, protocol = (
            (found["port"], found["host"] or "", found["protocol"] or "tcp") if found else ("", "", "")
        )
    port = int(text) if re.fullmatch(r"\d{1,5}", text) else 0
    if not 0 < port < 65536 or protocol != "tcp":
        reading.ignore(key, tree, "It is no TCP port in the container, and nothing leads to it.")
        return None, False
    if host.startswith(LOOPBACK):
        reading.ignore(key, tree, "It is published on this machine alone, so it gets no address.")
        return port, False
    return port, key == "ports"
