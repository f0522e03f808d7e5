"""Writes the limits of builds for a user who may use Docker and is not root, by a container that ends at once.

It has no privileges but being root on the host's control groups: no capabilities, no network, nothing of the user's.
Not in charge of what the limits are. It takes about 0.4 s, so it is not started for limits that are in force.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from workers.build import limits_group
from workers.build.base_images import ensure_base
from workers.build.job import Report
from workers.docker_cli import client_env, working_client
from workers.errors import SlipwayError
from workers.process import TimedOut, run

SECONDS = 60.0
FORGET_SECONDS = 600.0
SOCKET = "/var/run/docker.sock"
HOST_CGROUPS = "/slipway/cgroup"  # Inside, where the engine's own mounts do not hide them.
HOST_NOTES = "/slipway/builds"
PROGRAM = Path(limits_group.__file__).read_text()


class NotEnforced(Exception):
    """Limits cannot be set here; the text says why."""


def helper_argv(
    client: str,
    image: str,
    labels: Mapping[str, str],
    group_id: int,
    notes: Path,
    limits: tuple[int, float, int] | None,
) -> list[str]:
    """`limits` are bytes, CPUs and processes, 0 for none; None only makes the group and the folder of notes."""
    told = {**labels, "slipway.role": "build-limits"}
    return [
        *(client, "run", "--rm", "--pull=never", "--network=none", "--read-only", "--cap-drop=ALL"),
        *("--security-opt=no-new-privileges", "--security-opt=label=disable", "--userns=host", "--cgroupns=host"),
        *("--memory=64m", "--pids-limit=16", f"--user=0:{group_id}"),
        f"--volume=/sys/fs/cgroup:{HOST_CGROUPS}",
        f"--volume={notes}:{HOST_NOTES}",
        *(f"--label={name}={value}" for name, value in told.items()),
        *("--entrypoint=python3", "--", image),
        *("-c", PROGRAM),
        *(HOST_CGROUPS, HOST_NOTES, json.dumps(limits)),
    ]


def driver_argv(client: str) -> list[str]:
    return [client, "info", "--format={{.CgroupDriver}}"]


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

    def require_common_group(self, report: Report) -> None:
        """Raises NotEnforced where BuildKit's containers have no group in common."""
        driver = self._output(driver_argv(working_client(self.cache_dir)), report)
        if driver != "cgroupfs":
            raise NotEnforced(
                f"the engine's control groups are of the driver {driver or 'none'}, where builds have no group of their "
                'own; with "exec-opts": ["native.cgroupdriver=cgroupfs"] in /etc/docker/daemon.json they have'
            )

    def write(self, notes: Path, limits: tuple[int, float, int] | None, report: Report) -> None:
        socket = os.environ.get("DOCKER_HOST") or f"unix://{SOCKET}"
        if not socket.startswith("unix://"):
            raise NotEnforced(f"the engine at {socket} is not on this machine")
        group_id = Path(socket.removeprefix("unix://")).stat().st_gid
        try:
            image = ensure_base("python", "", report=report, cache_dir=self.cache_dir, labels=self.labels).reference
        except SlipwayError as error:
            raise NotEnforced(error.message) from error
        client = working_client(self.cache_dir)
        self._output(helper_argv(client, image, self.labels, group_id, notes, limits), report)

    def _output(self, argv: list[str], report: Report) -> str:
        try:
            done = run(argv, env=client_env(os.environ), check=report.check, timeout_seconds=SECONDS)
        except TimedOut as error:
            raise NotEnforced(str(error)) from error
        last = done.tail[-1].strip() if done.tail else ""
        if done.returncode:
            raise NotEnforced(last or f"docker {argv[1]} ended with {done.returncode}")
        return last

    @property
    def _memory(self) -> Path:
        return self.cache_dir / "limits-not-enforced"
