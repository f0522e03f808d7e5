"""The log viewer in a real browser: following, loading, filters, finding, links, colours, JSON."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, WebSocketRoute

from apps.deployments import logs, outcome
from apps.deployments.models import LogChunk, LogStream
from tests.apps.cast import Person, Shop
from tests.stories.test_browser_pages import browser, complaints, follow, signed_in, site, under_way, until
from workers.errors import UserError

__all__ = ["browser", "site"]

# Every line of the page, also where its row is away: what the page's own module knows.
PANE = "(await import(document.querySelector('script[src*=\"/log.\"]').src)).pane"
NUMBERS = f"(async () => {PANE}.all.map(line => line.seq))()"


def say(stream: LogStream, *texts: str, source: str = "web.1", at: str = "") -> int:
    return logs.append(stream, [logs.Line(text, at, source) for text in texts])


@pytest.fixture
def stream(shop: Shop) -> LogStream:
    """3000 lines of which every 100th is an error; line 42 is JSON."""
    row = LogStream.objects.get(service=shop.service)
    say(row, *(("ERROR no. " if n % 100 == 0 else "line no. ") + str(n) for n in range(6, 42)))
    say(row, json.dumps({"level": "warn", "msg": "<b>low</b> on disk", "free": 12}))
    say(row, *(("ERROR no. " if n % 100 == 0 else "line no. ") + str(n) for n in range(43, 3001)), source="worker.1")
    return row


@pytest.fixture
def page(browser: Browser, site: str, stream: LogStream, shop: Shop, alice: Person) -> Page:
    """The service's log, live."""
    found = signed_in(browser, site, alice, viewport={"width": 1440, "height": 900}).new_page()
    opened(found, f"{site}/services/{shop.service.pk}/logs")
    return found


def opened(page: Page, url: str) -> None:
    page.goto(url)
    until(page, lambda: state(page) in ("Live", "Paused", "Ended"))


def state(page: Page) -> str:
    return page.inner_text("[data-state]") if page.locator("[data-state]").is_visible() else ""


def numbers(page: Page) -> list[int]:
    return page.evaluate(NUMBERS)  # type: ignore[no-any-return]


def at_end(page: Page) -> bool:
    return page.evaluate(  # type: ignore[no-any-return]
        "(log => log.scrollHeight - log.scrollTop - log.clientHeight < 3)(document.getElementById('log'))"
    )


def up(page: Page, to: int = 0) -> None:
    page.evaluate(f"document.getElementById('log').scrollTop = {to}")


def kept_at(page: Page, to: int) -> bool:
    """Scrolled there once more: lines that come above or below move what is in view."""
    up(page, to)
    return True


def find(page: Page, text: str, words: str) -> None:
    page.fill("[name=q]", text)
    until(page, lambda: page.inner_text("[data-count]") == words)


def is_seen(page: Page, number: int) -> bool:
    """Within what the log shows, not only on the page."""
    return page.evaluate(  # type: ignore[no-any-return]
        """number => { const row = document.getElementById(`L${number}`)?.getBoundingClientRect();
        const log = document.getElementById("log").getBoundingClientRect();
        return Boolean(row) && row.bottom > log.top && row.top < log.bottom; }""",
        number,
    )


def test_it_follows_the_end_until_a_person_goes_up(page: Page, stream: LogStream) -> None:
    assert numbers(page) == list(range(2501, 3001)) and at_end(page)
    say(stream, *(f"more {n}" for n in range(300)))
    until(page, lambda: is_seen(page, 3300) and at_end(page))
    page.set_viewport_size({"width": 1440, "height": 600})
    until(page, lambda: at_end(page) and state(page) == "Live")
    up(page, 4000)
    until(page, lambda: state(page) == "Paused")
    say(stream, "one", "two")
    until(page, lambda: page.inner_text("[data-fresh]") == "2 new lines ↓")
    assert page.evaluate("document.getElementById('log').scrollTop") == 4000
    page.click("[data-fresh]")
    until(page, lambda: at_end(page) and state(page) == "Live")
    assert not page.locator("[data-fresh]").is_visible()
    page.focus("#log")
    page.keyboard.press("f")
    assert state(page) == "Paused"


def test_it_stays_paused_though_its_own_scroll_comes_later(page: Page, stream: LogStream) -> None:
    up(page, 4000)
    until(page, lambda: state(page) == "Paused")
    page.evaluate("for (const once of [1, 2]) document.querySelector('[data-follow]').click()")
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert at_end(page) and state(page) == "Paused"
    up(page, 4000)
    until(page, lambda: kept_at(page, 10**6) and at_end(page) and state(page) == "Live")


