"""Base images where a registry can be reached: a real one on loopback, as a mirror of Docker Hub."""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.registry import registry
from tests.workers.build.builds import MACHINE_CACHE, Lines, builder
from workers.build import base_images
from workers.build.base_images import ensure_base
from workers.build.plan import Plan
from workers.docker_cli import working_client
from workers.image_reference import parse_image

OFFICIAL = "library/python:3.13-slim"


@pytest.mark.parametrize(
    ("official", "mirrored"),
    [
        ("python:3.13-slim", "m.example/hub/library/python:3.13-slim"),
        ("oven/bun:1-slim", "m.example/hub/oven/bun:1-slim"),
        ("mcr.microsoft.com/dotnet/sdk:8.0", "mcr.microsoft.com/dotnet/sdk:8.0"),
    ],
)
def test_it_knows_what_is_in_a_mirror_of_the_hub(official: str, mirrored: str) -> None:
    assert parse_image(official).from_mirror("m.example/hub") == mirrored


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Has Python 3.13 under its official name, made by this machine, which is then one that can make none."""
    made = ensure_base("python", "", report=Lines(), cache_dir=MACHINE_CACHE).reference
    (folder := tmp_path / "registry").mkdir()
    with registry(folder, wants_login=False) as host:
        _docker("tag", made, f"{host}/{OFFICIAL}")
        _docker("push", "--quiet", f"{host}/{OFFICIAL}")
        _docker("image", "rm", f"{host}/{OFFICIAL}")
        monkeypatch.setenv("SLIPWAY_HUB_MIRROR", f"{host}/")
        monkeypatch.setattr(base_images, "suites", tuple)
        yield host
        _docker("image", "rm", f"{host}/{OFFICIAL}")


@pytest.mark.docker
def test_it_pulls_a_base_image_and_builds_on_it(mirror: str, tmp_path: Path) -> None:
    with builder(tmp_path) as here:
        here.machine_cache = tmp_path / "machine"
        here.write(**{"app.py": "print('hello')\n"})
        built = here.build(Plan("python", start="python app.py"))
        client = working_client(MACHINE_CACHE)
        assert [client, "pull", "--", f"{mirror}/{OFFICIAL}"] in here.report.commands
        assert any(
            line.startswith(f"base image: {mirror}/{OFFICIAL}, which has Python 3.") for line in here.report.lines
        )
        assert _docker("run", "--rm", "--network=none", built.digest, "python", "app.py") == "hello\n"
    again = Lines()
    ensure_base("python", ">=3.13", report=again, cache_dir=tmp_path / "machine")
    assert again.commands == [], "it is there"
    assert not base_images.pull(client, f"{mirror}/library/python:9-slim", tmp_path / "machine", again)
    assert not list((tmp_path / "machine").glob("registry-unreachable*")), "the registry is there, the image is not"


@pytest.mark.docker
def test_it_takes_what_was_made_here_before_an_older_version_of_somebody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    made = ensure_base("python", "", report=Lines(), cache_dir=MACHINE_CACHE)
    older = f"{secrets.token_hex(4)}.example/library/python:3.12-slim"
    _docker("tag", made.reference, older)
    try:
        monkeypatch.setenv("SLIPWAY_HUB_MIRROR", older.partition("/")[0])
        assert ensure_base("python", "", report=Lines(), cache_dir=MACHINE_CACHE).reference == made.reference
    finally:
        _docker("image", "rm", older)


def _docker(*arguments: str) -> str:
    done = subprocess.run([working_client(MACHINE_CACHE), *arguments], capture_output=True, text=True, check=True)
    return done.stdout
