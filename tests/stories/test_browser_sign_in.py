"""Signing in with GitHub in a real browser, which holds forms to the page's policy; GitHub's pages are the stand-in's."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from apps.accounts.invitations import invite
from apps.accounts.models import Membership, UserSession
from apps.accounts.newcomers import change_policy
from apps.github.models import Identity
from tests.apps.cast import Person
from tests.github.signing_in import our_app
from tests.github.world import GitHub
from tests.github.world import Person as Account
from tests.stories.test_browser_pages import browser, complaints, signed_in, site, until

__all__ = ["browser", "site"]


@pytest.fixture
def here(github: GitHub, alice: Person, site: str, settings: Any) -> str:
    """Our address, which GitHub comes back to."""
    settings.SLIPWAY = settings.SLIPWAY.model_copy(update={"dashboard_url": site})
    our_app(github)
    return site


def says_yes(page: Page, account: Account) -> None:
    """On GitHub's page."""
    page.locator("form", has=page.locator(f'input[value="{account.login}"]')).get_by_role("button").click()


def goes_to_github(page: Page, github: GitHub, button: str) -> None:
    page.get_by_role("button", name=button).click()
    page.wait_for_url(f"{github.web_url}/login/oauth/authorize**")


def test_it_links_signs_out_everywhere_and_signs_in(browser: Browser, here: str, github: GitHub, alice: Person) -> None:
    ada = github.user()
    page = signed_in(browser, here, alice).new_page()
    elsewhere = signed_in(browser, here, alice).new_page()
    said = complaints(page)
    elsewhere.goto(here)
    page.goto(f"{here}/profile")
    goes_to_github(page, github, "Link GitHub")
    says_yes(page, ada)
    page.wait_for_url(f"{here}/profile")
    assert "Your GitHub account is linked." in page.inner_text("main") and ada.login in page.inner_text("main")
    assert UserSession.objects.filter(user=alice.user).count() == 2
    page.get_by_role("button", name="Sign out everywhere").click()
    page.get_by_role("dialog").get_by_role("button", name="Sign out everywhere").click()
    page.wait_for_url("**/sign-in**")
    elsewhere.reload()
    assert "/sign-in" in elsewhere.url
    page.goto(f"{here}/sign-in?next=/tokens")
    goes_to_github(page, github, "Sign in with GitHub")
    says_yes(page, ada)
    page.wait_for_url(f"{here}/tokens")
    page.goto(f"{here}/profile")
    assert "with GitHub" in page.get_by_role("region", name="Where you are signed in").inner_text()
    # The stand-in has no pictures; and an open page may ask for what is new at the moment it is signed out.
    assert [line for line in said if not any(known in line for known in ("avatars", "404", "401"))] == []


def test_a_stranger_is_told_why_and_comes_in_once_the_list_names_them(
    browser: Browser, here: str, github: GitHub, alice: Person
) -> None:
    ada = github.user()
    org = github.org(ada)
    page = browser.new_page()
    page.goto(here)
    goes_to_github(page, github, "Sign in with GitHub")
    page.get_by_role("link", name="Cancel").dispatch_event("click")  # Something of the stand-in's may lie above it.
    until(page, lambda: "You said no at GitHub" in page.inner_text("main"))
    goes_to_github(page, github, "Try again with GitHub")
    says_yes(page, ada)
    until(page, lambda: "new ones come by invitation only" in page.inner_text("main"))
    operator = signed_in(browser, here, alice).new_page()
    operator.goto(f"{here}/installation/sign-in")
    operator.get_by_label("Invited people, and the organisations and people on the list").check()
    operator.get_by_label("Organisations and people at GitHub").fill(org)
    operator.get_by_role("button", name="Save").click()
    until(operator, lambda: "It holds from the next sign-in" in operator.inner_text("main"))
    goes_to_github(page, github, "Try again with GitHub")
    says_yes(page, ada)
    page.wait_for_url("**/installations/new**")  # Somebody new says at once which repositories there are.
    page.goto(here)
    assert Membership.objects.get(user=Identity.objects.get().user).role == "owner"


def test_an_invited_person_joins_with_github(browser: Browser, here: str, github: GitHub, alice: Person) -> None:
    change_policy(actor=alice.actor, newcomers="nothing")
    _, link = invite(actor=alice.actor, team=alice.team, email="new@example.com", role="developer")
    ada, page = github.user(), browser.new_page()
    page.goto(link)
    goes_to_github(page, github, "Join with GitHub")
    says_yes(page, ada)
    page.wait_for_url("**/installations/new**")  # Nobody in the team has deployed anything yet.
    page.goto(here)
    assert Membership.objects.get(user__email="new@example.com").team == alice.team
    assert page.get_by_role("link", name="Shop").count()
