"""From the setup link to an app of one's own in a real browser, on our rows: clicks counted, then DNS as it comes."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page

from apps.accounts.invitations import invite
from apps.accounts.links import make_link
from apps.accounts.models import Membership
from apps.deployments.models import Deployment
from apps.hosts.models import Host
from apps.lib.lookups import Lookup
from apps.projects.detection import Detection
from tests.apps.cast import PASSWORD, Person, Shop
from tests.stories.test_browser_pages import browser, complaints, follow, signed_in, site, until
from workers.build.look import Look
from workers.build.plan import Plan

__all__ = ["browser", "site"]
VIEWS = pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
PLAN = Plan("python", framework="flask", start="python app.py", suggested_variables={"GREETING": "hello"})


class Clicks:
    """A person's clicks, counted after the sign-up."""

    def __init__(self, page: Page) -> None:
        self.page, self.count, self.start = page, 0, time.monotonic()

    def click(self, name: str) -> None:
        self.count += 1
        self.page.get_by_role("button", name=name, exact=True).first.click()


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> None:
    """What looking at the repository finds; git itself has stories of its own."""
    row = Detection("main", "a" * 40, "Greet politely", Look(PLAN, None, None, None))
    monkeypatch.setattr("apps.deployments.importing.detect", lambda *_, **__: row)


def path_of(link: str) -> str:
    return "/" + link.split("/", 3)[3]


def sign_up(page: Page, site: str) -> None:
    page.goto(site + path_of(make_link(user=None)))
    page.get_by_label("Your name").fill("Alice")
    page.get_by_label("Email").fill("alice@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    follow(page, "button:has-text('Create the owner')")


@VIEWS
def test_an_app_of_ones_own_is_two_clicks_after_the_sign_up(
    browser: Browser, site: str, host: Host, found: None, width: int, scheme: str
) -> None:
    page = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme).new_page()  # type: ignore[arg-type]
    said = complaints(page)
    sign_up(page, site)
    until(page, lambda: page.url.endswith("/welcome"))
    clicks = Clicks(page)
    page.get_by_label("Git URL").fill("https://git.example/shop.git")
    clicks.click("Look at it")
    page.get_by_label("GREETING").fill("good day")
    clicks.click("Deploy")
    until(page, lambda: "/deployments/" in page.url)
    assert Deployment.objects.get().service.slug == "shop"
    assert clicks.count == 2 <= 5
    page.wait_for_load_state()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert said == []


def test_the_first_steps_work_without_javascript_and_resume(browser: Browser, site: str, host: Host) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    sign_up(page, site)
    page.get_by_role("radio", name="apps.localhost").check()
    follow(page, "button:has-text('Use this')")
    page.goto(f"{site}/")
    follow(page, "a:has-text('Go on')")
    assert "1 of 5 done" in page.inner_text("main")
    follow(page, "button:has-text('Make a recovery link')")
    assert "/link/link_" in page.inner_text("#recovery")
    follow(page, "button:has-text('I know my way')")
    assert page.get_by_role("link", name="Go on").count() == 0


@VIEWS
def test_a_domain_turns_green_by_itself_when_its_record_is_made(
    browser: Browser, site: str, shop: Shop, alice: Person, width: int, scheme: str, monkeypatch: Any
) -> None:
    led: dict[str, tuple[str, ...]] = {}
    monkeypatch.setattr(settings.SLIPWAY, "public_address", "203.0.113.7")
    monkeypatch.setattr("apps.projects.domain_checks.FRESH", __import__("datetime").timedelta(0))
    monkeypatch.setattr("apps.lib.lookups.answers", lambda *_, **__: True)
    monkeypatch.setattr("apps.lib.lookups.look_up", lambda hosts, **_: {h: Lookup(h, led.get(h, ())) for h in hosts})
    page = signed_in(browser, site, alice, viewport={"width": width, "height": 800}, color_scheme=scheme).new_page()
    said = complaints(page)
    page.clock.install()
    page.goto(f"{site}/services/{shop.service.pk}/domains")
    row = page.locator(f"#domain-{shop.domain.pk}")
    assert "Waiting for DNS" in row.inner_text() and "203.0.113.7" in row.inner_text()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_label("Host name").fill("half.typed")
    led["shop.example.com"] = ("203.0.113.7",)
    page.clock.fast_forward(21_000)
    until(page, lambda: "Leads here" in row.inner_text())
    assert page.get_by_label("Host name").input_value() == "half.typed"
    assert said == []


def test_somebody_new_joins_by_a_link(browser: Browser, site: str, alice: Person) -> None:
    _, link = invite(actor=alice.actor, team=alice.team, email="nina@example.com", role="viewer")
    page = browser.new_page()
    said = complaints(page)
    page.goto(site + path_of(link))
    assert page.get_by_label("Email").input_value() == "nina@example.com"
    page.get_by_label("Your name").fill("Nina")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Join Shop").click()
    until(page, lambda: page.url == f"{site}/")
    assert Membership.objects.get(user__email="nina@example.com").role == "viewer"
    assert said == []


def test_enter_rolls_back(browser: Browser, site: str, shop: Shop, alice: Person) -> None:
    page = signed_in(browser, site, alice).new_page()
    page.goto(f"{site}/releases/{shop.first.release_id}/rollback")
    assert page.get_by_label("Pause auto-deploy").is_checked()
    page.keyboard.press("Enter")
    until(page, lambda: "/deployments/" in page.url)
    assert Deployment.objects.latest("created_at").release_id == shop.first.release_id
    page.goto(f"{site}/services/{shop.service.pk}")
    page.get_by_role("button", name="Resume").click()
    until(page, lambda: page.get_by_role("button", name="Resume").count() == 0)
