"""A push at GitHub, a build here, and what GitHub shows of it: all of it real but for GitHub itself."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.github.world import GitHub, Repo
from tests.stories.slipway import ROOT, Slipway, app, until

pytestmark = [pytest.mark.story, pytest.mark.docker]

# Connecting in a browser is another story: here the rows are written.
CONNECT = """
import json, sys, django
django.setup()
from apps.github.models import Connection, GitHubApp, Installation, Repository
told = json.loads(sys.argv[1])
GitHubApp.objects.all().delete()
GitHubApp.objects.create(**told["app"])
installation = Installation.objects.create(**told["installation"])
repository = Repository.objects.create(installation=installation, **told["repository"])
Connection.objects.create(service_id=told["service"], repository=repository)
"""


def connect(slipway: Slipway, github: GitHub) -> tuple[Repo, str]:
    """A repository without a commit, and a service that follows it."""
    coder = github.user()
    repo = github.repo(coder)
    made = github.app(coder, webhook_url=f"{slipway.url}/api/webhooks/github")
    installed = github.install(made, coder, repo)
    project = slipway.api("POST", "/projects", name="shown")
    service = slipway.api("POST", f"/projects/{project['id']}/services", name="shown", source_url=repo.clone_url)
    told = {
        "service": service["id"],
        "app": {
            "app_id": made["id"], "slug": made["slug"], "name": made["name"], "web_url": github.web_url,
            "api_url": github.api_url, "client_id": made["client_id"], "client_secret": made["client_secret"],
            "webhook_secret": made["webhook_secret"], "private_key": made["pem"],
        },
        "installation": {"github_id": installed.id, "account_login": coder.login, "account_id": coder.id},
        "repository": {"github_id": repo.id, "full_name": repo.full_name},
    }  # fmt: skip
    argv = [sys.executable, "-c", CONNECT, json.dumps(told)]
    env = {**slipway.env, "DJANGO_SETTINGS_MODULE": "paas.settings"}
    subprocess.run(argv, cwd=ROOT, env=env, check=True, timeout=60)
    return repo, str(service["id"])


def shown(github: GitHub, repo: Repo) -> list[dict[str, Any]]:
    return list(github.told(repo)["deployments"])


def states(github: GitHub, repo: Repo) -> list[list[str]]:
    return [[status["state"] for status in row["statuses"]] for row in shown(github, repo)]


def test_it_shows_at_github_what_becomes_of_each_push(slipway: Slipway, github: GitHub) -> None:
    repo, service = connect(slipway, github)

    def shows(*last: str) -> bool:
        return [row[-1] for row in states(github, repo) if row] == list(last)

    def otherwise() -> str:
        return f"{states(github, repo)}\n{slipway.log()}"

    first = github.push(repo, app("hello"))
    until(lambda: shows("success"), 120, otherwise)
    row = shown(github, repo)[0]
    told = [status["state"] for status in row["statuses"] if status["state"] != "queued"]  # Unless it began at once.
    assert (row["sha"], row["environment"], told) == (first, "production", ["in_progress", "success"])
    last = row["statuses"][-1]
    host = last["environment_url"].removeprefix("http://").partition(":")[0]
    assert slipway.fetch(host).text == "hello"
    assert last["log_url"].startswith(f"{slipway.url}/deployments/")

    def statuses() -> list[tuple[str, ...]]:  # Told after the deployment's.
        return [(s["sha"], s["context"], s["state"]) for s in github.told(repo)["statuses"]]

    until(lambda: len(statuses()) > 1, 60, lambda: f"{statuses()}\n{slipway.log()}")
    assert statuses() == [(first, "slipway/shown/shown", "pending"), (first, "slipway/shown/shown", "success")]

    github.push(repo, {"Procfile": "web: exit 3\n"}, message="Break it")
    until(lambda: shows("success", "failure"), 120, otherwise)
    failed = slipway.api("GET", f"/deployments?service_id={service}")["items"][0]
    reason = shown(github, repo)[1]["statuses"][-1]["description"]
    assert failed["error"]["message"].startswith(reason.rstrip("…"))
    until(lambda: statuses()[-1][2] == "failure", 60, lambda: f"{statuses()}\n{slipway.log()}")

    third = github.push(repo, app("hello again"), message="Mend it")
    until(lambda: shows("inactive", "failure", "success"), 120, otherwise)
    assert slipway.fetch(host).text == "hello again"
    assert shown(github, repo)[2]["sha"] == third

    def waiting() -> list[object]:
        return [row for row in slipway.api("GET", "/operator/feedback") if row["repository"] == repo.full_name]

    until(lambda: waiting() == [], 30, lambda: str(waiting()))
