from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.workers.build.alone import alone
from tests.workers.build.builds import MACHINE_CACHE, Builder, Lines, builder
from workers.build.base_images import ensure_base
from workers.build.job import BuildLimits, BuildSettings
from workers.build.limits import CGROUPS, enforced
from workers.build.limits_group import groups_of, parent_of, remove_over
from workers.build.limits_watch import limited
from workers.errors import UserError

MB = 1024**2


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Builder]:
    with builder(tmp_path) as made:
        yield made


def v2_tree(top: Path) -> Path:
    """A folder that looks like cgroup v2; the kernel's own behaviour is tested by the builds below."""
    group = top / "docker" / "buildkit"
    group.mkdir(parents=True)
    (top / "cgroup.controllers").write_text("cpu memory pids")
    (group / "memory.events").write_text("low 0\noom 0\noom_kill 3\n")
    return group


def test_it_gives_builds_that_run_together_the_sum(tmp_path: Path) -> None:
    group = v2_tree(tmp_path / "cg")
    both = {"cgroups": tmp_path / "cg", "active": tmp_path / "active"}
    with enforced(BuildLimits(200 * MB, 1.0), Lines(), **both) as first:
        with enforced(BuildLimits(300 * MB, 0.5), Lines(), **both):
            assert (group / "memory.max").read_text() == str(500 * MB)
            assert (group / "cpu.max").read_text() == "150000 100000"
        assert (group / "memory.max").read_text() == str(200 * MB)
        assert not first.was_met()
        (group / first.own / "memory.events").write_text("low 0\noom 1\noom_kill 1\n")
        assert first.was_met()
    assert (group / "memory.max").read_text() == "max"


def test_each_build_has_a_group_of_its_own_until_it_ends(tmp_path: Path) -> None:
    group = v2_tree(tmp_path / "cg")
    group.joinpath("memory.events").unlink()
    both = {"cgroups": tmp_path / "cg", "active": tmp_path / "active"}
    with enforced(BuildLimits(200 * MB, 1.0), Lines(), **both) as first:
        with enforced(BuildLimits(300 * MB, 0.5), Lines(), **both) as second:
            told = {own: (group / own / "memory.max").read_text() for own in (first.own, second.own)}
            assert told == {first.own: str(200 * MB), second.own: str(300 * MB)}
            assert parent_of(tmp_path / "cg", second.own) == f"docker/buildkit/{second.own}"
            assert (group / second.own / "cpu.max").read_text() == "50000 100000"
        for file in (group / second.own).iterdir():
            file.unlink()  # The kernel's own are none.
        remove_over(groups_of(tmp_path / "cg"), tmp_path / "active")
        assert [own.name for own in group.glob("slipway-*")] == [first.own]


def test_a_build_for_another_machine_is_one_of_this_machines(tmp_path: Path) -> None:
    """Its own are limited together with it, and leave its group to it."""
    group, active = v2_tree(tmp_path / "cg"), tmp_path / "active"
    with limited(groups_of(tmp_path / "cg"), active, 300 * MB, 0.5) as far:
        with enforced(BuildLimits(200 * MB, 1.0), Lines(), cgroups=tmp_path / "cg", active=active):
            assert (group / "memory.max").read_text() == str(500 * MB)
            for file in (group / far).iterdir():
                file.unlink()  # The kernel's own are none.
        assert (group / far).is_dir()
    assert not (group / far).exists() and (group / "memory.max").read_text() == "max"


def test_a_group_goes_from_hierarchies_that_limit_nothing_too(tmp_path: Path) -> None:
    """Engines since 23 make it in all of them."""
    for name in ("memory", "cpu", "pids", "cpuset"):
        (tmp_path / name / "docker/buildkit/slipway-1-a/buildkit").mkdir(parents=True)
    remove_over(groups_of(tmp_path), tmp_path / "active")
    assert not list(tmp_path.glob("**/slipway-*"))


