"""Writes the limits of builds for a user who may use Docker and is not root, by a container that ends at once.

It takes about 0.4 s, so it is not started for limits that are in force. Where RUN containers have to be put into the
group of builds, another one does that as long as a build takes. Not in charge of what the limits are, nor of what the
containers may do (limits_containers).
"""

from __future__ import annotations

import os
import select
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from workers.build.base_images import ensure_base
from workers.build.job import Report
from workers.build.limits_containers import client_argv, engine_argv, gathering_argv, has_to_gather, helper_argv
from workers.build.limits_strays import BEGUN
from workers.docker_cli import client_env, working_client
from workers.errors import SlipwayError
from workers.process import TimedOut, end_group, run, tied_argv

SECONDS, END_SECONDS = 60.0, 10.0
FORGET_SECONDS = 600.0
SOCKET = "/var/run/docker.sock"


class NotEnforced(Exception):
    """Limits cannot be set here; the text says why."""


@dataclass(frozen=True)
class Helper:
    """For one engine. `cache_dir` keeps for ten minutes that it was in vain."""

    cache_dir: Path
    labels: Mapping[str, str] = field(default_factory=dict)

    def refusal(self) -> str:
        """Why it was in vain a short while ago, "" when it was not."""
        memory = self._memory
        is_fresh = memory.exists() and time.time() - memory.stat().st_mtime < FORGET_SECONDS
        return memory.read_text() if is_fresh else ""

    def remember(self, reason: str) -> None:
        self._memory.parent.mkdir(parents=True, exist_ok=True)
        self._memory.write_text(reason)

    def require_groups(self, report: Report) -> None:
        """Raises NotEnforced where the engine puts nothing into control groups."""
        driver, _ = self._engine(report)
        if driver not in ("cgroupfs", "systemd"):
            raise NotEnforced(f"the engine uses no control groups (its driver is {driver or 'none'})")

    def has_to_gather(self, own: str, report: Report) -> bool:
        driver, version = self._engine(report)
        if has_to_gather(driver, version, own):
            return True
        return has_to_gather(driver, self._output(client_argv(working_client(self.cache_dir)), report), own)

    def write(
        self,
        notes: Path,
        limits: tuple[int, float, int] | None,
        report: Report,
        own: tuple[str, int, float, int] | None = None,
    ) -> None:
        group_id = Path(_socket()).stat().st_gid
        client, image = working_client(self.cache_dir), self.image(report)
        self._output(helper_argv(client, image, self.labels, group_id, notes, limits, own), report)

    @contextmanager
    def gathering(self, groups: Mapping[str, Path], cgroups: Path, report: Report, own: str = "") -> Iterator[None]:
        """Meanwhile RUN containers are put into the groups."""
        _socket()
        beneath = {controller: str(group.relative_to(cgroups)) for controller, group in groups.items()}
        argv = gathering_argv(working_client(self.cache_dir), self.image(report), self.labels, beneath, own)
        with attached(argv, report) as (child, said):
            if said != BEGUN:
                raise NotEnforced(said or "the container that gathers the steps of builds did not start")
            yield
            if child.poll() is not None:
                said = child.communicate()[0].decode(errors="replace").strip().rpartition("\n")[2]
                report.line(
                    f"A step of the build may have run without its limits: {said or 'nobody gathered it'}", level="err"
                )

    def image(self, report: Report) -> str:
        try:
            return ensure_base("python", "", report=report, cache_dir=self.cache_dir, labels=self.labels).reference
        except SlipwayError as error:
            raise NotEnforced(error.message) from error

    def _engine(self, report: Report) -> tuple[str, str]:
        """Its driver of control groups and its version."""
        driver, _, version = self._output(engine_argv(working_client(self.cache_dir)), report).partition(" ")
        return driver, version

    def _output(self, argv: list[str], report: Report) -> str:
        try:
            done = run(argv, env=client_env(os.environ), check=report.check, timeout_seconds=SECONDS)
        except TimedOut as error:
            raise NotEnforced(str(error)) from error
        last = next((line.strip() for line in reversed(done.tail) if _says_why(line)), "")
        if done.returncode:
            raise NotEnforced(last or f"docker {argv[1]} ended with {done.returncode}")
        return last

    @property
    def _memory(self) -> Path:
        return self.cache_dir / "limits-not-enforced"


def _says_why(line: str) -> bool:
    """A client since 28 ends with a hint to its help, whatever failed."""
    return bool(line.strip()) and not line.startswith("Run 'docker ")


def _socket() -> str:
    """Raises NotEnforced when the engine is not on this machine."""
    socket = os.environ.get("DOCKER_HOST") or f"unix://{SOCKET}"
    if not socket.startswith("unix://"):
        raise NotEnforced(f"the engine at {socket} is not on this machine")
    return socket.removeprefix("unix://")


@contextmanager
def attached(argv: list[str], report: Report) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A container that works until its standard input is closed, and the line that it says first, "" for none."""
    pipe, env = subprocess.PIPE, client_env(os.environ)
    child = subprocess.Popen(
        tied_argv(argv), env=env, stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT, start_new_session=True
    )
    assert child.stdin is not None and child.stdout is not None
    try:
        yield child, _first_line(child, report)
    finally:
        child.stdin.close()
        try:
            child.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            end_group(child)
        child.stdout.close()


def _first_line(child: subprocess.Popen[bytes], report: Report) -> str:
    """What it says first; "" when it says nothing in time."""
    assert child.stdout is not None
    deadline = time.monotonic() + SECONDS
    while not select.select([child.stdout], [], [], 0.1)[0]:
        report.check()
        if time.monotonic() > deadline:
            return ""
    return child.stdout.readline().decode(errors="replace").strip()
