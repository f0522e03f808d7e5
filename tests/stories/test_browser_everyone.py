"""For everyone: axe on every page in both schemes, no dead link, zoom, and what each of the four roles sees."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from urllib.parse import urldefrag, urljoin, urlsplit

import axe_playwright_python
import pytest
from django.test import Client
from playwright.sync_api import Browser, Page

from apps.accounts.actions import make_api_token
from apps.accounts.invitations import invite
from apps.accounts.policy import Role
from apps.deployments import actions
from apps.deployments.states import Status
from tests.apps.cast import Person, Shop, make_person
from tests.apps.test_pages_walk import PAGES, address, ids_of
from tests.stories.test_browser_pages import browser, complaints, is_page, signed_in, site

__all__ = ["browser", "site"]

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
WCAG: dict[str, object] = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
COLOURS: dict[str, object] = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
SHIFTS = """
window.shifted = 0;
new PerformanceObserver((list) => {
  for (const one of list.getEntries()) if (!one.hadRecentInput) window.shifted += one.value;
}).observe({ type: "layout-shift", buffered: true });
"""
ZOOMED = 640  # What 200 % leaves of a window of 1280 px.
# The docs page is Swagger's own; `admin` is Django's.
NOT_OURS = ("/api/docs", "/admin")


def addresses(browser: Browser, site: str, shop: Shop, alice: Person) -> list[str]:
    context = signed_in(browser, site, alice)
    ids = ids_of(shop, alice)
    urls = [site + address(pattern, ids) for pattern in PAGES]
    pages = [url for url in urls if is_page(context, url) and not urlsplit(url).path.startswith(NOT_OURS)]
    # A fragment is part of a page that is looked at as a whole.
    return [url for url in pages if "<html" in context.request.get(url).text()[:500]]


def findings(page: Page, rules: dict[str, object] = WCAG) -> list[str]:
    """What axe finds, in words. Run from outside the page's own policy, in the isolated world of the debugger."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    # The number of a log line is as high as its line of text: WCAG 2.5.8 excepts targets inline in text.
    context = {"include": [["html"]], "exclude": [['.log a[href^="#L"]']]}
    asked = {"runOnly": rules, "resultTypes": ["violations"]}  # To describe all that is right takes long.
    told = page.evaluate("([where, asked]) => axe.run(where, asked).then((told) => told.violations)", [context, asked])
    return [
        f"{page.url}: {v['id']}: {v['help']}: {v['nodes'][0]['html'][:160]}: {v['nodes'][0].get('failureSummary', '')[:200]}"
        for v in told
    ]


SIDEWAYS = """() => [document.documentElement, ...document.querySelectorAll(".scroll")]
  .some((one) => one.scrollWidth > one.clientWidth + 1)"""


def scrolls_sideways(page: Page, width: int) -> bool:
    """The page, or a table in it: what is out of sight there is not looked for."""
    page.set_viewport_size({"width": width, "height": 900})
    return bool(page.evaluate(SIDEWAYS))


@pytest.mark.timeout(900)
@pytest.mark.parametrize("width", [1440, 390])
def test_every_page_is_fine(browser: Browser, site: str, shop: Shop, alice: Person, width: int) -> None:
    """No finding of axe, no complaint of the browser, no sideways scroll, and nothing that jumps while it loads.

    Cumulative layout shift stays under 0.02; 0.1 is what web.dev calls good. What only colours can break is all that
    axe looks for in the dark: the rest is the same page.
    """
    urls = addresses(browser, site, shop, alice)
    context = signed_in(browser, site, alice, viewport={"width": width, "height": 900})
    context.add_init_script(SHIFTS)
    page = context.new_page()
    found = complaints(page)
    for url in urls:
        page.emulate_media(color_scheme="light", reduced_motion="no-preference")
        page.goto(url)
        found += findings(page)
        if (shifted := page.evaluate("window.shifted")) >= 0.02:
            found.append(f"{url}: shifts by {shifted:.3f}")
        page.emulate_media(color_scheme="dark", reduced_motion="reduce")  # No colour is on its way to another.
        found += findings(page, COLOURS)
        found += [f"{url}: scrolls sideways at {one}" for one in (ZOOMED, width) if scrolls_sideways(page, one)]
    page.goto(f"{site}/api/docs")
    assert len(urls) > 20 and found == [], "\n".join(found)


def test_a_token_that_the_host_printed_fits_a_phone(browser: Browser, site: str, alice: Person) -> None:
    make_api_token(actor=alice.actor, name="printed on the host, 2026-01-02 03:04", scope="admin")
    page = signed_in(browser, site, alice).new_page()
    for path in ("/tokens", "/profile"):
        page.goto(site + path)
        assert not scrolls_sideways(page, 390), path
    assert findings(page) == []


