"""What the engine and the data folder take of the disk. Asked where builds run, since only those may ask the engine."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from workers.build.cache_marks import mark_in, mark_of
from workers.build.limits_written import folder_bytes
from workers.docker_cli import client_env
from workers.errors import PlatformError
from workers.process import run

SECONDS = 120.0
SCOPE = "cache-scope"  # The file in a service's cache folder.
FORM = (
    '{{range .Images}}{{println "image" .ID .Size .UniqueSize}}{{end}}'
    '{{range .Volumes}}{{println "volume" .Size .Labels}}{{end}}'
    '{{range .BuildCache}}{{if eq .Shared "false"}}{{println "cache" .Size .CacheType (json .Description)}}{{end}}{{end}}'
)
UNITS = {"B": 1, "kB": 10**3, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
SIZE = re.compile(r"([0-9.]+)([kKMGT]?B)")


@dataclass
class Disk:
    """Bytes. `images` by id, all of the engine's, and `own` what each shares with no other; `volumes` by our own id of
    them, those of this installation; `sources` by service: what the next fetch starts from. `cache` is the engine's
    build cache but for what it shares with images, as cleaning counts it; `dependencies` of it are what package managers
    keep there, and `caches` that by mark (`cache_marks`), measured by service.
    """

    total: int = 0
    free: int = 0
    home: int = 0
    cache: int = 0
    dependencies: int = 0
    images: dict[str, int] = field(default_factory=dict)
    own: dict[str, int] = field(default_factory=dict)
    sources: dict[str, int] = field(default_factory=dict)
    volumes: dict[str, int] = field(default_factory=dict)
    caches: dict[str, int] = field(default_factory=dict)

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


def disk_argv(client: str) -> list[str]:
    return [client, "system", "df", "--verbose", f"--format={FORM}"]


def measure(client: str, home: Path, instance: str) -> Disk:
    """Raises PlatformError `engine:platform:disk` when the engine does not tell."""
    lines: list[str] = []
    done = run(
        disk_argv(client),
        env=client_env(os.environ),
        timeout_seconds=SECONDS,
        on_line=lambda text, level: lines.append(text) if level == "out" else None,
    )
    if done.returncode:
        raise PlatformError("engine:platform:disk", f"The engine does not tell its sizes: {' '.join(done.tail[-2:])}")
    found = read(lines, instance)
    usage = shutil.disk_usage(home)
    found.total, found.free, found.home = usage.total, usage.free, folder_bytes(home)
    folders = source_folders(home)
    found.sources = {folder.name: folder_bytes(folder) for folder in folders}
    found.caches = by_service(found.caches, {folder.name: scope_of(folder) for folder in folders})
    return found


def scope_of(folder: Path) -> str:
    """Of the caches of a service's builds; "" before its first."""
    try:
        return (folder / SCOPE).read_text()
    except FileNotFoundError:
        return ""


def by_service(caches: Mapping[str, int], scopes: Mapping[str, str]) -> dict[str, int]:
    """`caches` are by mark; those of services that are gone, and of others who build here, are left out."""
    sizes = {service: caches.get(mark_of(scope), 0) for service, scope in scopes.items() if scope}
    return {service: size for service, size in sizes.items() if size}


def source_folders(home: Path) -> list[Path]:
    """One for each service."""
    return sorted((home / "cache").glob("*-*-*-*-*"))


def read(lines: Iterable[str], instance: str) -> Disk:
    """The answer to `disk_argv`."""
    found = Disk()
    for line in lines:
        kind, *rest = line.split()
        if kind == "image":
            found.images[rest[0]], found.own[rest[0]] = bytes_of(rest[1]), bytes_of(rest[2])
        elif kind == "cache":
            found.cache += bytes_of(rest[0])
            if rest[1] == "exec.cachemount":
                found.dependencies += bytes_of(rest[0])
                mark = mark_in(" ".join(rest[2:]))
                found.caches[mark] = found.caches.get(mark, 0) + bytes_of(rest[0])
        elif kind == "volume" and len(rest) > 1:
            labels = dict(pair.split("=", 1) for pair in rest[1].split(",") if "=" in pair)
            if labels.get("slipway.instance") == instance and "slipway.volume" in labels:
                found.volumes[labels["slipway.volume"]] = bytes_of(rest[0])
    return found


def bytes_of(text: str) -> int:
    """`1.2GB` -> 1200000000; 0 for what is not known (`N/A`)."""
    found = SIZE.fullmatch(text)
    return round(float(found[1]) * UNITS[found[2]]) if found else 0
