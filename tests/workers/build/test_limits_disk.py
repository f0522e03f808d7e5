"""What a build may write: on folders, and by a build on the real engine."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.workers.build.builds import MACHINE_CACHE, Lines, builder
from workers.build import limits_disk, limits_written
from workers.build.base_images import ensure_base
from workers.build.job import BuildLimits, BuildSettings
from workers.build.limits_disk import WroteTooMuch, checking_disk, engine_folder, require_room
from workers.build.limits_enforced import Enforced
from workers.docker_cli import working_client
from workers.errors import PlatformError, UserError

MB = 10**6
Call = Callable[[], None]


@pytest.fixture
def limit_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Call]:
    """Of 10 MB, for a build whose step wrote so many bytes, while 30 MB of the disk were lost to whomever."""
    left = [100 * MB, 70 * MB]
    monkeypatch.setattr(limits_written, "free_bytes", lambda _: left.pop(0) if left[1:] else left[0])
    monkeypatch.setattr(limits_written, "_written_by", lambda pid: [str(tmp_path / pid)])
    monkeypatch.setattr(limits_disk, "engine_folder", lambda client: tmp_path)

    def made(written: int, *, own: str = "slipway-1", floor: int = 0) -> Call:
        (tmp_path / "4711").mkdir()
        (tmp_path / "4711" / "x").write_bytes(os.urandom(written))
        (tmp_path / "cgroup.procs").write_text("4711\n")
        limits = BuildLimits(disk_bytes=10 * MB, disk_floor_bytes=floor)
        return checking_disk("docker", limits, Enforced(0, tmp_path, own), Lines())

    return made


def test_what_its_own_steps_wrote_ends_a_build(limit_of: Callable[..., Call]) -> None:
    with pytest.raises(WroteTooMuch, match=r"^The build wrote more than 10 MB\.$"):
        limit_of(11 * MB)()


@pytest.mark.parametrize("told", [{}, {"own": ""}, {"own": "", "floor": 70 * MB}])
def test_what_others_took_of_the_disk_ends_no_build(limit_of: Callable[..., Call], told: dict[str, Any]) -> None:
    limit_of(1 * MB, **told)()


def test_a_disk_nearly_full_ends_it_without_blame_and_it_is_tried_again(limit_of: Callable[..., Call]) -> None:
    with pytest.raises(PlatformError, match="30 MB went while this build ran, whether by it or by something") as caught:
        limit_of(1 * MB, own="", floor=71 * MB)()
    assert (caught.value.code, caught.value.retry) == ("build:platform:disk-full", True)


def test_an_engine_that_does_not_answer_is_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client, right = tmp_path / "docker", limits_disk.run
    client.write_text("#!/bin/sh\nexit 1\n")
    client.chmod(0o755)
    with pytest.raises(PlatformError, match="does not tell where it builds") as caught:
        engine_folder(str(client))
    assert caught.value.retry
    client.write_text("#!/bin/sh\nsleep 60\n")
    monkeypatch.setattr(limits_disk, "run", lambda *told, **more: right(*told, **{**more, "timeout_seconds": 0.1}))
    with pytest.raises(PlatformError, match=r"ran longer than 0\.1 s"):
        engine_folder(str(client))
    client.write_text(f"#!/bin/sh\necho {tmp_path}\n")
    assert engine_folder(str(client)) == tmp_path


@pytest.mark.docker
def test_it_begins_no_build_without_room() -> None:
    client = working_client(MACHINE_CACHE)
    require_room(client, 1)
    with pytest.raises(PlatformError, match=r"of the engine's disk are free, and builds begin with 1e\+06 GB"):
        require_room(client, 10**15)


@pytest.mark.docker
def test_it_ends_a_build_that_writes_more_than_it_may(tmp_path: Path) -> None:
    base = ensure_base("python", "", report=Lines(), cache_dir=MACHINE_CACHE).reference
    with builder(tmp_path) as here:
        # Of two steps that are the same the engine may run one, for both builds.
        writes = f"head -c 90000000 /dev/urandom > /x; echo written {here.instance}; sleep 60"
        here.write(Dockerfile=f"FROM {base}\nRUN {writes}\n")
        limits = BuildLimits(disk_bytes=50 * MB, timeout_seconds=50)
        with pytest.raises(UserError) as caught:
            here.build(settings=BuildSettings(limits=limits, no_cache=True))
    error = caught.value
    assert (error.code, error.message) == ("build:user:disk-limit", "The build wrote more than 50 MB.")
    assert "SLIPWAY_BUILD_DISK_GB" in error.hint and "written" in error.hint
