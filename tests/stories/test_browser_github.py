"""An operator connects GitHub in a real browser, installs the App and sees it live; GitHub's pages are the stand-in's."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from apps.github import reach
from apps.github.models import Connection, GitHubApp, Identity, Installation, Repository
from tests.apps.cast import Person, Shop
from tests.github.world import GitHub
from tests.stories.test_browser_everyone import findings
from tests.stories.test_browser_pages import browser, complaints, signed_in, site, until

__all__ = ["browser", "site"]


@pytest.fixture
def here(github: GitHub, site: str, settings: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """Our address, which GitHub comes back to; its server is the stand-in."""
    told = {"dashboard_url": site, "github_url": github.web_url, "github_api_url": github.api_url}
    settings.SLIPWAY = settings.SLIPWAY.model_copy(update=told)
    monkeypatch.setattr(reach, "PAUSE_SECONDS", 0.2)
    return site


def connected(page: Page, here: str, name: str, owner: str) -> None:
    """One button here, one at GitHub."""
    page.goto(f"{here}/operator/github")
    page.get_by_role("button", name="Connect GitHub").click()
    page.wait_for_url("**/settings/apps/new**")
    page.get_by_label("GitHub App name").fill(name)
    page.get_by_label("Owner").select_option(owner)
    page.get_by_role("button", name="Create GitHub App").click()
    page.wait_for_url(f"{here}/operator/github")


def test_an_operator_connects_installs_and_disconnects(
    browser: Browser, here: str, github: GitHub, alice: Person, shop: Shop
) -> None:
    ada = github.user()
    repo, private = github.repo(ada), github.repo(ada, private=True)
    page = signed_in(browser, here, alice).new_page()
    said = complaints(page)
    connected(page, here, f"S {ada.login}", ada.login)
    assert f"Connected as S {ada.login}" in page.inner_text("main")
    assert GitHubApp.objects.get().owner_login == ada.login

    Identity.objects.create(user=alice.user, github_id=ada.id, login=ada.login, token=ada.token)
    page.get_by_role("link", name="Install in an account").click()
    page.wait_for_url("**/installations/new**")
    page.get_by_label(private.full_name).check()
    page.get_by_role("button", name=f"Install on {ada.login}").click()
    page.wait_for_url(f"{here}/operator/github")
    assert f"The App sees 1 repository of {ada.login}." in page.inner_text("body")
    assert Repository.objects.get().github_id == private.id

    Connection.objects.create(service=shop.service, repository=Repository.objects.get())
    github.choose(_installed(github), repo)
    page.get_by_role("button", name="Refresh").click()
    until(page, lambda: "Read anew: 1 installation." in page.inner_text("body"))
    page.goto(f"{here}/services/{shop.service.pk}")
    assert f"The GitHub App may no longer see {private.full_name}." in page.inner_text("#source-notice")
    page.get_by_role("link", name="Mend at GitHub").click()
    page.wait_for_url("**/installations/new**")
    page.get_by_label(private.full_name).check()
    page.get_by_role("button", name=f"Save on {ada.login}").click()
    page.wait_for_url(f"{here}/services/{shop.service.pk}")
    assert page.locator("#source-notice").count() == 0

    page.goto(f"{here}/operator/github")
    page.get_by_role("link", name="Disconnect GitHub").click()
    page.get_by_role("button", name="Disconnect GitHub").click()
    until(page, lambda: "GitHub is disconnected." in page.inner_text("body"))
    assert not GitHubApp.objects.exists()
    assert [line for line in said if "404" not in line] == []  # The stand-in has no icon.


def _installed(github: GitHub) -> Any:
    from tests.github.world import Installed

    row = Installation.objects.get()
    return Installed(row.github_id, row.account_login, GitHubApp.objects.get().app_id)


def test_it_works_without_javascript(browser: Browser, here: str, github: GitHub, alice: Person) -> None:
    ada = github.user()
    page = signed_in(browser, here, alice, java_script_enabled=False).new_page()
    connected(page, here, f"J {ada.login}", ada.login)
    page.get_by_role("button", name="Check now").click()
    page.get_by_role("link", name="Disconnect GitHub").click()
    page.get_by_role("button", name="Disconnect GitHub").click()
    page.wait_for_url(f"{here}/operator/github")
    assert not GitHubApp.objects.exists()


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_its_pages_are_for_everyone(
    browser: Browser, here: str, github: GitHub, alice: Person, width: int, scheme: str
) -> None:
    from tests.github.plugin import connect

    ada = github.user()
    options = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme, "bypass_csp": True}
    page = signed_in(browser, here, alice, **options).new_page()
    for path in ("", "?organization=acme&name=x", "/by-hand"):
        page.goto(f"{here}/operator/github{path}")
        assert findings(page) == [] and page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    app = github.app(ada)
    connect(github, app)
    github.install(app, ada)
    github.suspend(github.install(app, github.user()))
    for path in ("/refresh", "/check", "/disconnect"):
        page.goto(f"{here}/operator/github")
        if path != "/disconnect":
            with page.expect_event("load"):  # The address stays the same.
                page.get_by_role("button", name={"/refresh": "Refresh", "/check": "Check now"}[path]).click()
        else:
            page.goto(f"{here}/operator/github/disconnect")
        assert findings(page) == [] and page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
