"""The limits that a build runs under, and whether it met them. Not in charge of setting them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from workers.build.limits_group import PEAK
from workers.build.limits_written import Verdict


@dataclass(frozen=True)
class Enforced:
    """The limit on a build. `group` is the memory group that has it, None where none is in force on this machine.

    `own` names the group that is this build's alone, and marks its steps; "" where builds share what they may use.
    `parent` is what the client tells the engine of it. `look` is there where another than us looks at the disk.
    """

    memory_bytes: int
    group: Path | None = None
    own: str = ""
    parent: str = ""
    kills_before: int = 0
    look: Callable[[], Verdict | None] | None = None

    def was_met(self) -> bool:
        """Whether the build used all that it may, file cache included."""
        if self.group is None or not (self.group / PEAK).exists():
            return self.has_killed()
        limit = int((self.group / "memory.limit_in_bytes").read_text())
        return self.has_killed() or int((self.group / PEAK).read_text()) >= 0.99 * limit

    def has_killed(self) -> bool:
        """Whether the kernel ended a process for it. With cgroup v1 that of a group within is counted there only."""
        return self.group is not None and kills(self.group) > self.kills_before


def kills(group: Path) -> int:
    """Of the processes in a group: `memory.events` of cgroup v2, `memory.oom_control` of v1."""
    files = [group / name for name in ("memory.events", "memory.oom_control") if (group / name).exists()]
    counts = dict(line.split() for file in files for line in file.read_text().splitlines())
    return int(counts.get("oom_kill", 0))
