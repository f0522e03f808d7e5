"""The disks of a compose service: named volumes. Whatever would reach a folder of the host is refused."""

from __future__ import annotations

import re

from workers.build.compose.reading import Reading
from workers.build.compose.tree import Tree

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}")
PATH = re.compile(r"/[A-Za-z0-9._/-]{1,240}")
HOST = (
    "It is a folder of the host. Use a named volume for data; files of the repository come into the image by a build."
)
SOCKET = "Whoever has the engine's socket rules the host. Take it out."


def mounts_of(reading: Reading, tree: Tree) -> dict[str, str]:
    """Folder in the container -> name of the volume."""
    found: dict[str, str] = {}
    for one in tree.at("volumes").items:
        kind, source, target = _parts(one)
        if kind == "volume" and not source and (place := _place_of_source(one)):
            reading.refuse("volumes", one, f"Nothing stands {place}: a variable there has no value.")
        elif kind == "tmpfs" or (kind == "volume" and not source):
            reading.ignore("volumes", one, "It has no name, so it goes with each release. Give it one to keep it.")
        elif source in found.values():
            reading.refuse("volumes", one, f"{source} is mounted already. Give the second folder a volume of its own.")
        elif why := _wrong(kind, source, target) or _of_host(reading.top.at("volumes", source)):
            reading.refuse("volumes", one, why)
        else:
            found[target.rstrip("/")] = source
    return found


def _wrong(kind: str, source: str, target: str) -> str:
    if kind != "volume" or not NAME.fullmatch(source):
        return SOCKET if "docker.sock" in source else HOST
    if not PATH.fullmatch(target) or not target.strip("/") or ".." in target.split("/"):
        return f"{target[:60]!r} is not a folder in the container: give one such as /data."
    return ""


def _parts(tree: Tree) -> tuple[str, str, str]:
    """Type, source and target. A text is `target` or `source:target[:mode]`."""
    if tree.map:
        told = {name: one.text for name, one in tree.map.items()}
        return told.get("type", "volume"), told.get("source", ""), told.get("target", "")
    source, colon, rest = tree.text.partition(":")
    return ("volume", source, rest.partition(":")[0]) if colon else ("volume", "", source)


def _place_of_source(tree: Tree) -> str:
    """Where it would stand; "" for a volume without a name, which has none."""
    if tree.map:
        return "as its source" if tree.at("source").value is not None else ""
    return "before its colon" if ":" in tree.text else ""


def _of_host(volume: Tree) -> str:
    """Why a volume of the file cannot be made; "" for one that can. Its options may lead to a folder of the host."""
    if "driver_opts" in volume.map or volume.at("driver").text not in ("", "local"):
        return (
            f"{volume.file}, line {volume.line} gives it a driver or options. Leave them out: it is a plain disk here."
        )
    external = volume.at("external")
    if external.is_true or external.map:
        return f"{external.file}, line {external.line} says that it is there already. Leave that out: Slipway makes it."
    return ""
