"""A connected service is fetched by the App: real git, tokens that end, new names, access taken away, the App gone."""

from __future__ import annotations

import base64
import shlex
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from apps.deployments.actions import create_app
from apps.deployments.models import Deployment, DeploymentStep
from apps.deployments.steps.attempt import Attempt
from apps.deployments.steps.fetch import Fetch
from apps.github.choices import choice_for
from apps.github.models import Connection, Installation, Repository
from apps.projects.models import Service
from tests.apps.cast import Person
from tests.github.people import at_github
from tests.github.test_picking import FLASK
from tests.github.world import GitHub, Installed, Repo
from workers.errors import UserError
from workers.redact import Redactor

READ = "/git-upload-pack"


class Heard:
    """A report that keeps what it is told, as the database does: redacted."""

    def __init__(self) -> None:
        self.redactor = Redactor([])
        self.hidden: list[str] = []
        self.lines: list[str] = []

    def line(self, text: str, *, level: str = "out", kind: str = "line") -> None:
        self.lines.append(self.redactor.redact(text))

    def command(self, argv: Sequence[str]) -> None:
        self.lines.append(self.redactor.redact(shlex.join(argv)))

    def hide(self, secret: str) -> None:
        self.hidden.append(secret)
        self.redactor = self.redactor.with_more(secret)

    def check(self) -> None:
        """Never stopped."""


class Shop:
    """Alice's service of a private repository at GitHub, waiting for its first deployment."""

    def __init__(self, github: GitHub, alice: Person) -> None:
        self.github = github
        ada, app = at_github(github, alice)
        self.repo: Repo = github.repo(ada, private=True, files=FLASK)
        self.installed: Installed = github.install(app, ada, self.repo)
        self.deployment: Deployment = create_app(
            actor=alice.actor, team=alice.team, project="shop", service="web",
            settings={"branch": "main"}, repository=choice_for(alice.actor, self.repo.id),
        )  # fmt: skip
        self.report = Heard()

    @property
    def service(self) -> Service:
        return Service.objects.get()

    def fetch(self) -> str:
        """The whole step; what `app.py` says then."""
        deployment = Deployment.objects.select_related("service", "environment").get(pk=self.deployment.pk)
        attempt = Attempt(deployment, self.report, {})  # type: ignore[arg-type]
        for folder in (attempt.workspace.cache, attempt.workspace.scratch):
            folder.mkdir(parents=True, exist_ok=True)
        step = Fetch(attempt)
        try:
            step.run(DeploymentStep(deployment=deployment, name="fetch", started_at=timezone.now()))
            assert attempt.checkout is not None
            return (attempt.checkout.folder / "app.py").read_text()
        finally:
            self.left = b"".join(p.read_bytes() for p in Path(attempt.workspace.cache).rglob("*") if p.is_file())
            step.undo()

    def failed(self) -> UserError:
        with pytest.raises(UserError) as caught:
            self.fetch()
        return caught.value


@pytest.fixture
def shop(github: GitHub, alice: Person) -> Shop:
    return Shop(github, alice)


def bearers(seen: list[dict[str, Any]]) -> list[str]:
    """The tokens with which git came."""
    told = [row["auth"] for row in seen if row["path"].endswith(("/info/refs", "git-upload-pack")) and row["auth"]]
    return [base64.b64decode(text.split()[1]).decode().partition(":")[2] for text in told]


@contextmanager
def once_git_reads(github: GitHub, act: Callable[[], None]) -> Iterator[None]:
    """Acts when git's server, which has let git in, is asked for the code and has not answered yet."""
    before = github.asked(READ)
    github.fault(f"{READ}$", delay=120, times=1)

    def work() -> None:
        ends_at = time.monotonic() + 100
        while github.asked(READ) == before and time.monotonic() < ends_at:
            time.sleep(0.02)
        act()
        github.no_faults()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def test_it_fetches_with_a_token_for_this_repository_alone(shop: Shop, github: GitHub, alice: Person) -> None:
    other = github.repo(github.owner(shop.repo), private=True, files={"a": ""})
    github.choose(shop.installed, shop.repo, other)
    with github.watching() as seen:
        assert shop.fetch() == FLASK["app.py"]
    (token,) = set(bearers(seen))
    assert token.startswith("ghs_") and shop.report.hidden == [token]
    narrow = {"Authorization": f"Bearer {token}"}
    import httpx2

    ids = httpx2.get(f"{github.api_url}/installation/repositories", headers=narrow).json()["repositories"]
    assert [row["id"] for row in ids] == [shop.repo.id] and other.id != shop.repo.id
    told = "\n".join(shop.report.lines)
    assert token not in told and token.encode() not in shop.left and "Fetched" in told
    assert shop.service.source_token == "" and token not in shop.service.source_url


