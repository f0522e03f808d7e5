"""CPU, memory and process limits of a build on a builder's own machine, whose control groups are not ours to write.

A container of that engine makes a group for the build and stays beside it (limits_watch): where the worker dies, its input
is closed and the group goes. It looks at the disk, too. Not in charge of the network there (egress_firewall).
"""

from __future__ import annotations

import json
import select
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from workers.build.job import BuildLimits, Report
from workers.build.limits_containers import watching_argv
from workers.build.limits_disk import engine_root
from workers.build.limits_enforced import Enforced
from workers.build.limits_group import OWN
from workers.build.limits_helper import Helper, NotEnforced, attached
from workers.build.limits_written import Verdict
from workers.docker_cli import working_client


def _nothing() -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class EnforcedThere(Enforced):
    """`ask` ends the watch and gives its last word."""

    ask: Callable[[], dict[str, Any]] = field(default=_nothing)

    def was_met(self) -> bool:
        return bool(self.ask().get("was_met"))

    def has_killed(self) -> bool:
        return bool(self.ask().get("has_killed"))


@contextmanager
def enforced_there(far: str, limits: BuildLimits, report: Report, helper: Helper | None) -> Iterator[Enforced]:
    """Raises NotEnforced with the reason before it begins."""
    if helper is None:
        raise NotEnforced(f"builds run at {far}, which is not this machine")
    client, one = working_client(helper.cache_dir), (limits.memory_bytes, limits.cpus)
    disk = (engine_root(client), limits.disk_bytes, limits.disk_floor_bytes) if limits.disk_bytes else None
    gathers = helper.has_to_gather(OWN, report)
    argv = watching_argv(client, helper.image(report), helper.labels, one, disk, gathers=gathers)
    with attached(argv, report) as (child, said):
        if not (begun := _record(said)):
            raise NotEnforced(said or f"the container that limits builds did not start at {far}")

        @cache
        def ask() -> dict[str, Any]:
            return _record(child.communicate()[0].decode(errors="replace").strip().rpartition("\n")[2])

        def look() -> Verdict | None:
            return _verdict(child)

        yield EnforcedThere(limits.memory_bytes, **begun, ask=ask, look=look)
        if child.poll() is not None and not ask():
            report.line("The build may have run without its limits: what held it to them ended before it", level="err")


def _verdict(child: subprocess.Popen[bytes]) -> Verdict | None:
    """Its word on the disk, if it has said one."""
    assert child.stdout is not None
    told = _record(child.stdout.readline().decode()) if select.select([child.stdout], [], [], 0)[0] else {}
    return Verdict(**told) if told else None


def _record(line: str) -> dict[str, Any]:
    """{} for what a program or an engine says that failed."""
    try:
        told = json.loads(line)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
