"""The control group that the engine's BuildKit puts its RUN containers in: where it is, and what is written there.

One file with nothing but the standard library, because a container is given its text to run where we may not write.
Not in charge of how much builds may use, nor of who may write.
"""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

CONTROLLERS = ("memory", "cpu", "pids")
PERIOD_US = 100_000
PIDS = 4096  # Of one build.
PEAK = "memory.max_usage_in_bytes"
OWN = "slipway-"  # Begins the name of a build's own group within that of all builds.
NO_LIMIT = 2**62  # What the kernel shows for -1 is a little above it, and depends on the size of a page.
PAGE = os.sysconf("SC_PAGE_SIZE")

Setting = tuple[str, str, str]  # Controller, file, value.


def groups_of(cgroups: Path) -> dict[str, Path]:
    """BuildKit's group by controller: where it is, or where it will be made.

    That is `<parent>/buildkit`, the parent being what the client names, `docker` or the engine's own setting
    (`newCgroupParent` of moby's dockerd, `GenerateSpec` of BuildKit). With the driver systemd an engine before 23 makes
    none, and RUN containers are put into it as they come (limits_strays).
    """
    is_v1 = not (cgroups / "cgroup.controllers").exists()
    return {name: _group(cgroups / name if is_v1 else cgroups) for name in CONTROLLERS}


def parent_of(cgroups: Path, own: str = "") -> str:
    """The parent of BuildKit's group, or a build's own group in it, as a client names it to the engine."""
    memory = groups_of(cgroups)["memory"]
    named = memory / own if own else memory.parent
    return str(named.relative_to(cgroups / "memory" if memory.is_relative_to(cgroups / "memory") else cgroups))


def _group(root: Path) -> Path:
    usual = root / "docker" / "buildkit"
    if usual.is_dir():
        return usual  # Without reading the tree, which costs milliseconds.
    found = [path for pattern in ("*/buildkit", "*/*/buildkit") for path in sorted(root.glob(pattern))]
    return found[0] if found else usual


def settings_for(memory_bytes: int, cpus: float, pids: int, *, v1: bool) -> list[Setting]:
    """What is written, in order; 0 means no limit. With cgroup v1 the limit with swap may not be below the one without,
    whichever way both move, hence the first twice.
    """
    memory, quota = str(memory_bytes or -1), str(int(cpus * PERIOD_US) or -1)
    if v1:
        return [
            ("memory", "memory.limit_in_bytes", memory),
            ("memory", "memory.memsw.limit_in_bytes", memory),
            ("memory", "memory.limit_in_bytes", memory),
            ("memory", PEAK, "0"),  # Measures it anew.
            ("cpu", "cpu.cfs_period_us", str(PERIOD_US)),
            ("cpu", "cpu.cfs_quota_us", quota),
            ("pids", "pids.max", str(pids or "max")),
        ]
    return [
        ("memory", "memory.max", str(memory_bytes or "max")),
        ("memory", "memory.swap.max", "0" if memory_bytes else "max"),
        ("cpu", "cpu.max", f"{quota if cpus else 'max'} {PERIOD_US}"),
        ("pids", "pids.max", str(pids or "max")),
    ]


def quota(cpus: float) -> float:
    """0 for all of the machine: a quota would only cost the kernel's accounting."""
    return cpus if cpus < (os.cpu_count() or 1) else 0


def are_made(groups: dict[str, Path]) -> bool:
    return all(group.is_dir() for group in groups.values())


def make(groups: dict[str, Path]) -> None:
    for group in dict.fromkeys(groups.values()):
        if group.is_dir():
            continue
        group.mkdir(parents=True, exist_ok=True)
        for parent in (group.parent.parent, group.parent):
            if (parent / "cgroup.subtree_control").exists():
                (parent / "cgroup.subtree_control").write_text("+memory +cpu +pids")


def own_of(groups: dict[str, Path], name: str) -> dict[str, Path]:
    return {controller: group / name for controller, group in groups.items()}


