"""Limits set for a user who may use Docker and is not root: what is started, and that it is done on the real engine."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.workers.build.alone import alone
from tests.workers.build.builds import MACHINE_CACHE, Builder, Lines, builder
from workers.build import limits, limits_far, limits_helper
from workers.build.base_images import ensure_base
from workers.build.job import BuildLimits, BuildSettings
from workers.build.limits_containers import GATHERING, PROGRAM, gathering_argv, has_to_gather, helper_argv
from workers.build.limits_helper import SOCKET, Helper, NotEnforced
from workers.build.limits_linger import settle_now
from workers.docker_cli import working_client
from workers.errors import UserError

MB = 1024**2
Call = Callable[..., Any]
NOBODY = 64_321  # No account has to exist for a user id.


def test_it_starts_a_container_without_privileges() -> None:
    argv = helper_argv("docker", "base", {"slipway.instance": "i"}, 111, Path("/run/slipway/builds"), (1, 1.5, 2))
    assert argv == [
        *("docker", "run", "--rm", "--pull=never", "--network=none", "--read-only", "--cap-drop=ALL"),
        *("--security-opt=no-new-privileges", "--security-opt=label=disable", "--userns=host", "--cgroupns=host"),
        *("--memory=64m", "--pids-limit=16", "--volume=/sys/fs/cgroup:/slipway/cgroup"),
        *("--label=slipway.instance=i", "--label=slipway.role=build-limits"),
        *(
            "--cap-add=DAC_OVERRIDE",
            "--cap-add=CHOWN",
            "--cap-add=FOWNER",
            "--user=0:111",
            "--volume=/run/slipway/builds:/slipway/builds",
        ),
        *(
            "--entrypoint=python3",
            "--",
            "base",
            "-c",
            PROGRAM,
            "/slipway/cgroup",
            "/slipway/builds",
            "[1, 1.5, 2]",
            "null",
        ),
    ]


def test_it_starts_a_container_that_sees_processes_and_has_no_more_privileges() -> None:
    writing = helper_argv("docker", "base", {}, 0, Path("/notes"), None)
    gathering = gathering_argv("docker", "base", {}, {"memory": "memory/docker/buildkit"})
    assert [one for one in gathering if one not in writing] == [
        *("--label=slipway.role=build-steps", "--cap-add=SYS_NICE"),
        *("--interactive", "--pid=host", GATHERING, '{"memory": "memory/docker/buildkit"}', ""),
    ]
    own = gathering_argv("docker", "base", {}, {"memory": "memory/docker/buildkit"}, "slipway-1-x")
    assert [one for one in own if one not in gathering] == ["--cap-add=SYS_PTRACE", "slipway-1-x"]


@pytest.mark.parametrize(
    ("driver", "version", "own", "wanted"),
    [
        ("systemd", "20.10.24+dfsg1", "", True),
        ("systemd", "26.1.5", "slipway-1-x", False),
        ("cgroupfs", "20.10.24", "", False),
        ("cgroupfs", "20.10.24", "slipway-1-x", True),
    ],
)
def test_it_knows_which_engines_put_steps_elsewhere(driver: str, version: str, own: str, wanted: bool) -> None:
    assert has_to_gather(driver, version, own) is wanted


@pytest.mark.parametrize(("version", "wanted"), [("20.10.24+dfsg1", True), ("28.5.2", False)])
def test_a_client_that_is_too_old_tells_no_engine_where(
    version: str, wanted: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = tmp_path / "docker"
    client.write_text(f'#!/bin/sh\ncase "$1" in info) echo cgroupfs 28.5.2;; version) echo {version};; esac\n')
    client.chmod(0o755)
    monkeypatch.setattr(limits_helper, "working_client", lambda _: str(client))
    assert Helper(tmp_path).has_to_gather("slipway-1-x", Lines()) is wanted


def test_it_says_why_a_container_did_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client = tmp_path / "docker"
    client.write_text(
        "#!/bin/sh\necho 'docker: no such image'; echo; echo \"Run 'docker run --help' for more\"; exit 125\n"
    )
    client.chmod(0o755)
    monkeypatch.setattr(limits_helper, "working_client", lambda _: str(client))
    with pytest.raises(NotEnforced, match="^docker: no such image$"):
        Helper(tmp_path).require_groups(Lines())


def test_it_refuses_an_engine_that_is_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "ssh://build.example")
    with pytest.raises(NotEnforced, match="ssh://build.example is not on this machine"):
        Helper(tmp_path).write(tmp_path / "notes", None, Lines())


@pytest.mark.parametrize(
    ("then", "told"),
    [
        ('cat; echo \'{"was_met": false, "has_killed": false}\'', []),
        ("exit 137", ["The build may have run without its limits: what held it to them ended before it"]),
    ],
)
def test_a_watch_on_another_machine_that_ends_before_its_build_is_told(
    then: str, told: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = tmp_path / "docker"
    client.write_text(f"#!/bin/sh\necho '{json.dumps({'own': 'slipway-1', 'parent': ''})}'\n{then}\n")
    client.chmod(0o755)
    monkeypatch.setattr(limits_far, "working_client", lambda _: str(client))
    monkeypatch.setattr(Helper, "image", lambda *_: "base")
    monkeypatch.setattr(Helper, "has_to_gather", lambda *_: False)
    report = Lines()
    with limits_far.enforced_there("ssh://b.example", BuildLimits(disk_bytes=0), report, Helper(tmp_path)) as limit:
        assert not limit.has_killed()
    assert report.lines == told


def test_it_does_not_try_again_at_once_where_it_was_in_vain(tmp_path: Path) -> None:
    (tmp_path / "limits-not-enforced").write_text("the reason of before")
    report = Lines()
    with limits.enforced(BuildLimits(), report, machine_cache=tmp_path, active=tmp_path / "active") as limit:
        assert limit.group is None
    assert report.lines == ["The limits on memory and CPU cannot be enforced here: the reason of before"]
    assert not (tmp_path / "active").exists()
    an_hour_ago = time.time() - 3600
    os.utime(tmp_path / "limits-not-enforced", (an_hour_ago, an_hour_ago))
    assert Helper(tmp_path).refusal() == ""


@pytest.fixture
def users_folder() -> Iterator[Path]:
    """A folder that a user who is not root can reach; pytest's own are closed."""
    with TemporaryDirectory(prefix="slipway-limits-") as name:
        os.chown(name, NOBODY, NOBODY)
        yield Path(name)


