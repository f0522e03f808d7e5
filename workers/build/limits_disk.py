"""What a build writes on the engine's disk, and that there is room for one. Not in charge of memory and CPU.

Where nobody may add up what its steps wrote, a build is ended no sooner than the disk is nearly full. On a builder's own
machine the container that limits it looks (limits_watch).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from workers.build.builder import far_builder
from workers.build.job import BuildLimits, Report
from workers.build.limits_enforced import Enforced
from workers.build.limits_written import Verdict, Written, free_bytes
from workers.docker_cli import client_env
from workers.errors import PlatformError
from workers.process import TimedOut, run

GB = 10**9
DISK_LOW = "build:platform:disk-low"


class WroteTooMuch(Exception):
    """The sentence for a person."""


def checking_disk(client: str, limits: BuildLimits, enforced: Enforced, report: Report) -> Callable[[], None]:
    """The report's check, which from now on raises WroteTooMuch, or PlatformError where nobody knows who did, as well."""
    if not limits.disk_bytes:
        return report.check
    look = enforced.look or _near(client, limits, enforced)
    if look is None:
        report.line("The limit on what a build writes cannot be enforced here: the engine is not on this machine")
        return report.check

    def check() -> None:
        report.check()
        if verdict := look():
            raise _ended_by(verdict, limits)

    return check


def _near(client: str, limits: BuildLimits, enforced: Enforced) -> Callable[[], Verdict | None] | None:
    folder, group = engine_folder(client), enforced.group if enforced.own else None
    return Written(folder, group, limits.disk_bytes, limits.disk_floor_bytes).look if folder else None


def _ended_by(verdict: Verdict, limits: BuildLimits) -> Exception:
    if verdict.is_its_own:
        return WroteTooMuch(f"The build wrote more than {told(limits.disk_bytes)}.")
    return PlatformError(
        "build:platform:disk-full",
        f"Only {told(verdict.free)} of the engine's disk are free; {told(verdict.went)} went while this build ran, "
        "whether by it or by something else.",
        hint="An operator sees on the page Disk what takes the space.",
    )


def engine_folder(client: str) -> Path | None:
    """Where the engine keeps images and builds; None when that is not on this machine. Raises PlatformError."""
    folder = "" if far_builder() else engine_root(client)
    return Path(folder) if folder and Path(folder).is_dir() else None


@lru_cache(maxsize=4)
def engine_root(client: str) -> str:
    """As its own machine names it. One that is slow, or not there yet, is asked again the next time: errors are not kept."""
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


def told(count: int) -> str:
    return f"{count / GB:.3g} GB" if count >= GB else f"{count / 10**6:.3g} MB"
