"""The way of somebody new to their first repository: no page and no click that does nothing."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from apps.accounts.invitations import invite
from apps.accounts.newcomers import change_policy
from tests.apps.cast import Person
from tests.github.signing_in import browser, our_app, signed_in
from tests.github.test_connecting import install_in_browser
from tests.github.world import GitHub

pytestmark = pytest.mark.django_db
INSTALL = "/github/install?next=%2Fnew%3Ffresh%3D1"


@pytest.fixture
def app(github: GitHub, alice: Person) -> dict[str, Any]:
    change_policy(actor=alice.actor, sign_in="open")
    return our_app(github, setup_url=f"{settings.SLIPWAY.url}/github/setup", setup_on_update=True)


def test_it_sends_somebody_new_to_install_the_app_and_nobody_else(
    github: GitHub, app: dict[str, Any], alice: Person
) -> None:
    ada, eve, joe, nina, vic = (github.user() for _ in range(5))
    github.install(app, eve)
    assert signed_in(browser(), ada)["Location"] == INSTALL
    assert signed_in(browser(), ada)["Location"] == "/"  # Once.
    assert signed_in(browser(), eve)["Location"] == "/"
    assert signed_in(browser(), joe, next="/tokens")["Location"] == "/tokens"
    for guest, role, where in ((nina, "developer", INSTALL), (vic, "viewer", "/")):
        _, link = invite(actor=alice.actor, team=alice.team, email=f"{guest.login}@example.com", role=role)
        assert signed_in(browser(), guest, invitation=link.rpartition("/")[2])["Location"] == where
    change_policy(actor=alice.actor, newcomers="nothing")
    assert signed_in(browser(), github.user())["Location"] == "/"
    change_policy(actor=alice.actor, newcomers="own")
    github.fault("^/user/installations", status=502, times=3)
    assert signed_in(browser(), github.user())["Location"] == "/"


def back(client: Client, github: GitHub, app: dict[str, Any], account: str, *repos: int, next: str) -> str:
    told = install_in_browser(client, github, app, account, *repos, next=next)
    return str(client.get(told.removeprefix(settings.SLIPWAY.url))["Location"])


def test_it_takes_the_one_repository_that_was_given_as_picked(github: GitHub, app: dict[str, Any]) -> None:
    ada, client = github.user(), browser()
    signed_in(client, ada)
    one, other = github.repo(ada, files={"Dockerfile": "FROM scratch"}), github.repo(ada)
    picked = back(client, github, app, ada.login, one.id, next="/new?fresh=1")
    assert picked == f"/new/repository?id={one.id}"
    assert f"The App sees 1 repository of {ada.login}." in client.get(picked).content.decode()
    assert back(client, github, app, ada.login, one.id, next="/profile") == "/profile"
    assert back(client, github, app, ada.login, one.id, other.id, next="/new?fresh=1") == "/new?fresh=1"
