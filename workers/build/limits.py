"""CPU, memory and process limits of builds, on the control group that BuildKit puts its RUN containers in.

The BuildKit inside of the engine knows no limits of its own: it ignores `--memory`. Its group holds all builds of the
engine, so that it gets the sum of what the running ones may use. Where the group cannot be written, a line says so.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from workers.build.job import BuildLimits, Report
from workers.file_lock import locked

CGROUPS = Path("/sys/fs/cgroup")
ACTIVE = Path("/run/slipway/builds")  # Of all installations on the machine: they share the engine.
PIDS = 4096
PERIOD_US = 100_000
CONTROLLERS = ("memory", "cpu", "pids")

Setting = tuple[str, str, str]  # Controller, file, value.


@dataclass(frozen=True)
class Enforced:
    """The limit on a build. `group` is the memory group that has it, None where no limit is in force."""

    memory_bytes: int
    group: Path | None = None
    kills_before: int = 0

    def was_met(self) -> bool:
        """Whether the builds used all that they may since this one began, file cache included."""
        if self.group is None:
            return False
        peak = self.group / "memory.max_usage_in_bytes"
        if not peak.exists():
            return self.has_killed()
        return int(peak.read_text()) >= 0.99 * int((self.group / "memory.limit_in_bytes").read_text())

    def has_killed(self) -> bool:
        """Whether the kernel ended a process for it. With cgroup v1 nobody counts that for a whole group."""
        return self.group is not None and _kills(self.group) > self.kills_before


@contextmanager
def enforced(
    limits: BuildLimits, report: Report, *, cgroups: Path = CGROUPS, active: Path = ACTIVE
) -> Iterator[Enforced]:
    """The limits hold inside; afterwards those of the builds that still run."""
    groups = groups_of(cgroups)
    try:
        mine = _enter(limits, report, groups, active)
    except OSError as error:
        report.line(f"The limits on memory and CPU cannot be enforced here: {error.strerror or error}", level="err")
        yield Enforced(limits.memory_bytes)
        return
    try:
        yield Enforced(limits.memory_bytes, groups["memory"], _kills(groups["memory"]))
    finally:
        try:
            _leave(mine, groups, active)
        except (
            OSError
        ) as error:  # The others hold more than their sum, or the engine was restarted: the next one mends it.
            report.line(f"The limits of the other builds stay as they were: {error.strerror or error}", level="err")


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
            ("memory", "memory.max_usage_in_bytes", "0"),  # Measures the peak anew.
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


def groups_of(cgroups: Path) -> dict[str, Path]:
    """BuildKit's group by controller: where it is, or where the engine will make it (driver cgroupfs)."""
    roots = {name: cgroups / name if _is_v1(cgroups) else cgroups for name in CONTROLLERS}
    return {name: _group(root) for name, root in roots.items()}


def _group(root: Path) -> Path:
    found = [path for pattern in ("*/buildkit", "*/*/buildkit") for path in sorted(root.glob(pattern))]
    return found[0] if found else root / "docker" / "buildkit"


def _is_v1(cgroups: Path) -> bool:
    return not (cgroups / "cgroup.controllers").exists()


def _enter(limits: BuildLimits, report: Report, groups: dict[str, Path], active: Path) -> Path:
    active.mkdir(parents=True, exist_ok=True)
    mine = active / f"{os.getpid()}-{uuid4().hex}"
    with locked(active / "lock", report.check):
        for group in dict.fromkeys(groups.values()):
            _make_group(group)
        mine.write_text(json.dumps([limits.memory_bytes, limits.cpus]))
        try:
            _write_sum(groups, active)
        except OSError:
            mine.unlink()
            raise
    return mine


def _leave(mine: Path, groups: dict[str, Path], active: Path) -> None:
    with locked(active / "lock"):
        mine.unlink(missing_ok=True)
        _write_sum(groups, active)


def _make_group(group: Path) -> None:
    if group.is_dir():
        return
    group.mkdir(parents=True, exist_ok=True)
    for parent in (group.parent.parent, group.parent):
        if (parent / "cgroup.subtree_control").exists():
            (parent / "cgroup.subtree_control").write_text("+memory +cpu +pids")


def _write_sum(groups: dict[str, Path], active: Path) -> None:
    running = [json.loads(path.read_text()) for path in active.glob("*-*") if _lives(path)]
    memory, cpus = sum(one[0] for one in running), sum(one[1] for one in running)
    v1 = groups["memory"] != groups["cpu"]
    tries = settings_for(memory, cpus, PIDS * len(running), v1=v1)
    for position, (controller, name, value) in enumerate(tries):
        path = groups[controller] / name
        if ("swap" in name or "memsw" in name) and not path.exists():
            continue  # The kernel accounts no swap.
        try:
            path.write_text(value)
        except OSError:
            if not (v1 and position == 0):  # Above the limit with swap still: the third line repeats it.
                raise


def _lives(path: Path) -> bool:
    """Whether the build's process is there; the note of one that was killed is removed."""
    if Path(f"/proc/{path.name.partition('-')[0]}").exists():
        return True
    path.unlink(missing_ok=True)
    return False


def _kills(group: Path) -> int:
    events = group / "memory.events"
    counts = dict(line.split() for line in events.read_text().splitlines()) if events.exists() else {}
    return int(counts.get("oom_kill", 0))
