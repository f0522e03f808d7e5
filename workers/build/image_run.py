"""Runs a build to its end, and says what ended it: its time, its disk, its memory, or a cause in its last lines.

Not in charge of what is built, nor of setting the limits on memory and CPU.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from workers.build.causes import Cause, cause
from workers.build.job import BuildSettings, Report
from workers.build.limits_disk import WroteTooMuch, checking_disk
from workers.build.limits_enforced import Enforced
from workers.build.mends_limits import MB, doubled_seconds, memory_told, of_builds
from workers.build.outside import OUTSIDE
from workers.build.plan import Plan
from workers.build.progress import Progress
from workers.docker_cli import anonymous, client_env
from workers.errors import PlatformError, SlipwayError, UserError
from workers.process import Completed, TimedOut, run

SHOWN_LINES = 15


def run_build(
    argv: list[str],
    config: Path,
    plan: Plan,
    settings: BuildSettings,
    report: Report,
    limit: Enforced,
    *,
    client: str = "",
    env: Mapping[str, str] | None = None,
    folder: Path | None = None,
    known_as: str = "",
) -> None:
    """`config` is made for the client's settings, `env` is laid over them; `client` is the engine's command where `argv`
    begins with another. It runs in `folder`, `known_as` the same as builds whose source is nearly the same. UserError or
    PlatformError with the likely cause and the last lines."""
    progress = Progress(is_ours=plan.language not in OUTSIDE)
    shown: list[str] = []

    def on_line(text: str, level: str) -> None:
        for line in progress.feed(text):
            shown.append(line)
            del shown[:-200]
            report.line(line)

    env = {**anonymous(client_env(os.environ), config, limit.own, known_as), **(env or {})}
    check, seconds = checking_disk(client or argv[0], settings.limits, limit, report), settings.limits.timeout_seconds
    try:
        done = run(argv, cwd=folder, env=env, on_line=on_line, check=check, timeout_seconds=seconds)
    except TimedOut as error:
        raise _too_long(seconds, shown) from error
    except WroteTooMuch as error:
        fix = "Make it write less, or have an operator raise SLIPWAY_BUILD_DISK_GB."
        raise UserError("build:user:disk-limit", str(error), hint=_hint(fix, shown)) from error
    if done.returncode:
        raise _failure(done, shown, plan, limit)


def _too_long(seconds: float, shown: list[str]) -> UserError:
    return UserError(
        "build:user:timeout",
        f"The build took longer than {seconds:g} s and was stopped.",
        hint=_hint("Make the build shorter, or raise its time limit in the service's settings.", shown),
        change=doubled_seconds("build_timeout_seconds", seconds),
    )


def _failure(done: Completed, shown: list[str], plan: Plan, limit: Enforced) -> SlipwayError:
    text = "\n".join(done.tail)
    if "Cannot connect to the Docker daemon" in text or "error during connect" in text:
        return PlatformError("engine:platform:unreachable", "The engine cannot be reached.", hint="Start Docker.")
    known = cause([*done.tail, *shown], plan)
    if known and known.code == "disk-full":
        return PlatformError("build:platform:disk-full", known.sentence, hint=known.fix)
    if limit.has_killed() if known is None else known.code == "out-of-memory" and limit.was_met():
        known = Cause(
            "out-of-memory",
            f"The build ran out of memory at {memory_told(limit.memory_bytes // MB)}.",
            "Raise the build memory in the service's settings, or make the build need less.",
            of_builds(limit.memory_bytes),
        )
    known = known or Cause("build-failed", "A command of the build failed.", "See the last lines:")
    return UserError(f"build:user:{known.code}", known.sentence, hint=_hint(known.fix, shown), change=known.change)


def _hint(fix: str, shown: list[str]) -> str:
    return "\n".join([fix, *shown[-SHOWN_LINES:]])
