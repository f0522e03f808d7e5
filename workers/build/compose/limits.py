"""How many containers a compose service has, and how much each may take."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from workers.build.compose.keys import REFUSED
from workers.build.compose.reading import Reading
from workers.build.compose.tree import Tree

Read = Callable[[str], float]


def limits_of(reading: Reading, tree: Tree) -> dict[str, Any]:
    """`replicas`, `memory_mb`, `cpus`, `pids`: those that are told."""
    deploy = tree.at("deploy")
    limits = deploy.at("resources", "limits")
    for key, other in deploy.map.items():
        if key not in ("resources", "replicas"):
            reading.ignore(f"deploy.{key}", other, "Slipway decides how a release replaces another, and where.")
    if "devices" in (reserved := deploy.at("resources", "reservations")).map:
        reading.refuse("deploy.resources.reservations.devices", reserved.at("devices"), REFUSED["devices"][1])
    told: dict[str, tuple[Tree, Tree, Read, float, float]] = {
        "replicas": (deploy.at("replicas"), tree.at("scale"), _count, 0, 20),
        "memory_mb": (limits.at("memory"), tree.at("mem_limit"), _megabytes, 16, 1_048_576),
        "cpus": (limits.at("cpus"), tree.at("cpus"), float, 0.05, 256),
        "pids": (limits.at("pids"), tree.at("pids_limit"), _count, 16, 65_536),
    }
    found = {name: _number(reading, name, *one) for name, one in told.items()}
    return {name: value for name, value in found.items() if value is not None}


def _number(
    reading: Reading, name: str, first: Tree, second: Tree, read: Read, least: float, most: float
) -> float | None:
    tree = first if first.text else second
    if not tree.text:
        return None
    try:
        value = read(tree.text)
    except ValueError:
        value = -1
    if least <= value <= most:
        return value
    reading.ignore(name, tree, f"It is no number from {least:g} to {most:g}; the usual one is taken.")
    return None


def _count(text: str) -> int:
    return int(text) if len(text) < 12 else -1


def _megabytes(text: str) -> int:
    """`512m`; bytes without a unit."""
    found = re.fullmatch(r"(\d{1,15})([kmgt]?)i?b?", text.lower())
    return int(found[1]) * int(1024 ** " kmgt".index(found[2] or " ")) // 1024**2 if found else -1