@pytest.mark.parametrize("width", [1440, 390])
def test_the_pages_before_sign_in_are_fine_too(
    browser: Browser, site: str, shop: Shop, alice: Person, width: int
) -> None:
    _, link = invite(actor=alice.actor, team=shop.team, email="eve@example.com", role=Role.DEVELOPER)
    invitation = urlsplit(link).path
    for scheme in ("light", "dark"):
        size = {"width": width, "height": 900}
        page = browser.new_page(color_scheme=scheme, bypass_csp=True, viewport=size)  # type: ignore[arg-type]
        for path in ("/sign-in", "/nothing-here", "/setup/gone", "/link/gone", invitation):
            page.goto(site + path)
            assert findings(page) == []


def test_no_link_is_dead(browser: Browser, site: str, shop: Shop, alice: Person) -> None:
    context = signed_in(browser, site, alice)
    waiting, seen, dead = ["/"], set(), []
    while waiting and len(seen) < 400:
        url = urldefrag(urljoin(site, waiting.pop()))[0]
        if url in seen or not url.startswith(site):
            continue
        seen.add(url)
        answer = context.request.get(url, max_redirects=5)
        if answer.status >= 400:
            dead.append(f"{answer.status} {url}")
        elif "html" in answer.headers.get("content-type", "") and not urlsplit(url).path.startswith(NOT_OURS):
            waiting += [
                urljoin(answer.url, unescape(link)) for link in re.findall(r'<a\s[^>]*?href="([^"]+)"', answer.text())
            ]
    assert dead == [] and len(seen) > 30


def test_nothing_moves_for_those_who_ask_for_it(browser: Browser, site: str, shop: Shop, alice: Person) -> None:
    row = actions.deploy(actor=alice.actor, service=shop.service)
    row.advance(Status.BUILDING)
    moving = "document.getAnimations().filter((one) => one.effect.getComputedTiming().duration > 1).length"
    for choice, is_still in (("reduce", True), ("no-preference", False)):
        context = signed_in(browser, site, alice, reduced_motion=choice, bypass_csp=True)
        page = context.new_page()
        page.goto(f"{site}/deployments/{row.pk}")
        assert (page.evaluate(moving) == 0) is is_still, choice


ACTIONS = {"Deploy", "Redeploy", "Cancel", "Add domain", "Save"}


@pytest.mark.parametrize("role", list(Role))
def test_each_role_sees_what_it_may(browser: Browser, site: str, shop: Shop, alice: Person, role: Role) -> None:
    """No button that would be refused is shown, and none that is allowed is missing."""
    person = alice if role == Role.OWNER else make_person(role.capitalize(), team=shop.team, role=role)
    page = signed_in(browser, site, person).new_page()
    page.goto(f"{site}/services/{shop.service.pk}")
    shown = {text.strip() for text in page.get_by_role("button").all_inner_texts()}
    assert bool(shown & ACTIONS) == (role != Role.VIEWER), shown
    answer = page.goto(f"{site}/services/{shop.service.pk}/delete")
    assert answer is not None and answer.status == (200 if role in (Role.OWNER, Role.ADMIN) else 403)


def test_static_files_of_a_first_view_are_small(site: str, shop: Shop, alice: Person, browser: Browser) -> None:
    """Bytes over the wire: everything under 100 kB, scripts under 60 kB."""
    context = signed_in(browser, site, alice)
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    sizes: dict[str, int] = {}
    kinds: dict[str, str] = {}
    session.on("Network.responseReceived", lambda e: kinds.update({e["requestId"]: e["type"]}))
    session.on("Network.loadingFinished", lambda e: sizes.update({e["requestId"]: int(e["encodedDataLength"])}))
    page.goto(f"{site}/services/{shop.service.pk}")
    page.wait_for_timeout(1000)
    scripts = sum(size for key, size in sizes.items() if kinds.get(key) == "Script")
    total = sum(sizes.values())
    print(f"first view {total} bytes, scripts {scripts} bytes")
    assert scripts < 60_000 and total < 100_000, (total, scripts)


def test_a_session_ended_elsewhere_asks_to_sign_in(browser: Browser, site: str, shop: Shop, alice: Person) -> None:
    page = signed_in(browser, site, alice).new_page()
    page.goto(f"{site}/services/{shop.service.pk}")
    client = Client()
    client.cookies.load(
        {cookie["name"]: cookie["value"] for cookie in page.context.cookies() if "csrf" not in cookie["name"]}
    )
    client.post("/sign-out")
    page.reload()
    assert "/sign-in" in page.url and "next=" in page.url
