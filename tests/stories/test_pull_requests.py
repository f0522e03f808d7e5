"""From a pull request at GitHub to a preview that answers, and back to nothing: all of it real but for GitHub itself."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.github.plugin import github, github_server
from tests.github.world import GitHub
from tests.stories.slipway import Slipway, until
from tests.stories.test_pushes import Story, on_the_host

__all__ = ["github", "github_server"]

pytestmark = [pytest.mark.story, pytest.mark.docker]

# Says what it was given, and keeps a file on its disk.
APP = """
import json, os, pathlib
from http.server import BaseHTTPRequestHandler, HTTPServer
SAYS = {text!r}
class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        told = {{"says": SAYS, "names": sorted(os.environ), "files": os.listdir("/data")}}
        pathlib.Path("/data/" + SAYS).touch()
        body = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *told): pass
print(SAYS, "speaks", flush=True)
HTTPServer(("", int(os.environ["PORT"])), Page).serve_forever()
"""
END = """
from django.utils import timezone
from apps.previews.models import Preview
Preview.objects.filter(number={number}).update(expires_at=timezone.now())
"""


def files(text: str) -> dict[str, str]:
    return {"app.py": APP.format(text=text), "Procfile": "web: python app.py\n"}


class Pulls(Story):
    """Production is live, with a secret of its own, one of the service, and a disk."""

    def __init__(self, slipway: Slipway, github: GitHub) -> None:
        super().__init__(slipway, github)
        self.project = slipway.api("GET", f"/services/{self.service}")["project_id"]
        self.name = self.host.partition(".")[0]
        for scope in ({}, {"environment": "production"}, {"for_previews": True}):
            name = "OF_" + next(iter(scope), "service").upper()
            told = {"values": {name: "canary"}, "is_secret": True, **scope}
            slipway.api("POST", f"/services/{self.service}/variables", **told)
        told = {"name": "data", "path": "/data"}
        answer = slipway.http.post(f"/api/v1/services/{self.service}/volumes", json=told)
        assert answer.status_code == 201, answer.text
        github.push(self.repo, files("production"), message="Say what there is")
        until(lambda: self.says(self.host).get("says") == "production", 90, slipway.log)
        slipway.api("PATCH", f"/services/{self.service}/previews", is_on=True, limit=2)

    def says(self, host: str) -> dict[str, Any]:
        answer = self.slipway.fetch(host)
        try:
            return json.loads(answer.text) if answer.status_code == 200 else {}
        except ValueError:
            return {}

    def host_of(self, number: int) -> str:
        return self.host.replace(self.name, f"{self.name}-pr-{number}", 1)

    def open(self, branch: str, *, fork: bool = False) -> int:
        if not fork:
            self.github.push(self.repo, files(branch), branch=branch, start="main", message=f"Say {branch}")
            return self.github.pull_request(self.repo, branch, title=f"Say {branch}")
        person = self.github.user()
        copy = self.github.fork(self.repo, person)
        self.github.push(copy, files(branch), branch=branch, start="main", message=f"Say {branch}", person=person)
        return self.github.pull_request(self.repo, branch, person=person, fork=copy)

    def preview(self, number: int) -> dict[str, Any]:
        rows = self.slipway.api("GET", f"/projects/{self.project}/previews")["items"]
        return next((row for row in rows if row["number"] == number), {})

    def is_said(self, number: int, text: str) -> dict[str, Any]:
        def look() -> dict[str, Any]:
            told = self.says(self.host_of(number))
            return told if told.get("says") == text else {}

        return until(look, 90, lambda: f"{self.preview(number)}\n{self.slipway.log()}")

    def has_reason(self, number: int, words: str) -> None:
        def look() -> bool:
            return any(words in part["reason"] for part in self.preview(number).get("services", []))

        until(look, 30, lambda: f"{self.preview(number)}\n{self.slipway.log()}")

    def is_gone(self, number: int, had: dict[str, set[str]]) -> None:
        """Nothing that came with it is left in the engine, and its host answers no more."""
        until(lambda: not self.preview(number)["environment"], 30, self.slipway.log)
        until(lambda: not self.left(had), 150, lambda: f"{self.left(had)}\n{self.slipway.log()}")
        assert self.slipway.fetch(self.host_of(number)).status_code == 404

    def left(self, had: dict[str, set[str]]) -> dict[str, set[str]]:
        now = self.things()
        return {kind: now[kind] - names for kind, names in had.items() if now[kind] - names}

    def things(self) -> dict[str, set[str]]:
        """By our labels."""
        asked = {
            "containers": ("ps", "--all", "--quiet"), "images": ("images", "--quiet"),
            "networks": ("network", "ls", "--quiet"), "volumes": ("volume", "ls", "--quiet"),
        }  # fmt: skip
        return {kind: set(self.slipway.docker(*argv)) for kind, argv in asked.items()}


@pytest.fixture(scope="module")
def pulls(slipway: Slipway, github_server: GitHub) -> Pulls:
    return Pulls(slipway, github_server)


def test_a_pull_request_lives_and_leaves_nothing(pulls: Pulls) -> None:
    had = pulls.things()
    number = pulls.open("polite")
    told = pulls.is_said(number, "polite")
    assert {"OF_SERVICE", "OF_FOR_PREVIEWS"} <= {*told["names"]} and "OF_ENVIRONMENT" not in told["names"]
    assert told["files"] == ["polite"] or not told["files"]  # What is asked for its health may have been first.
    assert pulls.says(pulls.host)["files"] == ["production"]
    came = pulls.left(had)
    assert {kind: len(names) for kind, names in came.items()} == {
        "containers": 1, "images": 1, "networks": 1, "volumes": 1
    }  # fmt: skip

    def spoken() -> list[str]:
        lines = pulls.slipway.api("GET", f"/services/{pulls.service}/logs?environment=pr-{number}")["lines"]
        return [line["text"] for line in lines]

    assert until(spoken, 60, pulls.slipway.log) == ["polite speaks"]

    pulls.github.push(pulls.repo, files("politer"), branch="polite", message="Say it politer")
    assert "polite" in pulls.is_said(number, "politer")["files"]
    assert pulls.says(pulls.host)["says"] == "production"

    pulls.github.close(pulls.repo, number)
    pulls.is_gone(number, had)
    assert pulls.says(pulls.host)["says"] == "production"


def test_a_fork_waits_for_each_commit_and_sees_no_secret(pulls: Pulls) -> None:
    had = pulls.things()
    number = pulls.open("stranger", fork=True)
    pulls.has_reason(number, "must approve")
    row = pulls.preview(number)
    assert row["is_fork"] and not row["environment"] and not pulls.left(had)
    pulls.slipway.api("POST", f"/previews/{row['id']}/approve", commit=row["commit"])
    told = pulls.is_said(number, "stranger")
    assert "OF_FOR_PREVIEWS" in told["names"] and not {"OF_SERVICE", "OF_ENVIRONMENT"} & {*told["names"]}
    pulls.github.close(pulls.repo, number)
    pulls.is_gone(number, had)


def test_the_limit_and_the_time_are_kept(pulls: Pulls) -> None:
    had = pulls.things()
    first, second, third = (pulls.open(name) for name in ("one", "two", "three"))
    pulls.has_reason(third, "its limit")
    for number, text in ((first, "one"), (second, "two")):
        pulls.is_said(number, text)
    on_the_host(pulls.slipway, END.format(number=first))
    until(lambda: pulls.preview(first)["removed"] == "expired", 60, pulls.slipway.log)
    pulls.slipway.api("POST", f"/previews/{pulls.preview(third)['id']}/redeploy")
    pulls.is_said(third, "three")
    for number in (second, third):
        pulls.slipway.api("DELETE", f"/previews/{pulls.preview(number)['id']}")
    for number in (second, third):
        pulls.is_gone(number, had)