def make_own(groups: dict[str, Path], name: str, memory_bytes: int, cpus: float, pids: int) -> None:
    """A group within that of all builds, with limits of one build."""
    for group in dict.fromkeys(groups.values()):
        if (group / "cgroup.subtree_control").exists():
            (group / "cgroup.subtree_control").write_text("+memory +cpu +pids")
        (group / name).mkdir(exist_ok=True)
    write(own_of(groups, name), memory_bytes, cpus, pids)


def remove_over(groups: dict[str, Path], notes: Path) -> None:
    """Own groups of builds that have no note any more. One with a process that just ends stays until the next time."""
    for group in everywhere(groups):
        for own in group.glob(f"{OWN}*"):
            if not (notes / own.name.removeprefix(OWN)).exists():
                remove(own)


def everywhere(groups: dict[str, Path]) -> list[Path]:
    """With cgroup v1 an engine that is told a parent makes it in each hierarchy, those too that limit nothing here."""
    if not _is_v1(groups):
        return list(dict.fromkeys(groups.values()))
    root = next(path for path in groups["memory"].parents if path.name == "memory")
    return sorted(root.parent.glob(f"*/{groups['memory'].relative_to(root)}"))


def remove(own: Path) -> None:
    """Unless a process of it just ends."""
    with suppress(OSError):
        for folder in (*own.glob("*/"), own):
            folder.rmdir()


def are_in_force(groups: dict[str, Path], memory_bytes: int, cpus: float, pids: int) -> bool:
    """Whether the kernel has these limits already. Anyone may read them: what was set last needs no note."""
    if not are_made(groups):
        return False
    wanted = _there(groups, settings_for(memory_bytes, cpus, pids, v1=_is_v1(groups)))
    return all(
        path.exists() and _is_same(path.read_text().strip(), value) for path, value in wanted if path.name != PEAK
    )


def write(groups: dict[str, Path], memory_bytes: int, cpus: float, pids: int) -> None:
    """Raises OSError where this process may not, or the builds hold more memory than they may from now on."""
    v1 = _is_v1(groups)
    for position, (path, value) in enumerate(_there(groups, settings_for(memory_bytes, cpus, pids, v1=v1))):
        try:
            path.write_text(value)
        except OSError:
            if not (v1 and position == 0):  # Above the limit with swap still: the third line repeats it.
                raise


def _there(groups: dict[str, Path], settings: Sequence[Setting]) -> list[tuple[Path, str]]:
    """Without the limit on swap where the kernel accounts none."""
    paths = [(groups[controller] / name, value) for controller, name, value in settings]
    return [(path, value) for path, value in paths if path.exists() or "sw" not in path.name]


def _is_v1(groups: dict[str, Path]) -> bool:
    return groups["memory"] != groups["cpu"]


def _is_same(have: str, wanted: str) -> bool:
    if have == wanted or not (have.isdigit() and wanted.lstrip("-").isdigit()):
        return have == wanted
    return int(have) >= NO_LIMIT if wanted == "-1" else int(have) == int(wanted) // PAGE * PAGE


def is_forbidden(error: OSError) -> bool:
    """To this process, not to root of the machine: a service may see all of it read-only."""
    return error.errno in (errno.EACCES, errno.EPERM, errno.EROFS)


def open_to_group(folder: Path, group_id: int) -> None:
    """Notes on running builds can then be made by everyone who may use the engine, in one folder for all of them."""
    lock = folder / "lock"
    lock.touch()
    for path, mode in ((folder, 0o2775), (lock, 0o664)):
        os.chown(path, -1, group_id)
        path.chmod(mode)


def main(cgroups: str, notes: str, limits: str, own: str = "null") -> None:
    """In the container: make the groups, open the notes to this process's group, write `[bytes, cpus, pids]` if given,
    and make a build's `own` group, `[name, bytes, cpus, pids]`.
    """
    groups = groups_of(Path(cgroups))
    make(groups)
    open_to_group(Path(notes), os.getegid())
    if told := json.loads(limits):
        write(groups, *told)
    remove_over(groups, Path(notes))
    if one := json.loads(own):
        make_own(groups, *one)


if __name__ == "__main__":
    main(*sys.argv[1:])
