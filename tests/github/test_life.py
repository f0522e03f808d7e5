"""The life of installations and repositories: as webhooks tell it, in any order, and as "Refresh" finds it."""

from __future__ import annotations

import random
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import ActivityEvent
from apps.github import installations, life
from apps.github.errors import Unreachable
from apps.github.models import Connection, Installation, Repository, Trouble
from apps.webhooks.handling import handle_waiting
from apps.webhooks.models import Outcome
from tests.apps.cast import Person, Shop
from tests.apps.test_pages_walk import browser
from tests.github.plugin import connect
from tests.github.world import GitHub, Installed, Repo

pytestmark = pytest.mark.django_db


class World:
    """Ada's App sees two of her three repositories; Alice's shop comes from the first."""

    def __init__(self, github: GitHub, shop: Shop) -> None:
        self.github, self.shop = github, shop
        self.ada, self.bob = github.user(), github.user()
        self.repo, self.second, self.hidden = (github.repo(self.ada, private=True) for _ in range(3))
        self.app: dict[str, Any] = github.app(self.ada)
        connect(github, self.app)
        self.installed: Installed = github.install(self.app, self.ada, self.repo, self.second)
        self.heard = 0
        self.follow()
        Connection.objects.create(service=shop.service, repository=self.row(self.repo))
        self.activity()

    def follow(self, *, shuffled: bool = False) -> list[str]:
        """Every delivery since the last time."""
        rows = self.github.deliveries(self.app)[self.heard :]
        self.heard += len(rows)
        if shuffled:
            random.shuffle(rows)
        return [life.EVENTS[r["event"]](r["request"]["payload"]) for r in rows if r["event"] in life.EVENTS]

    def row(self, repo: Repo) -> Repository:
        return Repository.objects.get(github_id=repo.id)

    def trouble(self, repo: Repo) -> str:
        return self.row(repo).trouble

    def activity(self) -> list[str]:
        """What the team was told since the last time."""
        rows = ActivityEvent.objects.filter(actor_name="GitHub")
        told = [f"{row.verb} {row.subject_name}" for row in rows.order_by("created_at")]
        rows.delete()
        return told


@pytest.fixture
def world(github: GitHub, shop: Shop) -> World:
    return World(github, shop)


def test_it_knows_what_was_installed_and_no_more(world: World) -> None:
    row = Installation.objects.get()
    assert (row.github_id, row.account_login, row.account_id, row.selection) == (
        world.installed.id, world.ada.login, world.ada.id, "selected"
    )  # fmt: skip
    assert row.permissions["contents"] == "read" and row.synced_at
    assert {r.github_id for r in row.repositories.all()} == {world.repo.id, world.second.id}
    assert world.row(world.repo).private and world.row(world.repo).default_branch == "main"


def test_it_follows_a_rename_by_the_id(world: World) -> None:
    world.github.rename(world.repo, "fresh")
    assert world.follow() == [f"{world.ada.login}/fresh was looked at again."]
    assert world.row(world.repo).full_name == f"{world.ada.login}/fresh"
    world.shop.service.refresh_from_db()
    assert world.shop.service.source_url == f"{world.github.web_url}/{world.ada.login}/fresh.git"
    assert world.activity() == ["renamed the repository of web"]
    world.github.rename(world.repo, "fresher")
    world.github.rename(world.repo, "freshest")
    world.follow(shuffled=True)
    assert world.row(world.repo).full_name.endswith("/freshest")


def test_it_marks_what_was_taken_away_and_given_again(world: World) -> None:
    world.github.choose(world.installed, world.second, world.hidden)
    world.follow()
    assert [world.trouble(r) for r in (world.repo, world.second, world.hidden)] == ["removed", "", ""]
    assert world.activity() == ["took away access to the repository of web"]
    world.github.choose(world.installed)
    assert "sees 3 repositories" in world.follow()[-1]
    assert world.trouble(world.repo) == "" and world.activity() == ["gives access again to the repository of web"]
    assert Installation.objects.get().selection == "all"


def test_it_ends_with_the_truth_in_any_order(world: World) -> None:
    world.github.choose(world.installed, world.second)
    world.github.choose(world.installed, world.repo)
    world.github.choose(world.installed, world.repo, world.second, world.hidden)
    world.github.choose(world.installed, world.hidden)
    world.follow(shuffled=True)
    assert [world.trouble(r) for r in (world.repo, world.second, world.hidden)] == ["removed", "removed", ""]


def test_it_says_that_the_app_was_suspended_and_is_back(world: World) -> None:
    world.github.suspend(world.installed)
    assert world.follow() == [f"The App is suspended in {world.ada.login}."]
    assert Installation.objects.get().suspended_at and world.trouble(world.repo) == "suspended"
    world.github.suspend(world.installed, on=False)
    world.follow()
    assert Installation.objects.get().is_usable and world.trouble(world.repo) == ""
    assert world.activity() == [
        "suspended the App, for the repository of web", "gives access again to the repository of web"
    ]  # fmt: skip


def test_it_says_that_the_app_was_uninstalled_and_installed_again(world: World) -> None:
    late = world.github.deliveries(world.app)[1]["request"]["payload"]
    world.github.uninstall(world.installed)
    assert world.follow() == [f"The App was uninstalled from {world.ada.login}."]
    assert world.trouble(world.repo) == "uninstalled"
    assert life.installation(late).endswith("not installed in " + world.ada.login + " any more."), "a late `created`"
    assert Installation.objects.get().deleted_at and world.trouble(world.repo) == "uninstalled"
    world.github.install(world.app, world.ada, world.repo)
    world.follow()
    assert (world.trouble(world.repo), world.trouble(world.second)) == ("", "uninstalled")
    assert world.row(world.repo).installation.deleted_at is None  # type: ignore[union-attr]
    assert len(world.activity()) == 2


