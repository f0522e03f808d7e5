"""What a build may write: on folders, and by a build on the real engine with a neighbour beside it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.workers.build.builds import MACHINE_CACHE, Lines, builder
from workers.build import limits_disk
from workers.build.base_images import ensure_base
from workers.build.job import BuildLimits, BuildSettings
from workers.build.limits import ACTIVE
from workers.build.limits_disk import DiskLimit, WroteTooMuch, require_room
from workers.build.limits_enforced import Enforced
from workers.docker_cli import working_client
from workers.errors import PlatformError, UserError

MB = 10**6


@pytest.fixture(autouse=True)
def free(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> list[int]:
    """What is free, by turns, and the last for good: others of this machine write and remove, too."""
    left = [100 * MB, 70 * MB]
    if "docker" not in request.keywords:
        monkeypatch.setattr(limits_disk, "free_bytes", lambda _: left.pop(0) if left[1:] else left[0])
    return left


def limit_of(tmp_path: Path, builds: int, *, own: str = "") -> DiskLimit:
    """10 MB, and 30 MB that somebody wrote meanwhile."""
    active, group = tmp_path / "active", tmp_path / "group"
    for folder in (active, group):
        folder.mkdir()
    for number in range(builds):
        (active / f"1-{number}").touch()
    return DiskLimit(tmp_path, 10 * MB, Enforced(0, group, own), active)


def test_a_build_that_is_alone_wrote_what_is_lost(tmp_path: Path) -> None:
    with pytest.raises(WroteTooMuch, match=r"^The build wrote more than 10 MB\.$"):
        limit_of(tmp_path, 1).check()


def test_beside_others_what_its_own_steps_wrote_counts(tmp_path: Path) -> None:
    limit_of(tmp_path, 2, own="slipway-1").check()


def test_where_nobody_can_tell_the_limit_is_of_all_together(tmp_path: Path) -> None:
    with pytest.raises(WroteTooMuch, match=r"^This build and those beside it wrote more than 20 MB together\.$"):
        limit_of(tmp_path, 2).check()


@pytest.mark.docker
def test_it_begins_no_build_without_room() -> None:
    client = working_client(MACHINE_CACHE)
    require_room(client, 1)
    with pytest.raises(PlatformError, match=r"of the engine's disk are free, and builds begin with 1e\+06 GB"):
        require_room(client, 10**15)


@pytest.fixture
def neighbour() -> Iterator[None]:
    """The note of another build, so that free space tells nothing."""
    ACTIVE.mkdir(parents=True, exist_ok=True)
    note = ACTIVE / f"{os.getpid()}-{uuid4().hex}"
    note.write_text("[0, 0]")
    yield
    note.unlink(missing_ok=True)


@pytest.mark.docker
def test_it_ends_a_build_that_writes_more_than_it_may(tmp_path: Path, neighbour: None) -> None:
    base = ensure_base("python", "", report=Lines(), cache_dir=MACHINE_CACHE).reference
    with builder(tmp_path) as here:
        here.write(Dockerfile=f"FROM {base}\nRUN head -c 90000000 /dev/urandom > /x; echo written; sleep 60\n")
        limits = BuildLimits(disk_bytes=50 * MB, timeout_seconds=50)
        with pytest.raises(UserError) as caught:
            here.build(settings=BuildSettings(limits=limits, no_cache=True))
    error = caught.value
    assert (error.code, error.message) == ("build:user:disk-limit", "The build wrote more than 50 MB.")
    assert "SLIPWAY_BUILD_DISK_GB" in error.hint and "written" in error.hint
