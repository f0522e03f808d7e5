"""The pages in a real browser, without the pipeline: live log, live status, policy, narrow screens, no JavaScript."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Iterable, Iterator

import pytest
import uvicorn
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page

from apps.deployments import actions, logs, outcome
from apps.deployments.models import Deployment, DeploymentStep
from apps.deployments.states import Status
from paas.asgi import application
from tests.apps.cast import Person, Shop
from workers.errors import UserError


@pytest.fixture
def site(transactional_db: None) -> Iterator[str]:
    """Our ASGI application on a port of its own, on the test's database."""
    server = uvicorn.Server(uvicorn.Config(application, port=0, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = server.force_exit = True
    thread.join()


@pytest.fixture
def browser(site: str, chromium: Browser) -> Browser:
    """Its pages are closed before the server is."""
    return chromium


def signed_in(browser: Browser, site: str, person: Person, **options: object) -> BrowserContext:
    client = Client()
    client.force_login(person.user, backend="django.contrib.auth.backends.ModelBackend")
    context = browser.new_context(**options)  # type: ignore[arg-type]
    context.set_default_timeout(90_000)
    cookie = next(iter(client.cookies.values()))
    context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": site}])
    return context


def complaints(page: Page) -> list[str]:
    """What the browser says of a page: refused scripts and styles, errors."""
    found: list[str] = []
    page.on("console", lambda said: found.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    return found


def follow(page: Page, selector: str) -> None:
    """A click answers once the next page is on its way: this waits for all of it."""
    with page.expect_navigation():
        page.click(selector)


def until(page: Page, is_so: Callable[[], bool], seconds: float = 40.0) -> float:
    """Seconds until it is so. By polling: the pages' policy forbids the evaluation that `wait_for_function` does."""
    start = time.monotonic()
    while not is_so():
        assert time.monotonic() - start < seconds, page.content()[:3000]
        page.wait_for_timeout(20)
    return time.monotonic() - start


def seconds_to_screen(page: Page, facts: Iterable[tuple[Callable[[], object], Callable[[], bool]]]) -> float:
    """In the middle of several: from before each fact is written until it is shown. One slow moment is not the rule."""
    took = []
    for make, is_shown in facts:
        began = time.monotonic()
        make()
        until(page, is_shown)
        took.append(time.monotonic() - began)
    return statistics.median(took)


def under_way(shop: Shop, alice: Person) -> Deployment:
    row = actions.deploy(actor=alice.actor, service=shop.service)
    row.advance(Status.BUILDING)
    logs.append(row.log, [logs.Line(f"line {n}") for n in range(1, 4)])
    return row


def is_page(context: BrowserContext, url: str) -> bool:
    answer = context.request.get(url)
    return answer.status == 200 and "html" in answer.headers["content-type"]


def test_it_shows_lines_and_the_end_as_they_come(browser: Browser, site: str, shop: Shop, alice: Person) -> None:
    row = under_way(shop, alice)
    DeploymentStep.objects.create(deployment=row, name="fetch", status="running", started_at=timezone.now())
    page = signed_in(browser, site, alice).new_page()
    said = complaints(page)
    page.goto(f"{site}/deployments/{row.pk}")
    until(page, lambda: page.inner_text("[data-state]") == "Live")
    page.click("#steps summary")
    page.evaluate("getSelection().selectAllChildren(document.querySelector('#L2 span'))")
    logs.append(row.log, [logs.Line("<img src=x onerror=alert(1)>"), *(logs.Line(f"more {n}") for n in range(900))])
    until(page, lambda: page.locator(".log .line").count() == 904)
    assert page.text_content("#L4 span") == "<img src=x onerror=alert(1)>"
    numbers = page.evaluate("[...document.querySelectorAll('.log .line')].map(l => Number(l.id.slice(1)))")
    assert numbers == list(range(1, 905))
    outcome.failed(row, UserError("build:user:x", "It broke.", hint="Mend it."))
    until(page, lambda: page.title().startswith("Failed"))
    assert page.evaluate("String(getSelection())") == "line 2", "what a person selected stays"
    assert "It broke." in page.inner_text(".why")
    assert page.evaluate("document.getElementById('steps').open"), "what a person opened stays open"
    assert said == []


def test_it_polls_when_sockets_are_blocked(browser: Browser, site: str, shop: Shop, alice: Person) -> None:
    row = under_way(shop, alice)
    page = signed_in(browser, site, alice).new_page()
    page.route_web_socket("**/ws/**", lambda socket: socket.close(code=1011))
    page.goto(f"{site}/deployments/{row.pk}")
    until(page, lambda: page.inner_text("[data-state]") == "Polling")
    logs.append(row.log, [logs.Line("late")])
    until(page, lambda: page.locator("#L4").count() == 1)
    outcome.failed(row, UserError("build:user:x", "It broke."))
    until(page, lambda: page.title().startswith("Failed"))


def test_it_stops_following_when_a_person_scrolls_up(browser: Browser, site: str, shop: Shop, alice: Person) -> None:
    logs.append(shop.log, [logs.Line(f"says {n}") for n in range(400)])
    page = signed_in(browser, site, alice).new_page()
    page.goto(f"{site}/services/{shop.service.pk}/logs")
    until(page, lambda: page.inner_text("[data-state]") == "Live")
    page.evaluate("document.getElementById('log').scrollTop = 0")
    until(page, lambda: page.inner_text("[data-state]") == "Paused")
    logs.append(shop.log, [logs.Line("new")])
    until(page, lambda: page.locator("#L406").count() == 1)
    assert page.evaluate("document.getElementById('log').scrollTop") == 0
    page.click("[data-follow]")
    until(page, lambda: page.inner_text("[data-state]") == "Live")


def test_it_goes_to_a_linked_line(browser: Browser, site: str, shop: Shop, alice: Person) -> None:
    logs.append(shop.log, [logs.Line(f"says {n}") for n in range(1500)])
    page = signed_in(browser, site, alice).new_page()
    page.goto(f"{site}/services/{shop.service.pk}/logs#L42")
    until(page, lambda: page.locator("#L42").count() == 1 and page.locator("#L42").is_visible())


def test_it_works_without_javascript(browser: Browser, site: str, shop: Shop, alice: Person) -> None:
    page = signed_in(browser, site, alice, java_script_enabled=False).new_page()
    page.goto(f"{site}/services/{shop.service.pk}")
    follow(page, "button:has-text('Deploy')")
    assert "Waiting" in page.title()
    follow(page, "button:has-text('Cancel')")
    assert "Cancelled" in page.title()
    page.goto(f"{site}/services/{shop.service.pk}/logs")
    assert "says 5" in page.inner_text("#log")


def test_it_asks_for_the_sign_in_when_the_session_has_ended(
    browser: Browser, site: str, shop: Shop, alice: Person
) -> None:
    context = signed_in(browser, site, alice)
    page = context.new_page()
    page.clock.install()
    page.goto(f"{site}/")
    context.clear_cookies()
    page.clock.run_for(30_000)
    until(page, lambda: "/sign-in" in page.url)
