"""The containers by which limits are set for a user who is not root: what they are given, and what they may. Pure.

They have no privileges but being root on the host's control groups: no network, nothing of the user's, few capabilities.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from workers import file_lock
from workers.build import limits_enforced, limits_group, limits_notes, limits_strays, limits_watch, limits_written
from workers.build.limits_notes import ACTIVE

HOST_CGROUPS = "/slipway/cgroup"  # Inside, where the engine's own mounts do not hide them.
HOST_NOTES = "/slipway/builds"
HOST = "/slipway/host"
PROGRAM = Path(limits_group.__file__).read_text()
GATHERING = Path(limits_strays.__file__).read_text()
WATCH = (file_lock, limits_group, limits_written, limits_enforced, limits_notes, limits_strays, limits_watch)
WATCHING = {module.__name__: Path(module.__file__ or "").read_text() for module in WATCH}
# For a Python that has none of our modules: those of its first argument, the last of which is run.
LOADING = """
import json, sys, types
for name, text in json.loads(sys.argv.pop(1)).items():
    sys.modules[name] = module = types.ModuleType(name)
    exec(text, module.__dict__)
module.main(*sys.argv[1:])
"""
PLACES_BUILDS = 23  # The first engine whose BuildKit goes by `--cgroup-parent`, and client that tells it.


def helper_argv(
    client: str,
    image: str,
    labels: Mapping[str, str],
    group_id: int,
    notes: Path,
    limits: tuple[int, float, int] | None,
    own: tuple[str, int, float, int] | None = None,
) -> list[str]:
    """`limits` are bytes, CPUs and processes, 0 for none; None only makes the group and the folder of notes.

    `own` is the name and the limits of a build's own group.
    """
    return [
        *_confined(client, labels, "build-limits"),
        "--cap-add=DAC_OVERRIDE",  # The kernel lets not even root make a group at the top of cgroup v2 without it.
        *("--cap-add=CHOWN", "--cap-add=FOWNER"),  # To open notes that are another user's.
        f"--user=0:{group_id}",
        f"--volume={notes}:{HOST_NOTES}",
        *("--entrypoint=python3", "--", image, "-c", PROGRAM),
        *(HOST_CGROUPS, HOST_NOTES, json.dumps(limits), json.dumps(own)),
    ]


def gathering_argv(
    client: str, image: str, labels: Mapping[str, str], groups: Mapping[str, str], own: str = ""
) -> list[str]:
    """Goes on until its standard input is closed. It sees the machine's processes, and may move them; for the group of
    one build it reads their environment, too.
    """
    return [
        *_confined(client, labels, "build-steps"),
        "--cap-add=SYS_NICE",  # To move a process that has capabilities, where cpusets are in use.
        *(["--cap-add=SYS_PTRACE"] if own else []),
        *("--interactive", "--pid=host", "--user=0:0"),
        *("--entrypoint=python3", "--", image, "-c", GATHERING),
        *(HOST_CGROUPS, json.dumps(groups), own),
    ]


def watching_argv(
    client: str,
    image: str,
    labels: Mapping[str, str],
    limits: tuple[int, float],
    disk: tuple[str, int, int] | None,
    *,
    gathers: bool,
) -> list[str]:
    """Makes one build's own group on the engine's machine, tells how it went when its standard input is closed, and
    removes it. May what both of the others may, but for opening notes; with `disk`, it reads the machine's files.
    """
    packages = dict.fromkeys(("workers", "workers.build"), "")
    return [
        *_confined(client, labels, "build-limits"),
        *("--cap-add=DAC_OVERRIDE", "--cap-add=SYS_NICE", "--cap-add=SYS_PTRACE"),
        *("--interactive", "--pid=host", "--user=0:0", f"--volume={ACTIVE}:{HOST_NOTES}"),
        *([f"--volume=/:{HOST}:ro"] if disk else []),
        *("--entrypoint=python3", "--", image, "-c", LOADING),
        *(json.dumps(packages | WATCHING), HOST_CGROUPS, HOST_NOTES, HOST),
        *(json.dumps(limits), json.dumps(disk), json.dumps(gathers)),
    ]


def _confined(client: str, labels: Mapping[str, str], role: str) -> list[str]:
    told = {**labels, "slipway.role": role}
    return [
        *(client, "run", "--rm", "--pull=never", "--network=none", "--read-only", "--cap-drop=ALL"),
        *("--security-opt=no-new-privileges", "--security-opt=label=disable", "--userns=host", "--cgroupns=host"),
        *("--memory=64m", "--pids-limit=16"),
        f"--volume=/sys/fs/cgroup:{HOST_CGROUPS}",
        *(f"--label={name}={value}" for name, value in told.items()),
    ]


def engine_argv(client: str) -> list[str]:
    return [client, "info", "--format={{.CgroupDriver}} {{.ServerVersion}}"]


def client_argv(client: str) -> list[str]:
    return [client, "version", "--format={{.Client.Version}}"]


def has_to_gather(driver: str, version: str, own: str) -> bool:
    """Whether the engine puts RUN containers elsewhere, whatever parent the client is told. Either's version counts."""
    return (driver == "systemd" or bool(own)) and int(version.partition(".")[0]) < PLACES_BUILDS
