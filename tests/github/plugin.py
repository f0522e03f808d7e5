"""The fixture `github`: one GitHub for the whole test run, started when a test first asks for it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.github.node import HERE, node, node_modules
from tests.github.world import GitHub


@pytest.fixture(scope="session")
def github_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitHub]:
    folder = tmp_path_factory.mktemp("github")
    env = {"PATH": os.environ["PATH"], "NODE_MODULES": str(node_modules()), "GIT_ROOT": str(folder / "git")}
    log = (folder / "log").open("w")
    child = subprocess.Popen(
        [*node(), str(HERE / "main.mjs")], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
    )
    try:
        assert child.stdout is not None
        line = child.stdout.readline()
        assert line.startswith("{"), f"the stand-in did not start: {Path(log.name).read_text()}"
        yield GitHub(json.loads(line)["url"], folder / "work")
    finally:
        child.kill()
        child.wait()
        log.close()


@pytest.fixture
def github(github_server: GitHub, monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHub]:
    """Without faults, whatever the test before left. Asked again at once when it fails."""
    monkeypatch.setattr("apps.github.client.PAUSE_SECONDS", 0.005)
    yield github_server
    github_server.no_faults()
    github_server.lifetime()


def connect(github: GitHub, app: dict[str, Any]) -> Any:
    """Our row of an App that the stand-in has: GitHub is connected then."""
    from apps.github.models import GitHubApp

    GitHubApp.objects.all().delete()
    return GitHubApp.objects.create(
        app_id=app["id"], slug=app["slug"], name=app["name"], html_url=app["html_url"], owner_login=app["owner"]["login"],
        web_url=github.web_url, api_url=github.api_url, client_id=app["client_id"], client_secret=app["client_secret"],
        webhook_secret=app["webhook_secret"], private_key=app["pem"],
    )  # fmt: skip
