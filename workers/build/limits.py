"""CPU, memory and process limits of builds, on the control group that BuildKit puts its RUN containers in.

The BuildKit inside of the engine knows no limits of its own: it ignores `--memory`. Its group holds all builds of the
engine, so that it gets the sum of what the running ones may use. Within it each build has a group with its own limits,
which engines since 23 are told, and older ones' containers are put into as they come (limits_strays). Where no limit can
be set, a line says so.

Root writes the group at once. For a user who is not root but may use Docker a container does (limits_helper), and the
limits stay for a while after the last build, so that the next one finds them in force. When a worker is killed
meanwhile they stay on: that only slows builds down that are made by hand, and the next build sets them anew. They go
with the group when the machine starts; an engine that is restarted keeps them. On a builder's own machine all of this is
another container's, for each build its own (limits_far).
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from workers.build import limits_linger as linger
from workers.build.builder import far_builder
from workers.build.job import BuildLimits, Report
from workers.build.limits_enforced import Enforced, kills
from workers.build.limits_far import enforced_there
from workers.build.limits_group import (
    PIDS,
    are_in_force,
    are_made,
    groups_of,
    is_forbidden,
    make,
    make_own,
    own_of,
    parent_of,
    quota,
    remove_over,
    write,
)
from workers.build.limits_helper import Helper, NotEnforced
from workers.build.limits_notes import ACTIVE, new_note, own_name, sum_of, write_note
from workers.build.limits_strays import gathering, homes_of
from workers.file_lock import locked

log = logging.getLogger(__name__)

CGROUPS = Path("/sys/fs/cgroup")


@contextmanager
def enforced(
    limits: BuildLimits,
    report: Report,
    *,
    machine_cache: Path | None = None,
    labels: Mapping[str, str] | None = None,
    cgroups: Path = CGROUPS,
    active: Path = ACTIVE,
) -> Iterator[Enforced]:
    """The limits hold inside; afterwards those of the builds that still run, for who is not root 20 s later.

    Without `machine_cache` no engine is asked: only what this process may write itself is written.
    """
    helper = Helper(machine_cache, labels or {}) if machine_cache else None
    with ExitStack() as stack:
        try:
            if far := far_builder():
                limit = stack.enter_context(enforced_there(far, limits, report, helper))
            else:
                limit = _enter(stack, _Place(cgroups, active, helper), limits, report)
        except (OSError, NotEnforced) as error:
            reason = (isinstance(error, OSError) and error.strerror) or str(error)
            report.line(f"The limits on memory and CPU cannot be enforced here: {reason}", level="err")
            limit = Enforced(limits.memory_bytes)
        yield limit


def _enter(stack: ExitStack, place: _Place, limits: BuildLimits, report: Report) -> Enforced:
    note = place.enter(limits, report)
    stack.callback(place.leave, note, report)
    own = place.give_own(note, limits, report)
    stack.enter_context(place.gathered(own, report))
    memory = own_of(groups_of(place.cgroups), own)["memory"]
    return Enforced(limits.memory_bytes, memory, own, parent_of(place.cgroups, own), kills(memory))


@dataclass(frozen=True)
class _Place:
    """Where builds are limited, and where the running ones are noted."""

    cgroups: Path
    active: Path
    helper: Helper | None

    def enter(self, limits: BuildLimits, report: Report) -> Path:
        """The note of this build; gone again when its limits cannot be set."""
        if self.helper and (reason := self.helper.refusal()):
            raise NotEnforced(reason)
        try:
            self._prepare(report)
            return self._enter(limits, report)
        except NotEnforced as error:
            if self.helper:
                self.helper.remember(str(error))
            raise

    def leave(self, mine: Path, report: Report) -> None:
        try:
            with locked(self.active / "lock"):
                mine.unlink(missing_ok=True)
                remove_over(groups_of(self.cgroups), self.active)
                self._write_sum(None)
        except OSError as error:
            if is_forbidden(error):
                linger.later(self._settle)
            else:  # The others hold more than their sum, or the group is gone: the next one mends it.
                report.line(f"The limits of the other builds stay as they were: {error.strerror or error}", level="err")

    def give_own(self, mine: Path, limits: BuildLimits, report: Report) -> str:
        """The name of a group for this build alone; "" where that takes a container, and builds run one by one."""
        name, one = own_name(mine), (limits.memory_bytes, quota(limits.cpus), PIDS)
        try:
            make_own(groups_of(self.cgroups), name, *one)
        except OSError as error:
            if not is_forbidden(error):
                raise
            if self.helper is None or not limits.has_neighbours:
                return ""
            self.helper.write(self.active, None, report, own=(name, *one))
        return name

    def gathered(self, own: str, report: Report) -> AbstractContextManager[None]:
        """Meanwhile RUN containers that are elsewhere are put into the groups."""
        groups = groups_of(self.cgroups)
        if os.access(groups["memory"] / "cgroup.procs", os.W_OK):
            return gathering(lambda: homes_of(self.cgroups), groups, lambda error: _tell_unlimited(report, error), own)
        if self.helper and self.helper.has_to_gather(own, report):
            return self.helper.gathering(groups, self.cgroups, report, own)
        return nullcontext()

    def _prepare(self, report: Report) -> None:
        if self.helper and not are_made(groups_of(self.cgroups)):
            self.helper.require_groups(report)
        try:
            self.active.mkdir(parents=True, exist_ok=True)
            (self.active / "lock").open("a").close()
            make(groups_of(self.cgroups))
        except OSError as error:
            if self.helper is None or not is_forbidden(error):
                raise
            self.helper.write(self.active, None, report)
            if not are_made(groups_of(self.cgroups)):
                raise NotEnforced("the engine runs apart from this machine's control groups, or as a user") from error
            if not os.access(self.active / "lock", os.W_OK):
                raise NotEnforced(f"this process may not write {self.active / 'lock'}") from error

    def _enter(self, limits: BuildLimits, report: Report) -> Path:
        mine = new_note(self.active)
        try:
            with locked(self.active / "lock", report.check):
                write_note(mine, limits.memory_bytes, limits.cpus)
                self._write_sum(report)
        except BaseException:
            mine.unlink(missing_ok=True)
            linger.later(self._settle)  # A part may be in force.
            raise
        linger.stay()
        return mine

    def _write_sum(self, report: Report | None) -> None:
        """By the helper only when there is a report."""
        groups, limits = groups_of(self.cgroups), sum_of(self.active)
        if are_in_force(groups, *limits):
            return
        try:
            write(groups, *limits)
        except OSError as error:
            if self.helper is None or report is None or not is_forbidden(error):
                raise
            self.helper.write(self.active, limits, report)

    def _settle(self) -> None:
        """Write the sum after builds have ended, in the background or when this process ends."""
        try:
            with locked(self.active / "lock"):
                self._write_sum(Logged())
        except (OSError, NotEnforced) as error:
            log.warning("The limits of builds stay as they were: %s", error)


class Logged:
    """A report when no build is there to tell."""

    def line(self, text: str, *, level: str = "out") -> None:
        log.info(text)

    def command(self, argv: Sequence[str]) -> None:
        log.info("%s", argv[:2])

    def check(self) -> None:
        """Nobody stops it."""


def _tell_unlimited(report: Report, error: OSError) -> None:
    report.line(f"A step of the build may have run without its limits: {error.strerror or error}", level="err")
