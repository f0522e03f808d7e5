"""From a real git push to a live release, by the webhooks of a GitHub to test against; also with Valkey stopped, and when
a delivery was lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.github.plugin import github, github_server
from tests.github.world import GitHub, Repo, unique
from tests.stories.slipway import ROOT, Slipway, app, until

__all__ = ["github", "github_server"]

pytestmark = [pytest.mark.story, pytest.mark.docker]

CONNECT = """
import json, os
from apps.github.models import Connection, GitHubApp, Repository
from apps.projects.models import Service
told = json.loads(os.environ["TOLD"])
GitHubApp.objects.all().delete()
GitHubApp.objects.create(**told["app"])
"""
FOLLOW = """
import json, os
from apps.github.models import Connection, Installation, Repository
from apps.projects.models import Service
told = json.loads(os.environ["TOLD"])
row = Repository.objects.get(github_id=told["repository"])  # The webhook of the installation told it.
Connection.objects.create(service=Service.objects.get(pk=told["service"]), repository=row)
"""


def on_the_host(slipway: Slipway, code: str, **told: Any) -> None:
    """What the pages do for somebody who has signed in at GitHub; tests/github has stories of those."""
    import json

    env = slipway.env | {"DJANGO_SETTINGS_MODULE": "paas.settings", "TOLD": json.dumps(told)}
    argv = [sys.executable, "-m", "django", "shell", "--command", code]
    done = subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


class Story:
    def __init__(self, slipway: Slipway, github: GitHub) -> None:
        self.slipway, self.github = slipway, github
        ada = github.user()
        self.repo: Repo = github.repo(ada, files=app("one"))
        self.app = github.app(ada, webhook_url=f"{slipway.url}/api/webhooks/github")
        names = ("slug", "name", "client_id", "client_secret", "webhook_secret")
        row = {name: self.app[name] for name in names} | {"app_id": self.app["id"], "private_key": self.app["pem"]}
        on_the_host(slipway, CONNECT, app=row | {"web_url": github.web_url, "api_url": github.api_url})
        self.installation = github.install(self.app, ada, self.repo).id
        made = slipway.deploy_app(unique("push"), self.repo.clone_url)
        assert made["status"] == "live", slipway.text_of(made["id"])
        self.service = made["service_id"]
        until(self._installation_is_handled, 120, slipway.log)
        on_the_host(slipway, FOLLOW, repository=self.repo.id, service=self.service)
        told = slipway.api("GET", f"/services/{self.service}")
        self.host = str(told["urls"][0]).split("//")[1].split(":")[0]

    def _installation_is_handled(self) -> bool:
        rows = self.slipway.api("GET", "/operator/deliveries?event=installation&state=handled")["items"]
        return any(row["installation_id"] == self.installation for row in rows)

    def is_live(self, text: str) -> None:
        until(lambda: self.slipway.fetch(self.host).text == text, 180, self.slipway.log)

    @property
    def newest(self) -> dict[str, Any]:
        return self.slipway.api("GET", f"/deployments?service_id={self.service}")["items"][0]  # type: ignore[no-any-return]

    @property
    def last_push(self) -> dict[str, Any]:
        """As GitHub knows its delivery. What Slipway tells GitHub meanwhile is delivered too, and may be on its way."""
        return [row for row in self.github.deliveries(self.app) if row["event"] == "push"][-1]


@pytest.fixture(scope="module")
def story(slipway: Slipway, github_server: GitHub) -> Story:
    return Story(slipway, github_server)


def test_a_push_goes_live(story: Story) -> None:
    sha = story.github.push(story.repo, app("two"), message="Greet twice")
    story.is_live("two")
    row = story.newest
    assert (row["trigger"], row["commit"], row["message"]) == ("push", sha, "Greet twice")
    assert row["actor"] == story.repo.full_name.partition("/")[0]
    assert story.last_push["status_code"] == 202


def test_a_push_that_asks_for_nothing_is_told_on_the_service(story: Story) -> None:
    story.github.push(story.repo, app("not this"), message="Think [skip ci]")

    def skipped() -> bool:
        first = story.slipway.api("GET", f"/services/{story.service}/pushes")["items"][0]
        return bool(first["reason"] == "The commit's message says [skip ci].")

    until(skipped, 120, story.slipway.log)
    assert story.slipway.fetch(story.host).text == "two"


def test_a_push_is_taken_while_valkey_hangs(story: Story) -> None:
    """Acknowledged at once; handled from the table."""
    valkey = story.slipway.pid("valkey")
    os.kill(valkey, signal.SIGSTOP)
    try:
        story.github.push(story.repo, app("three"), message="Greet thrice")
        assert story.last_push["status_code"] == 202, "within the ten seconds that GitHub waits"
    finally:
        os.kill(valkey, signal.SIGCONT)
    story.is_live("three")


def test_a_delivery_that_was_lost_is_caught_up(story: Story) -> None:
    """The reconciler begins anew, as after a time when all of it was down: then it looks soon."""
    story.github.change_app(story.app, lost=1)
    sha = story.github.push(story.repo, app("four"), message="Greet again")
    assert story.last_push["status_code"] != 202
    os.kill(story.slipway.pid("worker"), signal.SIGKILL)
    story.is_live("four")
    assert story.newest["commit"] == sha
    assert Path(story.slipway.home / "log" / "slipway.log").read_text(errors="replace").count("caught up") >= 1
    rows = story.slipway.api("GET", "/operator/deliveries?event=push")["items"]
    assert rows[0]["is_caught_up"] is True
