"""What the steps of a build wrote on their engine's disk, and whether that is too much. Not in charge of what follows.

What the steps wrote is added up, which only root there may do; caches of package managers are not in it. Free space that
is lost tells nothing of who took it: images are pulled, apps write, others build. So it only says when to look.

One file with nothing but the standard library, because a container is given its text where the disk is another machine's.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from pathlib import Path
from typing import NamedTuple

EVERY_SECONDS = 2.0
UPPER = re.compile(r"upperdir=([^,\s]+)")


class Verdict(NamedTuple):
    """`is_its_own`: the build wrote it. Else the disk is nearly full, and nobody knows by whom. In bytes."""

    is_its_own: bool
    free: int
    went: int


class Written:
    """By one build, from now on. `group` is its own memory group, None where it has none."""

    def __init__(self, folder: Path, group: Path | None, limit: int, floor: int, top: Path = Path("/")) -> None:
        """`folder` is on the engine's disk, and `top` where its machine's root is seen."""
        self._folder, self._group, self._top, self._limit, self._floor = folder, group, top, limit, floor
        self._free = free_bytes(folder)
        self._look_at = 0.0
        self._steps = set[Path]()

    def look(self) -> Verdict | None:
        """To be called often. None while nothing has to end."""
        if time.monotonic() < self._look_at:
            return None
        began = time.monotonic()
        self._note_steps()
        free = free_bytes(self._folder)
        verdict = self._judged(free) if self._free - free > self._limit else None
        self._look_at = time.monotonic() + max(EVERY_SECONDS, 10 * (time.monotonic() - began))
        return verdict

    def _judged(self, free: int) -> Verdict | None:
        is_its_own = sum(map(folder_bytes, self._steps)) > self._limit
        return Verdict(is_its_own, free, self._free - free) if is_its_own or free < self._floor else None

    def _note_steps(self) -> None:
        """Where the engine keeps what a step writes, of those that run now. Others may not look there."""
        if self._group is None:
            return
        try:
            pids = [pid for procs in self._group.rglob("cgroup.procs") for pid in procs.read_text().split()]
            self._steps |= {self._top / folder for pid in pids for folder in _written_by(pid)}
        except PermissionError:
            self._group = None
        except OSError:
            return  # A step has just ended.


def _written_by(pid: str) -> list[str]:
    """Paths beneath the root of the engine's machine."""
    try:
        mounts = Path(f"/proc/{pid}/mountinfo").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [found[1].lstrip("/") for line in mounts if " / / " in line and (found := UPPER.search(line))]


def free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free


def folder_bytes(folder: Path) -> int:
    """What its files take on disk; what vanishes meanwhile or may not be read counts nothing."""
    total = 0
    for top, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(f"{top}/{name}").st_blocks * 512
            except OSError:
                continue
    return total
