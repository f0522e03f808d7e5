"""Those whom a list let in, once they are in: GitHub is asked again, and who is not on it any more is out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.access import Actor
from apps.accounts.actions import make_api_token
from apps.accounts.models import ActivityEvent, User
from apps.accounts.newcomers import Allowed, change_policy
from apps.github.models import GitHubApp, Identity, Installation
from apps.github.staying import look_again
from tests.apps.cast import Person
from tests.github import world
from tests.github.signing_in import browser, our_app, signed_in
from tests.github.world import GitHub

pytestmark = pytest.mark.django_db


@pytest.fixture
def app(github: GitHub, alice: Person) -> dict[str, Any]:
    return our_app(github)


def let_in(ada: world.Person) -> tuple[Client, Person]:
    """Her browser, and what speaks for her with a token."""
    client = browser()
    assert signed_in(client, ada).status_code == 302
    user = User.objects.get(github__github_id=ada.id)
    return client, Person(user, make_api_token(actor=Actor(user), name="ci", scope="read")[1])


def is_in(client: Client, person: Person) -> tuple[bool, bool]:
    return client.get("/profile").status_code == 200, person.get("/auth/me").status_code == 200


def an_hour_later() -> None:
    Identity.objects.update(listed_at=timezone.now() - timedelta(minutes=61))
    look_again()


def test_it_ends_sessions_and_tokens_of_who_left_the_organisation(
    github: GitHub, app: dict[str, Any], alice: Person
) -> None:
    ada, boss = github.user(), github.user()
    org = github.org(boss, ada)
    number = github.api("GET", f"/orgs/{org}", boss)["id"]
    change_policy(actor=alice.actor, sign_in="allowed", allowed=(Allowed(org, number, "Organization"),))
    hers = let_in(ada)
    an_hour_later()
    assert is_in(*hers) == (True, True)
    github.org(boss, login=org)
    look_again()
    assert is_in(*hers) == (True, True)  # Asked a moment ago.
    github.fault("^/user/orgs", status=502, times=3)
    an_hour_later()
    assert is_in(*hers) == (True, True)  # GitHub is away, which says nothing of her.
    look_again()
    assert is_in(*hers) == (False, False)
    event = ActivityEvent.objects.get(verb="ended the access of")
    assert (event.actor_name, event.subject_name) == ("Slipway", hers[1].user.name)
    with github.watching() as seen:
        an_hour_later()
    assert seen == [] and alice.get("/auth/me").status_code == 200


def test_it_ends_who_took_their_word_back_unless_they_are_named(
    github: GitHub, app: dict[str, Any], alice: Person
) -> None:
    ada, eve = github.user(), github.user()
    org = github.org(eve)
    number = github.api("GET", f"/orgs/{org}", eve)["id"]
    allowed = (Allowed(org, number, "Organization"), Allowed(ada.login, ada.id, "User"))
    change_policy(actor=alice.actor, sign_in="allowed", allowed=allowed)
    hers, theirs = let_in(ada), let_in(eve)
    for row in Identity.objects.all():
        row.token = "gho_taken_back"
        row.save()
    an_hour_later()
    assert (is_in(*hers), is_in(*theirs)) == (
        (True, True),
        (False, True),
    )  # Who does not show it may be a member still.
    installed = github.install(app, org)
    found = Installation.objects.create(
        github_id=installed.id, account_login=org, account_id=number, account_type="Organization"
    )
    joe = github.user()
    github.org(joe, login=org)
    an_hour_later()
    assert is_in(*theirs) == (False, True)  # Our App may not see members, as far as we know.
    found.permissions = {"members": "read"}
    found.save()
    github.org(joe, eve, login=org)
    an_hour_later()
    assert is_in(*theirs) == (False, True)
    github.org(joe, login=org)
    an_hour_later()
    assert is_in(*theirs) == (False, False)


def test_a_token_that_is_not_renewed_ends_no_api_token(github: GitHub, app: dict[str, Any], alice: Person) -> None:
    ada = github.user()
    org = github.org(ada)
    number = github.api("GET", f"/orgs/{org}", ada)["id"]
    change_policy(actor=alice.actor, sign_in="allowed", allowed=(Allowed(org, number, "Organization"),))
    github.lifetime(user=62)
    hers = let_in(ada)
    Identity.objects.update(token_expires_at=timezone.now())
    GitHubApp.objects.update(client_secret="changed at GitHub")
    an_hour_later()
    assert is_in(*hers) == (True, True)
    GitHubApp.objects.update(client_secret=app["client_secret"])
    an_hour_later()
    assert is_in(*hers) == (True, True)
    assert Identity.objects.filter(listed_at__gt=timezone.now() - timedelta(minutes=1)).exists()
    # The next one is made, and does not arrive: GitHub's answer was lost, or we were killed before it was kept.
    before = Identity.objects.values("token", "refresh_token", "refreshed_at").get()
    Identity.objects.update(token_expires_at=timezone.now())
    an_hour_later()
    Identity.objects.update(**before, token_expires_at=timezone.now())
    an_hour_later()
    assert is_in(*hers) == (False, True)
    with github.watching() as seen:
        look_again()
    assert seen == []  # Not before the next hour.
    assert signed_in(hers[0], ada).status_code == 302
    an_hour_later()
    assert is_in(*hers) == (True, True)
