"""Where BuildKit's control group is and what is written there, on folders that look like the kernel's trees."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from workers.build.limits_group import are_in_force, are_made, groups_of, main, make, settings_for, write

MB = 1024**2


def test_it_writes_the_limits_of_cgroup_v2() -> None:
    assert settings_for(200 * MB, 1.5, 100, v1=False) == [
        ("memory", "memory.max", "209715200"),
        ("memory", "memory.swap.max", "0"),
        ("cpu", "cpu.max", "150000 100000"),
        ("pids", "pids.max", "100"),
    ]


def test_it_writes_the_limits_of_cgroup_v1() -> None:
    assert settings_for(200 * MB, 1.5, 100, v1=True) == [
        ("memory", "memory.limit_in_bytes", "209715200"),
        ("memory", "memory.memsw.limit_in_bytes", "209715200"),
        ("memory", "memory.limit_in_bytes", "209715200"),
        ("memory", "memory.max_usage_in_bytes", "0"),
        ("cpu", "cpu.cfs_period_us", "100000"),
        ("cpu", "cpu.cfs_quota_us", "150000"),
        ("pids", "pids.max", "100"),
    ]


def test_it_lifts_the_limits_when_nothing_builds() -> None:
    assert [value for _, _, value in settings_for(0, 0, 0, v1=False)] == ["max", "max", "max 100000", "max"]
    assert [value for _, _, value in settings_for(0, 0, 0, v1=True)] == ["-1", "-1", "-1", "0", "100000", "-1", "max"]


def tree(top: Path, *folders: str, v2: bool = True) -> Path:
    """What a machine shows; `{}` stands for each controller of cgroup v1."""
    for folder in folders:
        for name in ("memory", "cpu", "pids"):
            (top / folder.format(name)).mkdir(parents=True, exist_ok=True)
    if v2:
        (top / "cgroup.controllers").write_text("cpuset cpu io memory pids")
        for folder in (top, *(path for path in top.rglob("*") if path.is_dir())):
            (folder / "cgroup.subtree_control").write_text("")
    return top


@pytest.mark.parametrize(
    ("folders", "v2", "memory", "cpu"),
    [
        (["docker/buildkit/abc"], True, "docker/buildkit", "docker/buildkit"),
        (["machines/docker", "machines/docker/buildkit"], True, "machines/docker/buildkit", "machines/docker/buildkit"),
        (["system.slice/docker.service"], True, "docker/buildkit", "docker/buildkit"),  # Not made yet.
        (["{}/docker/buildkit"], False, "memory/docker/buildkit", "cpu/docker/buildkit"),
        (["{}/ours/buildkit"], False, "memory/ours/buildkit", "cpu/ours/buildkit"),
        (["{}/system.slice"], False, "memory/docker/buildkit", "cpu/docker/buildkit"),
    ],
)
def test_it_finds_the_group_of_builds(tmp_path: Path, folders: list[str], v2: bool, memory: str, cpu: str) -> None:
    groups = groups_of(tree(tmp_path, *folders, v2=v2))
    assert (groups["memory"], groups["cpu"]) == (tmp_path / memory, tmp_path / cpu)


def test_it_takes_no_group_of_the_systemd_driver_for_the_one_of_builds(tmp_path: Path) -> None:
    top = tree(tmp_path, "system.slice/system.slice:docker:k3j2", "system.slice/docker-99aa.scope")
    assert not are_made(groups_of(top))


def test_it_makes_the_group_and_hands_the_controllers_down(tmp_path: Path) -> None:
    top = tree(tmp_path, "docker")
    make(groups_of(top))
    assert are_made(groups_of(top))
    told = {str(path.parent.relative_to(top)): path.read_text() for path in top.rglob("cgroup.subtree_control")}
    assert told == {".": "+memory +cpu +pids", "docker": "+memory +cpu +pids"}


@pytest.mark.parametrize("v2", [True, False])
def test_it_sees_what_is_in_force(tmp_path: Path, v2: bool) -> None:
    groups = groups_of(tree(tmp_path, "docker/buildkit" if v2 else "{}/docker/buildkit", v2=v2))
    assert not are_in_force(groups, 200 * MB, 1.5, 100)
    write(groups, 200 * MB, 1.5, 100)
    assert are_in_force(groups, 200 * MB, 1.5, 100)
    assert are_in_force(groups, 200 * MB + 1, 1.5, 100)  # The kernel counts pages.
    assert not are_in_force(groups, 300 * MB, 1.5, 100)
    assert not are_in_force(groups, 200 * MB, 1.0, 100)
    assert not are_in_force(groups, 0, 0, 0)
    write(groups, 0, 0, 0)
    assert are_in_force(groups, 0, 0, 0)


def test_it_sees_that_cgroup_v1_has_no_limit(tmp_path: Path) -> None:
    groups = groups_of(tree(tmp_path, "{}/docker/buildkit", v2=False))
    write(groups, 0, 0, 0)
    (groups["memory"] / "memory.limit_in_bytes").write_text("9223372036854771712\n")
    assert are_in_force(groups, 0, 0, 0)


def test_it_does_in_the_container_what_root_does(tmp_path: Path) -> None:
    top, notes = tree(tmp_path / "cg", "docker"), tmp_path / "notes"
    notes.mkdir()
    main(str(top), str(notes), "null")
    assert not are_in_force(groups_of(top), 200 * MB, 1.5, 100)
    main(str(top), str(notes), f"[{200 * MB}, 1.5, 100]")
    assert are_in_force(groups_of(top), 200 * MB, 1.5, 100)
    assert [oct(path.stat().st_mode & 0o7777) for path in (notes, notes / "lock")] == ["0o2775", "0o664"]
    assert (notes / "lock").stat().st_gid == os.getegid()