def test_it_forgets_builds_whose_process_was_killed(tmp_path: Path) -> None:
    group = v2_tree(tmp_path / "cg")
    (tmp_path / "active").mkdir()
    (tmp_path / "active" / "999999999-x").write_text("[1, 1]")
    with enforced(BuildLimits(200 * MB, 1.0), Lines(), cgroups=tmp_path / "cg", active=tmp_path / "active"):
        assert (group / "memory.max").read_text() == str(200 * MB)


def test_it_does_not_fail_a_build_whose_group_is_gone_at_its_end(tmp_path: Path) -> None:
    group = v2_tree(tmp_path / "cg")
    report = Lines()
    with enforced(BuildLimits(), report, cgroups=tmp_path / "cg", active=tmp_path / "active"):
        shutil.rmtree(group)
    assert report.lines == ["The limits of the other builds stay as they were: No such file or directory"]


def test_it_says_so_when_it_cannot_enforce(tmp_path: Path) -> None:
    (tmp_path / "cg").write_text("not a folder")
    report = Lines()
    with enforced(BuildLimits(), report, cgroups=tmp_path / "cg", active=tmp_path / "active") as limit:
        assert not limit.was_met()
    assert report.lines[0].startswith("The limits on memory and CPU cannot be enforced here: ")


def _error(here: Builder, settings: BuildSettings) -> UserError | None:
    try:
        here.build(settings=settings)
    except UserError as error:
        return error
    return None


@pytest.mark.docker
def test_it_ends_a_build_that_takes_more_memory_and_not_its_neighbour(here: Builder, tmp_path: Path) -> None:
    """Together they may use more than the one that is ended takes."""
    base = ensure_base("python", "", report=Lines(), cache_dir=MACHINE_CACHE).reference
    code = "import time; time.sleep(4); x = bytearray({} * 1024 * 1024); print('had it'); time.sleep(1)"
    here.write(Dockerfile=f'FROM {base}\nRUN ["python3", "-c", "{code.format(400)}"]\n')
    small, large = (BuildSettings(limits=BuildLimits(memory_bytes=mb * MB), no_cache=True) for mb in (200, 800))
    (tmp_path / "neighbour").mkdir()
    with builder(tmp_path / "neighbour") as neighbour, ThreadPoolExecutor() as threads:
        # Of two steps that are the same the engine would run one, for both builds.
        neighbour.write(Dockerfile=f'FROM {base}\nRUN ["python3", "-c", "{code.format(401)}"]\nRUN sleep 3\n')
        beside = threads.submit(_error, neighbour, large)
        error = _error(here, small)
        assert error is not None, here.report.lines
        assert error.message == "The build ran out of memory at 200 MB."
        assert "Raise the build memory" in error.hint
        assert beside.result() is None
        assert "had it" in neighbour.report.lines


@pytest.mark.docker
def test_it_slows_a_build_down_to_its_share_of_cpu(here: Builder) -> None:
    base = ensure_base("python", "", report=Lines(), cache_dir=MACHINE_CACHE).reference
    code = "import time; end = time.monotonic() + 2\\nwhile time.monotonic() < end: pass\\nprint('cpu', time.process_time())"
    here.write(Dockerfile=f'FROM {base}\nRUN ["python3", "-c", "{code}"]\n')
    slow = BuildSettings(limits=BuildLimits(cpus=0.25), no_cache=True)
    alone(lambda: here.build(settings=slow), os.getpid())
    used = float([line for line in here.report.lines if line.startswith("cpu ")][-1].split()[1])
    assert used < 1.2


@pytest.mark.docker
def test_it_leaves_no_limit_behind(here: Builder) -> None:
    base = ensure_base("python", "", report=Lines(), cache_dir=MACHINE_CACHE).reference
    here.write(Dockerfile=f"FROM {base}\nRUN true {time.time()}\n")
    here.build(settings=BuildSettings(limits=BuildLimits(memory_bytes=300 * MB)))
    memory = groups_of(CGROUPS)["memory"]
    now = (memory / ("memory.max" if (memory / "memory.max").exists() else "memory.limit_in_bytes")).read_text()
    assert now.strip() != str(300 * MB)
