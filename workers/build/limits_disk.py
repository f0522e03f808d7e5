"""What a build writes on the engine's disk, and that there is room for one. Not in charge of memory and CPU.

What its own steps wrote is added up, which only root may do; caches of package managers are not in it. Free space that is
lost tells nothing of who took it: images are pulled, apps write, others build. So it only says when to look, and where
nobody may add up, a build is ended for it no sooner than the disk is nearly full.
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
from workers.build.job import BuildLimits, Report
from workers.build.limits_enforced import Enforced
from workers.docker_cli import client_env
from workers.errors import PlatformError
from workers.process import TimedOut, run

EVERY_SECONDS = 2.0
GB = 10**9
DISK_LOW = "build:platform:disk-low"
UPPER = re.compile(r"upperdir=([^,\s]+)")


class WroteTooMuch(Exception):
    """The sentence for a person."""


class DiskLimit:
    """Of one build, from now on."""

    def __init__(self, folder: Path, limits: BuildLimits, enforced: Enforced) -> None:
        self._folder, self._limit, self._floor = folder, limits.disk_bytes, limits.disk_floor_bytes
        self._group = enforced.group if enforced.own else None
        self._free = free_bytes(folder)
        self._look_at = 0.0
        self._steps = set[Path]()

    def check(self) -> None:
        """To be called often. Raises WroteTooMuch, or PlatformError where nobody knows who did."""
        if time.monotonic() < self._look_at:
            return
        began = time.monotonic()
        self._note_steps()
        free = free_bytes(self._folder)
        if self._free - free > self._limit:
            self._judge(free)
        self._look_at = time.monotonic() + max(EVERY_SECONDS, 10 * (time.monotonic() - began))

    def _judge(self, free: int) -> None:
        if sum(map(folder_bytes, self._steps)) > self._limit:
            raise WroteTooMuch(f"The build wrote more than {told(self._limit)}.")
        if free < self._floor:
            raise PlatformError(
                "build:platform:disk-full",
                f"Only {told(free)} of the engine's disk are free; {told(self._free - free)} went while this build ran, "
                "whether by it or by something else.",
                hint="An operator sees on the page Disk what takes the space.",
            )

    def _note_steps(self) -> None:
        """Where the engine keeps what a step writes, of those that run now. Others may not look there."""
        if self._group is None:
            return
        try:
            pids = [pid for procs in self._group.rglob("cgroup.procs") for pid in procs.read_text().split()]
            self._steps |= {folder for pid in pids for folder in _written_by(pid)}
        except PermissionError:
            self._group = None
        except OSError:
            return  # A step has just ended.


def _written_by(pid: str) -> list[Path]:
    try:
        mounts = Path(f"/proc/{pid}/mountinfo").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [Path(found[1]) for line in mounts if " / / " in line and (found := UPPER.search(line))]


def checking_disk(client: str, limits: BuildLimits, enforced: Enforced, report: Report) -> Callable[[], None]:
    """The report's check, which raises what DiskLimit does as well from now on."""
    if not limits.disk_bytes:
        return report.check
    folder = engine_folder(client)
    if folder is None:
        report.line("The limit on what a build writes cannot be enforced here: the engine is not on this machine")
        return report.check
    limit = DiskLimit(folder, limits, enforced)

    def check() -> None:
        report.check()
        limit.check()

    return check


def engine_folder(client: str) -> Path | None:
    """Where the engine keeps images and builds; None when that is not on this machine. Raises PlatformError."""
    folder = "" if far_builder() else _root_dir(client)
    return Path(folder) if folder and Path(folder).is_dir() else None


@lru_cache(maxsize=4)
def _root_dir(client: str) -> str:
    """An engine that is slow, or not there yet, is asked again the next time: errors are not kept."""
    try:
        done = run([client, "info", "--format={{.DockerRootDir}}"], env=client_env(os.environ), timeout_seconds=30)
    except TimedOut as error:
        raise _silent(str(error)) from error
    said = done.tail[-1].strip() if done.tail else ""
    if done.returncode or not said:
        raise _silent(said)
    return said


def _silent(said: str) -> PlatformError:
    return PlatformError("engine:platform:unreachable", f"The engine does not tell where it builds. {said}".strip())


def require_room(client: str, wanted_bytes: int) -> None:
    """PlatformError DISK_LOW when fewer bytes are free where the engine builds."""
    folder = engine_folder(client)
    if folder is None or (free := free_bytes(folder)) >= wanted_bytes:
        return
    raise PlatformError(
        DISK_LOW,
        f"Only {told(free)} of the engine's disk are free, and builds begin with {told(wanted_bytes)}.",
        hint="What nothing needs is removed meanwhile. An operator sees on the page Disk what takes the space.",
    )


def free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free


def told(count: int) -> str:
    return f"{count / GB:.3g} GB" if count >= GB else f"{count / 10**6:.3g} MB"
