"""The log viewer with 100,000 lines in a real browser: on one page, since to load it takes longer than to look at it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page

from apps.deployments.models import LogStream
from tests.apps.cast import Person, Shop
from tests.stories.test_browser_logs import PANE, at_end, find, is_seen, numbers, opened, say, stream, up
from tests.stories.test_browser_pages import browser, complaints, signed_in, site, until

__all__ = ["browser", "site", "stream"]

LONG = 100_000
ROWS = "[...document.querySelectorAll('#log .line')].map(row => Number(row.id.slice(1)))"


@pytest.fixture
def page(browser: Browser, site: str, stream: LogStream, shop: Shop, alice: Person) -> Page:
    """Each line of it is loaded."""
    for first in range(0, LONG - 3000, 1000):
        say(stream, *(f"line {n} {'x' * 60}" for n in range(first, first + 1000)))
    found = signed_in(browser, site, alice, viewport={"width": 1440, "height": 900}).new_page()
    found.context.grant_permissions(["clipboard-read", "clipboard-write"])
    opened(found, f"{site}/services/{shop.service.pk}/logs")
    until(found, lambda: at_end(found))
    while found.evaluate(f"(async () => {PANE}.count)()") < LONG:
        up(found)
        found.wait_for_timeout(5)
    return found


def test_it_stays_small_and_whole_with_a_hundred_thousand_lines(page: Page) -> None:
    has_few_rows_in_each_frame(page)
    has_rows_only_near_the_view(page)
    finds_links_and_copies_where_rows_are_away(page)
    copies_a_selection_that_is_longer_than_the_rows(page)
    keeps_json_open_while_one_reads_elsewhere(page)


def has_rows_only_near_the_view(page: Page) -> None:
    said = complaints(page)
    assert numbers(page) == list(range(1, LONG + 1))
    height = "document.getElementById('log').scrollHeight"
    whole = page.evaluate(height)
    assert whole > LONG * 20, "what is away takes its room"
    for part in (0.2, 0.9, 0.5):
        up(page, int(whole * part))
        until(page, lambda: bool(seen_rows(page)))
        seen = seen_rows(page)
        assert 20 < len(seen) < 60 and seen == list(range(seen[0], seen[-1] + 1)), "no hole where one reads"
        assert abs(seen[0] / LONG - part) < 0.03
        assert len(rows(page)) <= 4400
    assert abs(page.evaluate(height) / whole - 1) < 0.02, "what left is as high as it was"
    assert said == [], "heights are set without breaking the policy"


def finds_links_and_copies_where_rows_are_away(page: Page) -> None:
    page.evaluate("location.hash = '#L8000-L24000'")
    until(page, lambda: is_seen(page, 8_000))
    assert page.inner_text("[data-copy-lines]") == "Copy 16001 lines" and 24_000 not in rows(page)
    page.click("[data-copy-lines]")
    until(page, lambda: page.inner_text("[data-copy-lines]") == "Copied")
    copied = page.evaluate("navigator.clipboard.readText()").split("\n")
    assert (len(copied), copied[0][:10], copied[-1][:11]) == (16_001, "line 4999 ", "line 20999 ")
    up(page, 20 * 15_000)
    until(page, lambda: bool(seen_rows(page)))
    assert page.locator(f"#L{seen_rows(page)[0]}.picked").count() == 1, "a row that is made later is picked too"
    page.route("**/search?*", lambda route: route.abort())
    find(page, "line no. 1077", "1 found loaded here")
    page.keyboard.press("Enter")
    until(page, lambda: is_seen(page, 1077))
    assert page.locator(".line.current").get_attribute("id") == "L1077"
    until(page, lambda: page.evaluate("CSS.highlights.get('log-found').size") == 1)


def copies_a_selection_that_is_longer_than_the_rows(page: Page) -> None:
    up(page)
    until(page, lambda: is_seen(page, 3))
    page.evaluate("getSelection().collapse(document.querySelector('#L3 > span').firstChild, 2)")
    up(page, 20 * 20_000)
    until(page, lambda: 3 not in seen_rows(page) and bool(seen_rows(page)))
    last = seen_rows(page)[5]
    page.evaluate(f"getSelection().extend(document.querySelector('#L{last} > span').firstChild, 4)")
    assert last > 15_000 and 10_000 not in rows(page)
    page.evaluate("document.getElementById('log').focus()")
    page.keyboard.press("Control+c")
    copied = page.evaluate("navigator.clipboard.readText()").split("\n")
    assert (len(copied), copied[-1]) == (last - 2, "line")
    assert copied[41 - 3] == "line no. 41" and copied[10_000 - 3] == f"line 6999 {'x' * 60}"


def keeps_json_open_while_one_reads_elsewhere(page: Page) -> None:
    page.evaluate("location.hash = '#L42'")
    until(page, lambda: is_seen(page, 42))
    page.click("#L42 .fold")
    up(page, 20 * 15_000)
    until(page, lambda: bool(seen_rows(page)))
    assert page.locator("#L42 pre").count() == 1 and page.locator("#L442").count() == 0


def has_few_rows_in_each_frame(page: Page) -> None:
    """What keeps scrolling smooth; how smooth it is, `bench.browser_log` measures."""
    most = page.evaluate(
        """async () => { const log = document.getElementById("log"); let most = 0;
        for (let at = 0; at < 60; at += 1) { log.scrollTop = at * 30000; await new Promise(requestAnimationFrame);
          most = Math.max(most, log.getElementsByClassName("line").length); }
        return most; }"""
    )
    assert 0 < most <= 4400


def rows(page: Page) -> list[int]:
    return page.evaluate(ROWS)  # type: ignore[no-any-return]


def seen_rows(page: Page) -> list[int]:
    """Numbers of the lines that the log shows at this moment."""
    return page.evaluate(  # type: ignore[no-any-return]
        """() => { const log = document.getElementById("log").getBoundingClientRect();
        return [...document.querySelectorAll("#log .line")].filter(row => { const box = row.getBoundingClientRect();
          return box.bottom > log.top && box.top < log.bottom; }).map(row => Number(row.id.slice(1))); }"""
    )