def test_it_loads_older_lines_where_one_is_and_says_which_are_gone(page: Page, stream: LogStream) -> None:
    LogChunk.objects.filter(stream=stream, last_seq=42).delete()
    up(page, 100)
    until(page, lambda: numbers(page)[0] <= 1501)
    seen = page.evaluate("document.getElementById('log').scrollTop")
    assert seen > 5000, "what was in view stayed in view"
    while numbers(page)[0] > 42:
        up(page)
        page.wait_for_timeout(50)
    assert numbers(page) == list(range(42, 3001))
    until(page, lambda: kept_at(page, 0) and is_seen(page, 42) and not page.locator("[data-older]").is_visible())
    assert page.inner_text("#log .line.gap > span") == "42 older lines are no longer kept"
    assert page.locator("#log .line.gap + #L43").count() == 1


def test_it_keeps_the_page_small_while_it_follows(page: Page, stream: LogStream) -> None:
    for first in range(0, 30_000, 2000):
        say(stream, *(f"flood {n}" for n in range(first, first + 2000)))
    until(page, lambda: is_seen(page, 33_000))
    seen = numbers(page)
    assert len(seen) <= 20_400 and seen == list(range(seen[0], 33_001))
    assert page.locator("[data-older]").count() == 1


def test_it_filters_by_level_source_and_time_on_the_server(page: Page, stream: LogStream) -> None:
    page.check(".chip.error input")
    until(page, lambda: numbers(page) == list(range(100, 3001, 100)))
    assert "level=error" in page.url
    say(stream, "nothing", "ERROR fresh")
    until(page, lambda: numbers(page)[-1] == 3002)
    assert len(numbers(page)) == 31, "what comes is filtered too"
    page.uncheck(".chip.error input")
    page.check(".chip.warn input")
    until(page, lambda: numbers(page) == [42])
    page.uncheck(".chip.warn input")
    page.select_option("[name=source]", "web.1")
    until(page, lambda: numbers(page) == [*range(1, 43), 3001, 3002])
    page.select_option("[name=source]", "")
    old = (timezone.now() - timedelta(hours=3)).isoformat()
    say(stream, "late to arrive", at=old)
    page.select_option("[name=range]", "1h")
    until(page, lambda: 3002 in numbers(page) and 3003 not in numbers(page))
    page.reload()
    assert page.input_value("[name=range]") == "1h", "a filter is part of the address"
    page.select_option("[name=range]", "between")
    assert page.locator("[name=from]").is_visible()
    page.fill("[name=to]", old[:16])
    page.dispatch_event("[name=to]", "change")
    until(page, lambda: numbers(page) == [])
    assert page.inner_text("#log .none") == "No line is like this."


def test_it_finds_in_the_whole_log(page: Page, stream: LogStream) -> None:
    page.focus("#log")
    page.keyboard.press("/")
    find(page, "ERROR NO", "30 found")
    page.keyboard.press("Enter")
    until(page, lambda: page.inner_text("[data-count]") == "30 of 30" and is_seen(page, 3000))
    page.keyboard.press("Enter")
    until(page, lambda: page.inner_text("[data-count]") == "1 of 30" and is_seen(page, 100))
    assert page.locator(".line.current").get_attribute("id") == "L100", "loaded from far away"
    page.focus("#log")
    page.keyboard.press("n")
    until(page, lambda: page.inner_text("[data-count]") == "2 of 30" and is_seen(page, 200))
    page.keyboard.press("N")
    until(page, lambda: page.inner_text("[data-count]") == "1 of 30" and is_seen(page, 100))
    until(page, lambda: page.evaluate("CSS.highlights.get('log-found').size") > 0)
    say(stream, "Error no. 31")
    until(page, lambda: page.inner_text("[data-count]") == "1 of 31")
    page.click("[data-only]")
    until(page, lambda: numbers(page) == [*range(100, 3001, 100), 3001])
    page.fill("[name=q]", "nowhere at all")
    until(page, lambda: page.inner_text("[data-count]") == "No match")
    assert page.locator(".line.current").count() == 0


