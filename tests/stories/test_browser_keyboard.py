"""By keys alone from the setup link to a deployment, and a page that outlives a restart of the server."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import uvicorn
from playwright.sync_api import Browser, Page

from apps.accounts.links import make_link
from apps.deployments import logs, outcome
from apps.deployments.models import Deployment
from apps.hosts.models import Host
from paas.asgi import application
from tests.apps.cast import PASSWORD, Person, Shop
from tests.ports import free_port
from tests.stories.git_server import GitServer
from tests.stories.slipway import app
from tests.stories.test_browser_first_run import path_of
from tests.stories.test_browser_pages import browser, signed_in, site, under_way, until
from workers.errors import UserError

__all__ = ["browser", "site"]
FOCUSED = """(() => { const e = document.activeElement;
return (e.labels?.length ? e.labels[0].innerText : e.ariaLabel || e.innerText || "").trim(); })()"""


def tab_to(page: Page, name: str) -> None:
    """Tab until what is so named has the focus."""
    seen = []
    for _ in range(80):
        page.keyboard.press("Tab")
        seen.append(page.evaluate(FOCUSED))
        if seen[-1].startswith(name):
            return
    raise AssertionError(seen)


def test_keys_alone_lead_from_the_setup_link_to_a_deployment(
    browser: Browser, site: str, host: Host, tmp_path: Path
) -> None:
    with GitServer(tmp_path) as git:
        repository = git.repository("by-keys")
        repository.commit(app("hello"))
        page = browser.new_page()
        page.goto(site + path_of(make_link(user=None)))
        for label, text in (("Your name", "Alice"), ("Email", "alice@example.com"), ("Password", PASSWORD)):
            tab_to(page, label)
            page.keyboard.type(text)
        page.keyboard.press("Enter")
        until(page, lambda: page.url == f"{site}/welcome")
        tab_to(page, "Git URL")
        page.keyboard.type(repository.url)
        page.keyboard.press("Enter")
        until(page, lambda: page.get_by_text("What was found, and why").count() == 1)
        assert "Procfile" in page.inner_text("main")
        tab_to(page, "Deploy")
        page.keyboard.press("Enter")
        until(page, lambda: "/deployments/" in page.url)
    assert Deployment.objects.get().service.source_url == repository.url


class Server:
    """Our application on one port, to be stopped and started."""

    def __init__(self, port: int) -> None:
        config = uvicorn.Config(application, port=port, log_level="warning", lifespan="off")
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()
        while not self.server.started:
            time.sleep(0.01)

    def stop(self) -> None:
        self.server.should_exit = self.server.force_exit = True
        self.thread.join()


def test_a_page_catches_up_after_a_restart_of_the_server(browser: Browser, shop: Shop, alice: Person) -> None:
    row, port = under_way(shop, alice), free_port()
    server, address = Server(port), f"http://127.0.0.1:{port}"
    page = signed_in(browser, address, alice).new_page()
    page.clock.install()
    page.goto(f"{address}/deployments/{row.pk}")
    until(page, lambda: page.inner_text("[data-state]") == "Live")
    page.evaluate("document.body.dataset.mark = 'same page'")
    server.stop()
    until(page, lambda: page.inner_text("[data-link]") not in ("", "Live"))
    logs.append(row.log, [logs.Line("while away")])
    outcome.failed(row, UserError("build:user:x", "It broke."))
    page.clock.run_for(13_000)  # From whenever it last heard something.
    until(page, lambda: "Connection lost" in page.inner_text("[data-link]"))
    server = Server(port)
    try:
        until(page, lambda: page.locator("#L4").count() == 1)
        until(page, lambda: page.title().startswith("Failed"))
        assert page.get_attribute("body", "data-mark") == "same page"
    finally:
        server.stop()
