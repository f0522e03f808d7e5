"""Steps of builds that have no group in common are put into one: on folders, and on the kernel's own trees."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.workers.build.builds import MACHINE_CACHE, Lines
from workers.build.limits import CGROUPS
from workers.build.limits_group import groups_of, make, write
from workers.build.limits_helper import Helper
from workers.build.limits_strays import Groups, gather, gathering, homes_of

MB = 1024**2
STRAY = "system.slice:docker:k3j2q8"
FORGED, MINE, OTHER = (f"slipway-1-{digit * 32}" for digit in "012")


def process(proc: Path, pid: str, name: str, groups: str, numbers: str = "") -> None:
    (proc / pid).mkdir(parents=True)
    (proc / pid / "comm").write_text(f"{name}\n")
    (proc / pid / "status").write_text(f"Name:\t{name}\nNSpid:\t{numbers or pid}\n")
    (proc / pid / "cgroup").write_text(groups)


def test_it_knows_where_an_engine_has_strays_with_cgroup_v1(tmp_path: Path) -> None:
    own = "/system.slice/docker.service"
    told = f"4:memory:{own}\n3:cpuset:/\n2:cpu,cpuacct:{own}\n5:pids:{own}\n1:name=systemd:{own}\n0::{own}\n"
    process(tmp_path / "proc", "812", "dockerd", told)
    process(tmp_path / "proc", "1", "systemd", "4:memory:/init.scope\n")
    process(tmp_path / "proc", "4000", "dockerd", "4:memory:/docker/abc\n", numbers="4000\t30")  # Of a container.
    folders = {name: tmp_path / "cg" / name / "system.slice" / "docker.service" for name in ("memory", "cpu", "pids")}
    assert homes_of(tmp_path / "cg", tmp_path / "proc") == [folders]


@pytest.mark.parametrize(("own", "home"), [("/system.slice/docker.service", "system.slice"), ("/", "")])
def test_it_knows_where_an_engine_has_strays_with_cgroup_v2(tmp_path: Path, own: str, home: str) -> None:
    (tmp_path / "cg").mkdir()
    (tmp_path / "cg" / "cgroup.controllers").write_text("cpu memory pids")
    process(tmp_path / "proc", "812", "dockerd", f"0::{own}\n")
    assert homes_of(tmp_path / "cg", tmp_path / "proc") == [{"memory": tmp_path / "cg" / home}]


def test_it_leaves_other_groups_alone(tmp_path: Path) -> None:
    for name in ("docker-9aa.scope", "cron.service"):
        (tmp_path / "home" / name).mkdir(parents=True)
        (tmp_path / "home" / name / "cgroup.procs").write_text("1\n")
    assert gather([{"memory": tmp_path / "home"}, {"memory": tmp_path / "gone"}], {"memory": tmp_path}) == 0


@pytest.mark.parametrize(
    ("env", "place"),
    [
        ({"A": FORGED, "NO_PROXY": f"localhost,{MINE}"}, MINE),
        ({"A": f"{FORGED} slipway-{'9' * 300}-{'0' * 32}"}, "gathered"),
        ({"A": FORGED, "NO_PROXY": OTHER}, None),
    ],
)
def test_a_mark_that_a_dockerfile_sets_hides_no_step(tmp_path: Path, env: dict[str, str], place: str | None) -> None:
    stray, group = tmp_path / "home" / STRAY, tmp_path / "group"
    for folder in (stray, group / MINE, group / OTHER, group / "gathered"):
        folder.mkdir(parents=True)
    child = subprocess.Popen(["sleep", "60"], env=env)
    try:
        (stray / "cgroup.procs").write_text(f"{child.pid}\n")
        assert wait_until(lambda: b"A=" in Path(f"/proc/{child.pid}/environ").read_bytes())
        gather([{"memory": tmp_path / "home"}], {"memory": group}, MINE)
        assert [procs.parent.name for procs in group.glob("*/cgroup.procs")] == ([place] if place else [])
    finally:
        child.kill()
        child.wait()


@pytest.fixture
def machine() -> Iterator[tuple[Groups, Groups]]:
    """In the kernel's trees: where strays are, and the group for them. Both are gone afterwards."""
    if not os.access(CGROUPS / "memory" / "cgroup.procs", os.W_OK) and not os.access(CGROUPS / "cgroup.procs", os.W_OK):
        pytest.skip("only root can move processes between control groups")
    name = f"slipway-test-{secrets.token_hex(4)}"
    groups = {controller: group.parents[1] / name / "buildkit" for controller, group in groups_of(CGROUPS).items()}
    homes = {c: group.parent / "home" for c, group in groups.items() if c == "memory" or group != groups["memory"]}
    make(groups)
    for home in homes.values():
        (home / STRAY).mkdir(parents=True)
    yield homes, groups
    for top in {group.parent for group in groups.values()}:
        for folder in [*sorted(top.rglob("*/"), reverse=True), top]:
            assert wait_until(lambda folder=folder: is_removed(folder))


