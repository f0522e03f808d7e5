"""Seconds from a fact to the open page that shows it: a change made elsewhere, and a container that stops answering.

The page notes the moment itself, by the same clock. Both ends count: the fact's own request or command is in it.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable

from playwright.sync_api import Page

from bench.browser import signed_in_page
from bench.samples import plain_app
from bench.stage import App, Stage
from bench.table import Figure, percentile, seconds
from tests.stories.slipway import until

CHANGES, PAUSES = 20, 8
AIM = 1.0
WATCH = """([where, words]) => {
  window.shownAt = 0;
  const look = () => {
    if (window.shownAt || !document.querySelector(where).innerText.includes(words)) return;
    window.shownAt = Date.now();
    watcher.disconnect();
  };
  const watcher = new MutationObserver(look);
  watcher.observe(document.body, { subtree: true, childList: true, characterData: true });
  look();
}"""


def on_screen(stage: Stage) -> list[Figure]:
    app = stage.new_app("watched", plain_app("watched"))
    with signed_in_page(stage.slipway) as page:
        return [
            _figure("a change elsewhere, until it is on screen", _changes(page, app),
                    "a project is renamed over the API; from the request to the list of projects in Chromium"),
            _figure("a container that stops, until it is on screen", _pauses(page, app),
                    "`docker pause` and `unpause`; from the command to the service's page in Chromium"),
        ]  # fmt: skip


def _figure(what: str, took: list[float], how: str) -> Figure:
    p95 = percentile(took, 95)
    said = f"{how}; {len(took)} times, p50 {seconds(percentile(took, 50))}"
    return Figure(f"{what}, p95", seconds(p95), said, aim=f"< {seconds(AIM)}", is_met=p95 < AIM)


def _changes(page: Page, app: App) -> list[float]:
    project = app.slipway.api("GET", f"/services/{app.id}")["project_id"]
    _open(page, f"{app.slipway.url}/")

    def rename(name: str) -> Callable[[], object]:
        return lambda: app.slipway.api("PATCH", f"/projects/{project}", name=name)

    return [_timed(page, "#projects", f"name-{n}", rename(f"name-{n}")) for n in range(CHANGES)]


def _pauses(page: Page, app: App) -> list[float]:
    (container,) = app.slipway.docker("ps", "--quiet", "--filter", f"label=slipway.service={app.id}")
    _open(page, f"{app.slipway.url}/services/{app.id}")

    def docker(verb: str) -> Callable[[], object]:
        return lambda: subprocess.run(["/usr/bin/docker", verb, container], check=True, capture_output=True)

    took = []
    for _ in range(PAUSES):
        took.append(_timed(page, "#service_status .pill", "Down", docker("pause")))
        took.append(_timed(page, "#service_status .pill", "Live", docker("unpause")))
    return took


def _open(page: Page, url: str) -> None:
    with page.expect_websocket():
        page.goto(url)
    page.wait_for_timeout(500)


def _timed(page: Page, where: str, words: str, fact: Callable[[], object]) -> float:
    page.evaluate(WATCH, [where, words])
    began = time.time()
    fact()
    until(lambda: page.evaluate("window.shownAt"), 30)
    page.wait_for_timeout(200)
    return float(page.evaluate("window.shownAt")) / 1000 - began
