"""What everything that `make up` starts holds in memory while nothing happens. Apps are not counted."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from bench.stage import Stage
from bench.table import Figure

AIM_MB = 350


def fresh(stage: Stage) -> list[Figure]:
    return [_figure(stage, "idle memory, just started")]


def used(stage: Stage) -> list[Figure]:
    return [_figure(stage, "idle memory, after all of the above")]


def _figure(stage: Stage, what: str) -> Figure:
    status = stage.slipway.status()
    time.sleep(stage.rounds.idle_seconds)
    sizes = by_name(named(status), parents(), pss_kb())
    total = sum(sizes.values()) / 1024
    told = ", ".join(f"{name} {size / 1024:.0f}" for name, size in sorted(sizes.items(), key=lambda x: -x[1]))
    others = _other_supervisors(int(status["pid"]))
    shared = f"; {others} other Slipway shares pages with it, which makes this less" if others else ""
    return Figure(
        what,
        f"{total:.0f} MB",
        f"PSS of every process after {stage.rounds.idle_seconds:.0f} s: {told}{shared}",
        aim=f"< {AIM_MB} MB",
        is_met=total < AIM_MB,
    )


def named(status: Mapping[str, Any]) -> dict[int, str]:
    """Process ids of `make status`, and of the supervisor itself."""
    told = {int(process["pid"]): str(process["name"]) for process in status["processes"] if process["pid"]}
    return {int(status["pid"]): "supervisor"} | told


def by_name(names: Mapping[int, str], parents: Mapping[int, int], sizes: Mapping[int, int]) -> dict[str, int]:
    """Sizes summed under the nearest ancestor that has a name; what has none is not ours."""
    found: dict[str, int] = {}
    for pid, size in sizes.items():
        at = pid
        while at not in names and at in parents:
            at = parents[at]
        if at in names:
            found[names[at]] = found.get(names[at], 0) + size
    return found


def parents() -> dict[int, int]:
    """Who started whom, on this machine (proc(5): the fourth field of `stat`)."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            found[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
    return found


def pss_kb() -> dict[int, int]:
    """The proportional share of each process; kernel threads have none."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/smaps_rollup"):
        with suppress(OSError):
            words = [line.split() for line in path.read_text().splitlines() if line.startswith("Pss:")]
            found[int(path.parent.name)] = int(words[0][1])
    return found


def _other_supervisors(ours: int) -> int:
    found = 0
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            found += path.read_bytes().startswith(b"slipway: supervisor") and path.parent.name != str(ours)
    return found