def test_it_keeps_the_token_for_the_next_fetch(shop: Shop, github: GitHub) -> None:
    shop.fetch()
    github.push(shop.repo, {"more": "1"})
    Deployment.objects.update(commit="")
    with github.watching() as seen:
        shop.fetch()
    assert not [row for row in seen if row["path"].endswith("/access_tokens")]


def test_it_renews_a_token_that_ends_in_mid_clone(shop: Shop, github: GitHub) -> None:
    """The first answer of git's server comes with a token that is good; before the second it has ended."""
    with github.watching() as seen, once_git_reads(github, github.end_tokens):
        assert shop.fetch() == FLASK["app.py"]
    assert len(set(bearers(seen))) == 2 and 401 in [r["status"] for r in seen if r["path"].endswith("git-upload-pack")]
    assert "with a new token" in "\n".join(shop.report.lines)


def test_it_does_not_use_a_kept_token_that_has_ended(shop: Shop, github: GitHub) -> None:
    shop.fetch()
    github.push(shop.repo, {"more": "1"})
    Deployment.objects.update(commit="")
    github.end_tokens()
    assert shop.fetch() == FLASK["app.py"]
    assert len(set(shop.report.hidden)) == 2


@pytest.mark.parametrize("status", [301, 404])
def test_it_follows_a_new_name_by_the_number(shop: Shop, github: GitHub, status: int) -> None:
    """git is sent elsewhere, or told that there is nothing: GitHub does either, by how long ago it was renamed."""
    old = github.name_of(shop.repo)
    new = github.rename(shop.repo, "another-name")
    github.fault(f"^/{old}.git/", status=status, times=9, headers={"Location": f"{github.web_url}/{new}.git/info/refs"})
    assert Repository.objects.get().full_name == old
    assert shop.fetch() == FLASK["app.py"]
    assert Repository.objects.get().full_name == new
    assert shop.service.source_url == f"{github.web_url}/{new}.git"


def test_it_says_that_access_was_removed_and_that_it_is_back(shop: Shop, github: GitHub) -> None:
    github.choose(shop.installed, github.repo(github.owner(shop.repo)))
    error = shop.failed()
    assert error.code == "source:user:github-removed"
    assert shop.repo.full_name in error.message and "Adjust access" in error.hint
    assert Repository.objects.get().trouble == "removed"
    github.choose(shop.installed, shop.repo)
    assert shop.fetch() == FLASK["app.py"]
    assert Repository.objects.get().trouble == ""


def test_it_says_that_it_was_uninstalled_during_the_fetch(shop: Shop, github: GitHub) -> None:
    with once_git_reads(github, lambda: github.uninstall(shop.installed)):
        error = shop.failed()
    assert error.code == "source:user:github-uninstalled"
    assert "uninstalled from" in error.message and "Install it there again" in error.hint
    assert Installation.objects.get().deleted_at is not None
    assert shop.failed().code == "source:user:github-uninstalled"  # Nobody is asked any more.


def test_it_says_that_the_app_is_suspended(shop: Shop, github: GitHub) -> None:
    github.suspend(shop.installed)
    assert shop.failed().code == "source:user:github-suspended"
    github.suspend(shop.installed, on=False)
    Installation.objects.update(suspended_at=None)  # As its webhook says.
    assert shop.fetch() == FLASK["app.py"]


def test_it_says_that_the_repository_was_deleted(shop: Shop, github: GitHub) -> None:
    github.delete(shop.repo)
    assert shop.failed().code == "source:user:github-removed"  # GitHub does not tell the two apart,
    Repository.objects.update(trouble="deleted")
    assert shop.failed().code == "source:user:github-deleted"  # but its webhook does.


def test_it_does_not_take_the_repository_for_another_of_its_name(shop: Shop, github: GitHub) -> None:
    """Deleted, and another one made under the name: that one is not ours."""
    owner, name = github.owner(shop.repo), shop.repo.full_name.split("/")[1]
    github.delete(shop.repo)
    again = github.repo(owner, name, files={"app.py": "evil"})
    github.choose(shop.installed, again)
    assert shop.failed().code == "source:user:github-removed"


def test_it_waits_for_github_rather_than_blame_the_repository(shop: Shop, github: GitHub) -> None:
    github.fault("/access_tokens$", status=502, times=9)
    with pytest.raises(Exception, match="GitHub did not answer") as caught:
        shop.fetch()
    assert caught.value.retry is True  # type: ignore[attr-defined]
    assert Repository.objects.get().trouble == "" and Connection.objects.exists()