def is_removed(group: Path) -> bool:
    """A group is busy until the last of its processes, killed a moment ago, is reaped."""
    with suppress(OSError):
        group.rmdir()
    return not group.exists()


def started_in(homes: Groups, code: str, **env: str) -> subprocess.Popen[bytes]:
    """Python with this code in the stray group; what it prints first is awaited."""

    def join() -> None:
        for home in homes.values():
            (home / STRAY / "cgroup.procs").write_text("0")

    return subprocess.Popen([sys.executable, "-c", code], preexec_fn=join, stdin=subprocess.PIPE, env=env)


def groups_of_process(pid: int) -> str:
    return Path(f"/proc/{pid}/cgroup").read_text()


def wait_until(condition: Callable[[], bool], seconds: float = 30.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()


def test_it_gathers_processes_with_their_children(machine: tuple[Groups, Groups]) -> None:
    homes, groups = machine
    fork = "import os, time; [os.fork() or time.sleep(60) for _ in range(3)]; time.sleep(60)"
    child = started_in(homes, fork)
    try:
        strays = [home / STRAY / "cgroup.procs" for home in homes.values()]
        assert wait_until(lambda: all(len(procs.read_text().split()) == 4 for procs in strays))
        assert gather([homes], groups) == 4 * len(homes)
        assert not any(procs.read_text() for procs in strays)
        assert all(len((groups[c] / "gathered" / "cgroup.procs").read_text().split()) == 4 for c in homes)
    finally:
        subprocess.run(
            ["kill", "-9", *(groups["memory"] / "gathered" / "cgroup.procs").read_text().split()], check=True
        )
        child.wait()


def test_it_leaves_the_steps_of_other_builds_to_them(machine: tuple[Groups, Groups]) -> None:
    homes, groups = machine
    mine, other = (f"slipway-{os.getpid()}-{secrets.token_hex(16)}" for _ in range(2))
    for group in set(groups.values()):
        (group / other).mkdir()
    child = started_in(homes, "import time; time.sleep(60)", NO_PROXY=other)
    try:
        assert wait_until(lambda: b"NO_PROXY" in Path(f"/proc/{child.pid}/environ").read_bytes())
        assert gather([homes], groups, mine) == 0
        assert gather([homes], groups, other) == len(homes)
        assert f"/buildkit/{other}" in groups_of_process(child.pid)
    finally:
        child.kill()
        child.wait()


def test_it_puts_a_step_under_the_limits_while_it_runs(machine: tuple[Groups, Groups]) -> None:
    homes, groups = machine
    write(groups, 100 * MB, 1.0, 50)
    hungry = "import sys; sys.stdin.read(); x = bytearray(300 * 1024 * 1024); print('had it')"
    troubles: list[OSError] = []
    with gathering(lambda: [homes], groups, troubles.append):
        child = started_in(homes, hungry)
        assert wait_until(lambda: STRAY not in groups_of_process(child.pid))
        child.communicate(timeout=30)
        assert child.returncode == -9
    assert troubles == []


def test_it_tells_when_it_may_not_move(tmp_path: Path) -> None:
    stray = tmp_path / "home" / STRAY
    stray.mkdir(parents=True)
    (stray / "cgroup.procs").write_text("4711\n")
    (tmp_path / "group" / "gathered" / "cgroup.procs").mkdir(parents=True)  # Cannot be written.
    troubles: list[OSError] = []
    with gathering(lambda: [{"memory": tmp_path / "home"}], {"memory": tmp_path / "group"}, troubles.append):
        assert wait_until(lambda: "limits-strays" not in [thread.name for thread in threading.enumerate()])
    assert [type(error) for error in troubles] == [IsADirectoryError]


@pytest.mark.docker
def test_it_gathers_by_a_container_for_who_is_not_root(machine: tuple[Groups, Groups]) -> None:
    _, groups = machine
    engine = homes_of(CGROUPS)[0]
    name = f"test-{secrets.token_hex(4)}.slice:docker:x"
    strays = [home / name for home in engine.values()]
    for stray in strays:
        stray.mkdir()
    labels = {"slipway.instance": secrets.token_hex(4)}
    own = f"slipway-{os.getpid()}-{secrets.token_hex(16)}"
    child = subprocess.Popen(["sleep", "60"], env={"NO_PROXY": f"localhost,{own}"})
    try:
        for stray in strays:
            (stray / "cgroup.procs").write_text(str(child.pid))
        with Helper(MACHINE_CACHE, labels).gathering(groups, CGROUPS, Lines(), own):
            assert wait_until(lambda: f"/buildkit/{own}" in groups_of_process(child.pid))
        assert child.poll() is None
    finally:
        child.kill()
        child.wait()
        for stray in strays:
            stray.rmdir()