def test_it_tells_a_deleted_repository_from_a_hidden_one(world: World) -> None:
    world.github.delete(world.repo)
    world.follow(shuffled=True)
    assert world.trouble(world.repo) == Trouble.DELETED
    installations.refresh()
    assert world.trouble(world.repo) == Trouble.DELETED


def test_it_follows_a_transfer_to_where_the_app_is(world: World) -> None:
    world.github.install(world.app, world.bob)
    world.github.transfer(world.repo, world.bob)
    world.follow()
    row = world.row(world.repo)
    assert (row.full_name.split("/")[0], row.trouble) == (world.bob.login, "")
    assert row.installation is not None and row.installation.account_login == world.bob.login
    assert "renamed the repository of web" in world.activity()


def test_it_says_that_a_repository_moved_away(world: World) -> None:
    world.github.make_private(world.repo, private=False)
    world.github.transfer(world.repo, world.bob)
    world.follow()
    assert world.trouble(world.repo) == Trouble.TRANSFERRED
    world.github.transfer(world.second, world.bob)
    world.follow()
    assert world.trouble(world.second) == Trouble.REMOVED, "a private one that is gone may be anything"


def test_it_notes_visibility_archive_and_default_branch(world: World) -> None:
    world.github.make_private(world.repo, private=False)
    world.github.archive(world.repo)
    world.github.default_branch(world.repo, "trunk")
    world.follow(shuffled=True)
    row = world.row(world.repo)
    assert (row.private, row.archived, row.default_branch, row.trouble) == (False, True, "trunk", "")
    assert world.activity() == []


def test_it_waits_for_github_rather_than_guess(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.github.suspend(world.installed)
    world.github.fault("/app/installations/", status=500, times=3)
    monkeypatch.setattr("time.sleep", lambda _: None)
    with pytest.raises(Unreachable):
        world.follow()
    assert world.trouble(world.repo) == ""
    world.heard -= 1
    world.follow()
    assert world.trouble(world.repo) == "suspended"


def test_it_ignores_what_it_does_not_know(world: World) -> None:
    payload = {"action": "renamed", "repository": {"id": 987654321, "full_name": "x/y"}}
    assert life.repository(payload) == "The App is not active where x/y is."
    assert not Repository.objects.filter(github_id=987654321).exists()


def test_it_refreshes_everything_when_asked(world: World) -> None:
    world.github.choose(world.installed, world.hidden)
    elsewhere = world.github.install(world.app, world.bob)
    world.github.repo(world.bob)
    assert installations.refresh() == 2
    assert world.trouble(world.repo) == "removed" and world.trouble(world.hidden) == ""
    world.github.uninstall(elsewhere)
    world.github.rename(world.hidden, "other")
    assert installations.refresh() == 1
    assert Installation.objects.get(github_id=elsewhere.id).deleted_at
    assert world.row(world.hidden).full_name.endswith("/other")


def test_it_leaves_the_running_app_alone(world: World, django_assert_max_num_queries: Any) -> None:
    before = (world.shop.live.status, world.shop.service.auto_deploy)
    world.github.uninstall(world.installed)
    world.follow()
    world.shop.live.refresh_from_db()
    world.shop.service.refresh_from_db()
    assert (world.shop.live.status, world.shop.service.auto_deploy) == before


@pytest.mark.parametrize(
    ("happens", "sentence"),
    [
        ("removed", "The GitHub App may no longer see"),
        ("deleted", "was deleted at GitHub."),
        ("suspended", "The GitHub App is suspended in"),
        ("uninstalled", "The GitHub App was uninstalled from"),
    ],
)
def test_it_says_on_the_services_pages_what_happened_and_how_to_mend_it(
    world: World, alice: Person, bob: Person, happens: str, sentence: str
) -> None:
    client, address = browser(alice), f"/services/{world.shop.service.pk}"
    assert "source-notice" not in client.get(address).content.decode()
    {
        "removed": lambda: world.github.choose(world.installed, world.second),
        "deleted": lambda: world.github.delete(world.repo),
        "suspended": lambda: world.github.suspend(world.installed),
        "uninstalled": lambda: world.github.uninstall(world.installed),
    }[happens]()
    world.follow()
    for path in (address, f"{address}/deployments", f"{address}/settings"):
        text = client.get(path).content.decode()
        assert sentence in text and text.lower().count("what runs goes on") == 1, path
    assert ("/github/install?next=%2Fservices" in text) == (happens != "deleted")
    assert sentence in browser(bob).get(address).content.decode()
    assert client.get(f"/github/install?next={address}")["Location"].startswith(world.github.web_url)


def test_it_follows_what_arrives_at_our_webhook(world: World, client: Client) -> None:
    world.github.choose(world.installed, world.second)
    world.github.rename(world.second, "other-name")
    answers = world.github.hand_over(client, world.app, since=world.heard)
    assert {answer.status_code for answer in answers} == {202}
    handle_waiting()
    assert world.trouble(world.repo) == "removed" and world.row(world.second).full_name.endswith("/other-name")
    reasons = set(Outcome.objects.values_list("reason", flat=True))
    assert f"{world.ada.login}/other-name was looked at again." in reasons
