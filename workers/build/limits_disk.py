"""What a build writes on the engine's disk, and that there is room for one. Not in charge of memory and CPU.

It is told by the free space that is lost while the build runs. While others are built beside it, that is theirs as well:
then what its own steps wrote is added up, which only root may do, and caches are not in it. Elsewhere the limit is one on
all of them together, and the sentence says so.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from workers.build.builder import far_builder
from workers.build.disk import folder_bytes
from workers.build.job import Report
from workers.build.limits import ACTIVE
from workers.build.limits_enforced import Enforced
from workers.docker_cli import client_env
from workers.errors import PlatformError
from workers.process import run

EVERY_SECONDS = 2.0
GB = 10**9
UPPER = re.compile(r"upperdir=([^,\s]+)")


class WroteTooMuch(Exception):
    """The sentence for a person."""


class DiskLimit:
    """Of one build, from now on."""

    def __init__(self, folder: Path, limit_bytes: int, enforced: Enforced, active: Path = ACTIVE) -> None:
        self._folder, self._limit, self._group, self._active = folder, limit_bytes, enforced.group, active
        self._has_own = bool(enforced.own)
        self._free = free_bytes(folder)
        self._look_at = 0.0
        self._most = 1
        self._steps = set[Path]()

    def check(self) -> None:
        """To be called often. Raises WroteTooMuch."""
        if time.monotonic() < self._look_at:
            return
        began = time.monotonic()
        self._most = max(self._most, len(list(self._active.glob("*-*"))))
        self._note_steps()
        if self._free - free_bytes(self._folder) > self._limit:
            self._judge()
        self._look_at = time.monotonic() + max(EVERY_SECONDS, 10 * (time.monotonic() - began))

    def _judge(self) -> None:
        if self._most == 1 or self._has_own and sum(map(folder_bytes, self._steps)) > self._limit:
            raise WroteTooMuch(f"The build wrote more than {told(self._limit)}.")
        together = self._limit * self._most
        if not self._has_own and self._free - free_bytes(self._folder) > together:
            raise WroteTooMuch(f"This build and those beside it wrote more than {told(together)} together.")

    def _note_steps(self) -> None:
        """Where the engine keeps what a step writes, of those that run now. Others may not look there."""
        if not self._has_own or self._group is None:
            return
        try:
            pids = [pid for procs in self._group.rglob("cgroup.procs") for pid in procs.read_text().split()]
            self._steps |= {folder for pid in pids for folder in _written_by(pid)}
        except PermissionError:
            self._has_own = False
        except OSError:
            return  # A step has just ended.


def _written_by(pid: str) -> list[Path]:
    try:
        mounts = Path(f"/proc/{pid}/mountinfo").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [Path(found[1]) for line in mounts if " / / " in line and (found := UPPER.search(line))]


def checking_disk(client: str, limit_bytes: int, enforced: Enforced, report: Report) -> Callable[[], None]:
    """The report's check, which raises WroteTooMuch as well from now on."""
    if not limit_bytes:
        return report.check
    folder = engine_folder(client)
    if folder is None:
        report.line("The limit on what a build writes cannot be enforced here: the engine is not on this machine")
        return report.check
    limit = DiskLimit(folder, limit_bytes, enforced)

    def check() -> None:
        report.check()
        limit.check()

    return check


def engine_folder(client: str) -> Path | None:
    """Where the engine keeps images and builds; None when that is not on this machine."""
    folder = "" if far_builder() else _root_dir(client)
    return Path(folder) if folder and Path(folder).is_dir() else None


@lru_cache(maxsize=4)
def _root_dir(client: str) -> str:
    done = run([client, "info", "--format={{.DockerRootDir}}"], env=client_env(os.environ), timeout_seconds=30)
    return done.tail[-1].strip() if done.tail and not done.returncode else ""


def require_room(client: str, wanted_bytes: int) -> None:
    """PlatformError `build:platform:disk-low` when fewer bytes are free where the engine builds."""
    folder = engine_folder(client)
    if folder is None or (free := free_bytes(folder)) >= wanted_bytes:
        return
    raise PlatformError(
        "build:platform:disk-low",
        f"Only {told(free)} of the engine's disk are free, and builds begin with {told(wanted_bytes)}.",
        hint="What is not needed is being removed. An operator sees on the page Disk what takes the space.",
    )


def free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free


def told(count: int) -> str:
    return f"{count / GB:.3g} GB" if count >= GB else f"{count / 10**6:.3g} MB"
