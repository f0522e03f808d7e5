"""Every sample is built from its generated Dockerfile on the real engine, run under hardened options, and asked."""

from __future__ import annotations

import http.client
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.workers.build.builds import MACHINE_CACHE, Builder, builder
from workers.build.analyze import analyze
from workers.build.files import FolderFiles
from workers.build.job import BuildSettings
from workers.build.plan import Plan
from workers.docker_cli import working_client

pytestmark = pytest.mark.docker
TESTS = Path(__file__).parents[2]
HELLO = TESTS.parent / "deploy" / "samples" / "hello-python"
PORT = 8123
CANARY = "canary-81b3"
HARDENED = ["--cap-drop=ALL", "--security-opt=no-new-privileges", "--pids-limit=256", f"--env=PORT={PORT}"]


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Builder]:
    with builder(tmp_path) as made:
        yield made


def docker(*argv: str) -> str:
    return subprocess.run([working_client(MACHINE_CACHE), *argv], capture_output=True, text=True, check=True).stdout


def layers(image: str) -> list[str]:
    """Their digests: what is installed again is another layer, for its times alone."""
    return list(json.loads(docker("inspect", image))[0]["RootFS"]["Layers"])


def sample(here: Builder, folder: Path, settings: BuildSettings | None = None) -> Plan:
    shutil.copytree(folder, here.app)
    return analyze(FolderFiles(here.app), settings or BuildSettings())


@contextmanager
def running(here: Builder, image: str) -> Iterator[str]:
    """A container's name; it must have stopped by itself at SIGTERM, before it would be killed."""
    name = docker("run", "--detach", f"--label=slipway.instance={here.instance}", *HARDENED, image).strip()
    try:
        yield name
        began = time.monotonic()
        docker("stop", "--time=30", name)
        assert time.monotonic() - began < 25
    finally:
        docker("rm", "--force", name)


def ask(name: str, path: str = "/") -> tuple[int, str]:
    """The first answer within a minute."""
    network = json.loads(docker("inspect", name))[0]["NetworkSettings"]
    deadline = time.monotonic() + 60
    while True:
        connection = http.client.HTTPConnection(network["IPAddress"], PORT, timeout=30)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except ConnectionError:
            assert time.monotonic() < deadline, docker("logs", name)
            time.sleep(0.05)
        finally:
            connection.close()


@pytest.mark.parametrize(
    ("folder", "path", "answer"),
    [
        (HELLO, "/", "It is live."),
        (HELLO, "/health", "ok"),
        (TESTS / "samples/flask-pip", "/", "Hello from Flask"),
        (TESTS / "samples/fastapi-uv", "/", '{"hello":"FastAPI"}'),
        (TESTS / "samples/django-pip", "/", "Hello from Django, static files collected: True"),
        (TESTS / "samples/django-poetry", "/", "Hello from Django, static files collected: True"),
        (TESTS / "samples/node-npm", "/", "Hello from Node, 1m"),
        (TESTS / "samples/node-vite-static", "/any/page", "<title>Vite</title>"),
        (TESTS / "samples/static-plain", "/docs/", "<h1>Docs</h1>"),
        (TESTS / "samples/procfile-worker", "/", "hi"),
        (TESTS / "samples/bun-server", "/", "Hello from Bun, 1m"),
        (TESTS / "samples/shell-start", "/", "Hello from a shell script"),
    ],
    ids=lambda value: value.name if isinstance(value, Path) else None,
)
def test_it_builds_and_serves(here: Builder, folder: Path, path: str, answer: str) -> None:
    image = here.build(sample(here, folder))
    with running(here, image.digest) as name:
        status, body = ask(name, path)
        assert (status, answer in body) == (200, True)
        assert docker("exec", name, "id", "-u").strip() == "10001"


def test_it_builds_what_uv_has_locked(here: Builder) -> None:
    """The lock is made in the build itself: one in the repository would name a package index."""
    shutil.copytree(TESTS / "samples/fastapi-uv", here.app)
    (here.app / "uv.lock").write_text("")
    plan = analyze(FolderFiles(here.app), BuildSettings())
    (here.app / "uv.lock").unlink()
    assert plan.package_manager == "uv"
    image = here.build(replace(plan, install=f"uv lock && {plan.install}", dependency_files=("pyproject.toml",)))
    with running(here, image.digest) as name:
        assert ask(name) == (200, '{"hello":"FastAPI"}')


def test_it_installs_nothing_again_for_a_change_of_source(here: Builder) -> None:
    plan = sample(here, TESTS / "samples/flask-pip")
    before = layers(here.build(plan).digest)
    source = here.app / "app.py"
    source.write_text(source.read_text().replace("Hello", "Goodbye"))
    image = here.build(plan)
    *unchanged, changed = layers(image.digest)
    assert unchanged == before[:-1] and changed != before[-1]
    with running(here, image.digest) as name:
        assert ask(name) == (200, "Goodbye from Flask")


def test_it_lets_build_commands_see_variables_and_keeps_none(here: Builder) -> None:
    settings = BuildSettings(build_command="test $TOKEN; echo ${#TOKEN} > length.txt", variables={"TOKEN": CANARY})
    image = here.build(sample(here, TESTS / "samples/flask-pip", settings), settings)
    label = f"--label=slipway.instance={here.instance}"
    assert docker("run", "--rm", label, image.digest, "cat", "length.txt").strip() == str(len(CANARY))
    with running(here, image.digest) as name:
        filesystem = subprocess.run(
            [working_client(MACHINE_CACHE), "export", name], capture_output=True, check=True
        ).stdout
    assert b"length.txt" in filesystem
    assert CANARY.encode() not in filesystem
    assert CANARY not in docker("history", "--no-trunc", image.digest) + docker("inspect", image.digest)


def test_it_builds_again_when_a_variable_changes(here: Builder) -> None:
    lengths = []
    for value in ("one", "three"):
        settings = BuildSettings(build_command="echo ${#WORD} > length.txt", variables={"WORD": value})
        shutil.rmtree(here.app, ignore_errors=True)
        image = here.build(sample(here, TESTS / "samples/procfile-worker", settings), settings)
        label = f"--label=slipway.instance={here.instance}"
        lengths.append(docker("run", "--rm", label, image.digest, "cat", "length.txt").strip())
    assert lengths == ["3", "5"]