@pytest.mark.docker
def test_it_opens_notes_that_a_user_made(users_folder: Path) -> None:
    notes = users_folder / "builds"
    notes.mkdir(mode=0o755)
    (notes / "lock").touch(mode=0o644)
    for path in (notes, notes / "lock"):
        os.chown(path, NOBODY, NOBODY)
    Helper(MACHINE_CACHE, {"slipway.instance": "test"}).write(notes, None, Lines())
    group = Path(SOCKET).stat().st_gid
    told = [(path.stat().st_uid, path.stat().st_gid, oct(path.stat().st_mode)) for path in (notes, notes / "lock")]
    assert told == [(NOBODY, group, "0o42775"), (NOBODY, group, "0o100664")]


@contextmanager
def ordinary_user(home: Path) -> Iterator[Call]:
    """Calls functions in one process of a user who is not root and is in the group of the engine's socket."""
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    group = Path(SOCKET).stat().st_gid
    pool = ProcessPoolExecutor(1, get_context("fork"), initializer=_become, initargs=(group, home))
    with pool:
        yield lambda work, *given: pool.submit(work, *given).result(timeout=120)


def _become(group: int, home: Path) -> None:
    os.setgroups([group])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
    os.environ["HOME"] = str(home)


def _built(here: Builder, has_neighbours: bool) -> str:
    """What went wrong, "" when nothing did."""
    limit = BuildLimits(memory_bytes=200 * MB, has_neighbours=has_neighbours)
    try:
        here.build(settings=BuildSettings(limits=limit, no_cache=True))
    except UserError as error:
        return error.message
    return ""


def _helpers_since(begin: datetime, instance: str) -> int:
    now = datetime.now(UTC)
    filters = [f"label=slipway.instance={instance}", "label=slipway.role=build-limits", "event=create"]
    argv = [working_client(MACHINE_CACHE), "events", f"--since={begin.isoformat()}", f"--until={now.isoformat()}"]
    told = subprocess.run([*argv, *(f"--filter={one}" for one in filters)], capture_output=True, text=True, check=True)
    return len(told.stdout.splitlines())


def _two_builds(here: Builder, base: str, code: str, call: Call) -> tuple[list[str], int]:
    """What went wrong in each, and how many containers the limits of the second took."""
    here.write(Dockerfile=f'FROM {base}\nRUN ["python3", "-c", "{code}"]\n')
    first = call(_built, here, True)
    here.number += 1
    here.write(Dockerfile=f"FROM {base}\nRUN true\n")
    begin = datetime.now(UTC)
    second = call(_built, here, False)
    here.number += 1
    return [first, second], _helpers_since(begin, here.instance)


@pytest.mark.docker
def test_it_limits_the_builds_of_an_ordinary_user(users_folder: Path) -> None:
    base = ensure_base("python", "", report=Lines(), cache_dir=MACHINE_CACHE).reference
    code = "import time; time.sleep(4); x = bytearray(400 * 1024 * 1024); print('had it'); time.sleep(1)"
    memory = limits.groups_of(limits.CGROUPS)["memory"]
    file = memory / ("memory.max" if (memory / "memory.max").exists() else "memory.limit_in_bytes")
    with builder(users_folder) as here, ordinary_user(users_folder) as call:
        here.machine_cache = users_folder / "machine"
        said, helpers = alone(lambda: _two_builds(here, base, code, call), call(os.getpid))
        assert said == ["The build ran out of memory at 200 MB.", ""]
        assert helpers == 0  # For the second, whose limits were in force still, and which has no neighbours.
        begin = datetime.now(UTC)
        call(settle_now)
        assert _helpers_since(begin, here.instance) == 1
        assert file.read_text().strip() != str(200 * MB)
