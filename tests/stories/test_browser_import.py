"""From "Sign in with GitHub" to a live first app, clicks counted: real browser, real Docker, all real but GitHub itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.github.world import GitHub, Person
from tests.stories.slipway import Slipway, app, until

pytestmark = [pytest.mark.story, pytest.mark.docker]


@pytest.fixture(scope="module")
def connected(
    github_server: GitHub, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Slipway, GitHub, dict[str, str]]]:
    """A Slipway that an operator connected to GitHub, open to whoever is on its list."""
    github = github_server
    made = github.app(github.user())
    told = {
        "SLIPWAY_GITHUB_URL": github.web_url, "SLIPWAY_GITHUB_API_URL": github.api_url,
        "SLIPWAY_GITHUB_APP_ID": str(made["id"]), "SLIPWAY_GITHUB_APP_SLUG": made["slug"],
        "SLIPWAY_GITHUB_CLIENT_ID": made["client_id"], "SLIPWAY_GITHUB_CLIENT_SECRET": made["client_secret"],
        "SLIPWAY_GITHUB_WEBHOOK_SECRET": made["webhook_secret"], "SLIPWAY_GITHUB_PRIVATE_KEY": made["pem"],
    }  # fmt: skip
    slipway = Slipway(tmp_path_factory.mktemp("import"), **told)
    github.change_app(
        made,
        callback_urls=[f"{slipway.url}/complete/github/"],
        setup_url=f"{slipway.url}/github/setup",
        webhook_url=f"{slipway.url}/api/webhooks/github",
    )
    try:
        slipway.up()
        slipway.sign_in()
        yield slipway, github, made
    finally:
        slipway.command("reset", check=False, FORCE="1")


class Hand:
    """Clicks, and counts them."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.clicks: list[str] = []

    def click(self, what: Locator) -> None:
        self.clicks.append(what.first.inner_text())
        what.first.click()

    def button(self, name: str) -> None:
        self.click(self.page.get_by_role("button", name=name))

    def link(self, name: str) -> None:
        self.click(self.page.get_by_role("link", name=name))

    def signs_in(self, slipway: Slipway, person: Person) -> None:
        self.page.goto(f"{slipway.url}/sign-in")
        self.button("Sign in with GitHub")
        form = self.page.locator("form", has=self.page.locator(f'input[value="{person.login}"]'))
        self.click(form.get_by_role("button"))  # GitHub's own: Authorize.
        self.page.wait_for_url(lambda url: "/login/oauth/" not in url)


def welcomed(slipway: Slipway, github: GitHub) -> Person:
    """Somebody new, whom the operator has put on the list."""
    person = github.user()
    slipway.api("PATCH", "/installation/sign-in", sign_in="allowed", allowed=[person.login])
    return person


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
def test_it_takes_five_clicks_from_sign_in_to_live(
    connected: tuple[Slipway, GitHub, dict[str, str]], chromium: Browser, width: int, height: int, tmp_path: Path
) -> None:
    slipway, github, made = connected
    person = welcomed(slipway, github)
    body = 'answer = lambda handler: GREETING + " " + os.environ.get("COLOUR", "no colour")'
    name = f"shop-{width}"
    repo = github.repo(person, name, private=True, files=app("bought", body=body) | {".env.example": "COLOUR=blue\n"})
    github.install(made, person)
    page = chromium.new_context(viewport={"width": width, "height": height}).new_page()
    hand = Hand(page)
    hand.signs_in(slipway, person)
    hand.link(repo.full_name)
    expect(page.get_by_role("cell", name="web in the Procfile")).to_be_visible()
    expect(page.get_by_label("COLOUR", exact=True)).to_have_value("blue")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    hand.button("Deploy")
    expect(page).to_have_title(re.compile("^Live"), timeout=180_000)
    host = page.locator("#deployment_status a.mono").first.inner_text().split(":")[0]
    assert slipway.fetch(host).text == "bought blue"
    assert len(hand.clicks) <= 5, hand.clicks
    deployment = page.url.rpartition("/")[2]
    log = page.inner_text("main")
    assert "ghs_" not in log and person.token not in log, deployment


def test_it_takes_five_clicks_where_the_app_is_still_to_be_installed(
    connected: tuple[Slipway, GitHub, dict[str, str]], chromium: Browser
) -> None:
    slipway, github, _ = connected
    person = welcomed(slipway, github)
    repo = github.repo(person, private=True, files=app("installed"))
    github.repo(person)  # With one alone there is nothing to pick.
    page = chromium.new_context(viewport={"width": 390, "height": 844}).new_page()
    hand = Hand(page)
    hand.signs_in(slipway, person)
    hand.click(page.get_by_role("button", name=f"Install on {person.login}"))  # GitHub's own.
    page.wait_for_url(f"{slipway.url}/new**")
    hand.link(repo.full_name)
    expect(page.get_by_role("button", name="Deploy")).to_be_visible()
    url = page.url
    hand.button("Deploy")
    page.wait_for_url(f"{slipway.url}/deployments/**")
    assert len(hand.clicks) == 5, hand.clicks
    # Taken away at GitHub, it is neither listed nor looked at any more.
    github.delete(repo)
    until(lambda: page.request.get(url).status == 404, 60)
