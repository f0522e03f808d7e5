from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.workers.build.builds import MACHINE_CACHE, Builder, Lines, builder
from workers.build.analyze import analyze
from workers.build.base_images import ensure_base
from workers.build.files import FolderFiles
from workers.build.image import beneath, client_of
from workers.build.job import BuildLimits, BuildSettings, Workspace
from workers.build.plan import Plan
from workers.docker_cli import working_client
from workers.errors import Stopped, UserError

pytestmark = pytest.mark.docker
STATIC = Plan(language="static", static_dir=".", start="python3 -m http.server")


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Builder]:
    with builder(tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def base() -> str:
    return ensure_base("python", "", report=Lines(), cache_dir=MACHINE_CACHE).reference


def docker(*argv: str) -> str:
    client = working_client(MACHINE_CACHE)
    return subprocess.run([client, *argv], capture_output=True, text=True, check=True).stdout


def test_it_builds_the_repositorys_own_dockerfile(here: Builder, base: str) -> None:
    here.write(Dockerfile=f"FROM {base}\nRUN echo built-it # {here.instance}\nCOPY a.txt /a.txt\n", a__txt="hello")
    image = here.build()
    told = json.loads(docker("image", "inspect", image.digest))[0]
    assert told["Id"] == image.digest
    assert told["Size"] == image.size_bytes
    labels = told["Config"]["Labels"]
    assert labels["slipway.instance"] == here.instance
    assert labels["org.opencontainers.image.revision"] == "a" * 40
    assert labels["org.opencontainers.image.description"] == "A message"
    assert labels["org.opencontainers.image.base.name"] == base
    assert "built-it" in here.report.lines
    assert not any("sha256:" in line or "transferring" in line for line in here.report.lines)
    assert docker("run", "--rm", f"--label=slipway.instance={here.instance}", image.digest, "cat", "/a.txt") == "hello"
    # The engine knows the source again, wherever it lies: it keeps one copy.
    assert here.report.commands[-1][-1] == "."
    known_as = (here.top / "scratch-1" / "build" / "docker" / ".buildNodeID").read_text()
    assert known_as == client_of(Workspace(cache=here.top / "cache", scratch=here.top / "another"))
    assert known_as != client_of(Workspace(cache=here.top / "of-another-service", scratch=here.top / "scratch-1"))


def test_it_strips_a_frontend_that_cannot_be_pulled(here: Builder, base: str) -> None:
    """In the folder that the repository's slipway.toml names."""
    here.write(slipway__toml='root_directory = "web"')
    (here.app / "web").mkdir()
    (here.app / "web" / "a.txt").write_text("hello")
    (here.app / "web" / "Dockerfile").write_text(
        f"# syntax=docker/no-such-frontend:1\nFROM {base}\nCOPY a.txt /a.txt\n"
    )
    here.build(analyze(FolderFiles(here.app), BuildSettings()))
    assert any("cannot be pulled here: the Dockerfile is read" in line for line in here.report.lines)


def test_it_gives_variables_to_the_build_and_leaves_nothing_of_them(here: Builder, base: str) -> None:
    secret = 'it\'s a s3cr3t $(id) `id` "x"'
    run = "RUN --mount=type=secret,id=variables . /run/secrets/variables && test ${#KEY} = " + str(len(secret))
    here.write(Dockerfile=f"FROM {base}\n{run}\n")
    image = here.build(settings=BuildSettings(variables={"KEY": secret}))
    assert "s3cr3t" not in docker("history", "--no-trunc", image.digest)
    assert "s3cr3t" not in docker("image", "inspect", image.digest)
    assert not any("s3cr3t" in part for command in here.report.commands for part in command)


def test_it_says_why_a_build_failed(here: Builder, base: str) -> None:
    here.write(Dockerfile=f"FROM {base}\nRUN echo first && no-such-command\n")
    with pytest.raises(UserError) as caught:
        here.build()
    assert caught.value.code == "build:user:command-not-found"
    assert caught.value.message == "The command no-such-command does not exist in the build."
    assert "first" in caught.value.hint


def test_it_stops_a_build_that_takes_too_long(here: Builder, base: str) -> None:
    here.write(Dockerfile=f"FROM {base}\nRUN echo begun; sleep 300.25\n")
    with pytest.raises(UserError) as caught:
        here.build(settings=BuildSettings(limits=BuildLimits(timeout_seconds=3)))
    assert caught.value.code == "build:user:timeout"
    assert_gone("300.25")


def test_it_leaves_nothing_running_when_cancelled(here: Builder, base: str) -> None:
    here.write(Dockerfile=f"FROM {base}\nRUN echo begun; sleep 300.75\n")
    here.report.stop_at = "begun"
    with pytest.raises(Stopped):
        here.build()
    assert_gone("300.75")


def test_it_leaves_nothing_running_when_its_own_process_is_killed(here: Builder, base: str) -> None:
    here.write(Dockerfile=f"FROM {base}\nRUN echo begun; sleep 300.5\n")
    code = f"""
from pathlib import Path
from tests.workers.build.builds import Builder
Builder(Path({str(here.top)!r}), {here.instance!r}).build()
"""
    child = subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).parents[3])
    deadline = time.monotonic() + 60
    while not is_running("300.5"):
        assert time.monotonic() < deadline, "the build never began"
        time.sleep(0.1)
    child.kill()
    child.wait()
    assert_gone("300.5")


def assert_gone(argument: str, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while is_running(argument):
        assert time.monotonic() < deadline, "a process of the build goes on"
        time.sleep(0.1)


def is_running(argument: str) -> bool:
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if words[:2] == [b"sleep", argument.encode()]:
            return True
    return False


def test_it_refuses_a_dockerfile_that_is_a_link_to_the_host(here: Builder) -> None:
    here.write(a__txt="x")
    (here.app / "Dockerfile").symlink_to("/etc/passwd")
    with pytest.raises(UserError) as caught:
        here.build()
    assert caught.value.code == "build:user:path-outside"


def test_it_finds_paths_beneath_a_folder_only(tmp_path: Path) -> None:
    for name in ("../x", "/etc/passwd", "a/../../b"):
        with pytest.raises(UserError, match="leads out"):
            beneath(tmp_path, name)
    assert beneath(tmp_path, "a/../b") == tmp_path / "b"


def test_it_serves_static_files_by_a_generated_dockerfile(here: Builder) -> None:
    here.write(index__html="<h1>hi</h1>", __env="KEY=secret")
    image = here.build(STATIC)
    found = docker(
        "run",
        "--user=0",
        "--rm",
        f"--label=slipway.instance={here.instance}",
        image.digest,
        "find",
        "/",
        "-xdev",
        "-name",
        "index.html",
    )
    assert found.strip()
    assert not docker(
        "run",
        "--rm",
        "--user=0",
        f"--label=slipway.instance={here.instance}",
        image.digest,
        "find",
        "/",
        "-xdev",
        "-name",
        ".env",
    ).strip()