def test_it_opens_links_to_lines_and_ranges_from_far_away(page: Page, site: str, shop: Shop) -> None:
    opened(page, f"{site}/services/{shop.service.pk}/logs?level=error#L150-L152")
    until(page, lambda: is_seen(page, 150))
    assert page.locator(".line.picked").count() == 3, "a filter that hides it is taken away"
    assert page.inner_text("[data-copy-lines]") == "Copy 3 lines"
    page.click("#L155 > a")
    assert page.url.endswith("#L155")
    page.click("#L158 > a", modifiers=["Shift"])
    assert page.url.endswith("#L155-L158") and page.locator(".line.picked").count() == 4
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.click("[data-copy-lines]")
    until(page, lambda: page.inner_text("[data-copy-lines]") == "Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == "line no. 155\nline no. 156\nline no. 157\nline no. 158"
    page.evaluate("location.hash = '#L2999'")
    until(page, lambda: is_seen(page, 2999) and at_end(page))
    page.wait_for_timeout(300)
    assert state(page) == "Paused", "a line at the end stays in view"
    page.evaluate("location.hash = '#L4000'")
    until(page, lambda: page.locator(".toast", has_text="Nobody has said line 4000 yet.").count() == 1)
    page.evaluate("location.hash = '#L2900'")
    until(page, lambda: is_seen(page, 2900))
    until(page, lambda: kept_at(page, 10**6) and numbers(page)[-1] == 3000 and at_end(page) and state(page) == "Live")


def test_it_copies_a_selection_without_numbers_and_times(page: Page) -> None:
    page.evaluate(
        "getSelection().setBaseAndExtent(document.querySelector('#L2990'), 0, document.querySelector('#L2992'), 4)"
    )
    assert page.evaluate("getSelection().toString()").split() == [
        word for n in (2990, 2991, 2992) for word in ("line", "no.", str(n))
    ]


def test_it_shows_colours_progress_and_json_as_text(page: Page, stream: LogStream) -> None:
    said = complaints(page)
    say(stream, "\x1b[1;31mbad\x1b[0m <img src=x onerror=alert(1)>", "1 %\r50 %\r\x1b[32m100 %\x1b[0m",
        "\x1b]8;;javascript:alert(1)\x07a link\x1b]8;;\x07", '{"level": "error", "msg": "<i>no</i>", "took": {"ms": 3}}',
        "{not json}", '{"__proto__": {"x": 1}}')  # fmt: skip
    until(page, lambda: page.locator("#L3006").count() == 1)
    assert page.inner_text("#L3001 > span") == "bad <img src=x onerror=alert(1)>"
    assert page.get_attribute("#L3001 > span > b", "class") == "b c1"
    assert page.evaluate("getComputedStyle(document.querySelector('#L3001 b')).color") != page.evaluate(
        "getComputedStyle(document.querySelector('#L2999 span')).color"
    )
    assert page.inner_text("#L3002 > span") == "100 %"
    assert (page.inner_text("#L3003 > span"), page.locator("#L3003 span a").count()) == ("a link", 0)
    assert page.inner_text("#L3004 > span").replace("\n", "") == '{ }<i>no</i> level: error took: {"ms":3}'
    assert "error" in (page.get_attribute("#L3004", "class") or "")
    assert page.inner_text("#L3005 > span") == "{not json}"
    page.click("#L3004 .fold")
    assert page.inner_text("#L3004 pre") == json.dumps(
        {"level": "error", "msg": "<i>no</i>", "took": {"ms": 3}}, indent=2
    )
    page.click("#L3004 .fold")
    assert page.locator("#L3004 pre").count() == 0
    page.reload()
    until(page, lambda: page.locator("#L3004 .fold").count() == 1)
    assert page.get_attribute("#L3001 > span > b", "class") == "b c1", "the server shows the same"
    assert said == []


def test_it_remembers_wrapping_and_times(page: Page) -> None:
    for name in ("wrap", "times"):
        page.click(f"[data-look={name}]")
        assert page.locator(f"#log.no-{name}").count() == 1
    page.reload()
    until(page, lambda: page.locator("#log.no-wrap.no-times").count() == 1)
    assert not page.locator("#L3000 time").is_visible()
    page.focus("#log")
    page.keyboard.press("w")
    page.keyboard.press("t")
    assert page.locator("#log.no-wrap, #log.no-times").count() == 0


def test_it_folds_its_tools_on_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    tools, search = page.locator(".log-tools"), page.locator("[name=q]")
    box = tools.bounding_box()
    assert box and box["height"] < 60 and not search.is_visible()
    page.keyboard.press("/")
    assert search.is_visible() and page.locator("[data-download]").is_visible()
    page.focus("[data-more]")
    page.keyboard.press("Enter")
    assert not search.is_visible() and page.get_attribute("[data-more]", "aria-expanded") == "false"


def test_it_goes_on_after_the_network_came_back(page: Page, stream: LogStream) -> None:
    page.context.set_offline(True)
    page.route_web_socket("**/ws/**", lambda socket: socket.close(code=1011))
    say(stream, "while away")
    page.context.set_offline(False)
    until(page, lambda: is_seen(page, 3001))
    assert numbers(page) == sorted(set(numbers(page)))


def test_it_goes_on_when_nobody_said_that_the_network_is_gone(page: Page, stream: LogStream) -> None:
    silent: list[object] = []  # The first connection: what the server says on it arrives nowhere.

    def lost(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        if not silent:
            silent.append(server)
            server.on_message(lambda _: None)

    page.clock.install()
    page.route_web_socket("**/ws/**", lost)
    page.reload()
    until(page, lambda: state(page) == "Live")
    say(stream, "while away")
    page.clock.run_for(10_000)
    assert page.locator("#L3001").count() == 0
    page.clock.run_for(40_000)
    until(page, lambda: page.clock.run_for(100) is None and is_seen(page, 3001) and state(page) == "Live")


def test_it_says_when_a_log_has_ended(browser: Browser, site: str, shop: Shop, alice: Person) -> None:
    page = signed_in(browser, site, alice).new_page()
    page.goto(f"{site}/deployments/{shop.live.pk}")
    until(page, lambda: state(page) == "Ended")
    assert page.evaluate("document.getElementById('log').offsetHeight") < 300  # As tall as what it says.
    row = under_way(shop, alice)
    opened(page, f"{site}/deployments/{row.pk}")
    assert state(page) == "Live"
    yet = page.locator("#log .yet")  # Nothing was said yet.
    assert yet.evaluate("(one) => getComputedStyle(one).display") == "inline"
    outcome.failed(row, UserError("build:user:x", "It broke."))
    until(page, lambda: state(page) == "Ended")
    assert yet.evaluate("(one) => getComputedStyle(one).display") == "none"


def test_it_announces_now_and_then_and_not_each_line(page: Page, stream: LogStream) -> None:
    assert page.get_attribute("#log", "role") == "log" and page.get_attribute("#log", "aria-live") == "off"
    page.clock.install()  # All of them come within the five seconds, however slow the machine is.
    page.reload()
    until(page, lambda: state(page) == "Live")
    page.clock.pause_at(timezone.now() + timedelta(seconds=8))
    for last in range(3002, 3012, 2):
        say(stream, "one", "ERROR two")
        until(page, lambda last=last: page.clock.run_for(4) is None and is_seen(page, last))
    assert page.text_content("[data-said]") == ""
    page.clock.run_for(5_000)
    assert page.text_content("[data-said]") == "10 new lines, 5 of them errors"


def test_it_downloads_what_the_filter_lets_through(page: Page) -> None:
    page.check(".chip.error input")
    until(page, lambda: numbers(page)[0] == 100)
    with page.expect_download() as told:
        page.click("[data-download]")
    text = told.value.path().read_text()
    assert told.value.suggested_filename == "web.log"
    assert [line.split(" ", 2)[1:] for line in text.splitlines()] == [
        ["worker.1", f"ERROR no. {n}"] for n in range(100, 3001, 100)
    ]


def test_it_reads_and_searches_without_javascript(
    browser: Browser, site: str, shop: Shop, stream: LogStream, alice: Person
) -> None:
    page = signed_in(browser, site, alice, java_script_enabled=False).new_page()
    page.goto(f"{site}/services/{shop.service.pk}/logs")
    follow(page, "[data-older]")
    assert page.locator("#L2500").count() == 1 and page.locator("#L2501").count() == 0
    follow(page, "[data-newer]")
    assert page.locator("#L3000").count() == 1
    page.fill("[name=q]", "error no. 2")
    page.check(".chip.error input", force=True)
    follow(page, "[data-show]")
    assert [row.get_attribute("id") for row in page.locator(".line").all()] == [
        "L200", *(f"L{n}" for n in range(2000, 3000, 100)),
    ]  # fmt: skip
    follow(page, "#L200 > a")
    assert page.locator("#L199").count() == 1, "each leads to what is around it"
