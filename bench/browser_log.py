"""The log viewer in Chromium with a long log: time to show, what an append costs, memory, and frames while scrolling."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from bench.browser import signed_in_page
from bench.log_lines import last_seq
from bench.samples import talking_app
from bench.stage import App, Stage
from bench.table import Figure, percentile, seconds
from tests.stories.slipway import until

LINES = 100_000
SHOW_AIM, FRAME_AIM, APPEND_AIM, MEMORY_AIM = 1.0, 0.05, 0.1, 400.0
PANE = "(await import(document.querySelector('script[src*=\"/log.\"]').src)).pane"
COUNT = f"(async () => {PANE}.count)()"
# From the first line of a batch to the last and the paint after it: what an append costs the page.
APPENDED = """async last => {
  const pane = PANE;
  return new Promise(done => {
    let began = 0, worst = 0, at = performance.now();
    (function frame() {
      const now = performance.now();
      worst = Math.max(worst, now - at);
      if (!began && pane.last > last - 1000) began = now;
      at = now;
      requestAnimationFrame(pane.last >= last ? () => done([performance.now() - began, worst]) : frame);
    })();
  });
}""".replace("PANE", PANE)
SCROLLED = """async pixels => {
  const log = document.getElementById('log'), frames = [];
  log.scrollTop = log.scrollHeight / 4;
  await new Promise(requestAnimationFrame);
  let last = performance.now();
  for (let count = 0; count < 180; count += 1) {
    log.scrollTop += pixels;
    await new Promise(requestAnimationFrame);
    frames.push((performance.now() - last) / 1000);
    last = performance.now();
  }
  return frames;
}"""


def viewer(stage: Stage) -> list[Figure]:
    app = stage.new_app("reading", talking_app())
    _flood(app, LINES)
    with signed_in_page(stage.slipway) as page:
        return [*_following(page, app), *_reading(page, app)]


def _following(page: Page, app: App) -> list[Figure]:
    """As it is opened: the newest lines, then what comes."""
    shown = _open(page, app)
    before = last_seq(app)
    app.slipway.fetch(app.host, "/flood/1000")
    took, worst = page.evaluate(APPENDED, before + 1000)
    return [
        Figure("log viewer, first lines of 100,000", seconds(shown), "from the click to the newest line in view",
               aim=f"< {seconds(SHOW_AIM)}", is_met=shown < SHOW_AIM),
        Figure("log viewer, 1,000 lines while it follows", seconds(took / 1000),
               f"from the first of them to the last in Chromium; slowest frame {seconds(worst / 1000)}"),
    ]  # fmt: skip


def _open(page: Page, app: App) -> float:
    began = time.perf_counter()
    page.goto(f"{app.slipway.url}/services/{app.id}/logs")
    last = last_seq(app)
    until(lambda: page.locator(f"#L{last}").is_visible(), 30)
    return time.perf_counter() - began


def _reading(page: Page, app: App) -> list[Figure]:
    """With all lines on the page, loaded upwards as by a person who scrolls."""
    began = time.perf_counter()
    while page.evaluate(COUNT) < LINES:
        page.evaluate("document.getElementById('log').scrollTop = 0")
        page.wait_for_timeout(5)
    loaded = time.perf_counter() - began
    memory = _memory(page)
    page.wait_for_timeout(1000)
    frames = page.evaluate(SCROLLED, 400)
    jumps = page.evaluate(SCROLLED, 8_000)
    before = last_seq(app)
    page.wait_for_timeout(500)
    app.slipway.fetch(app.host, "/flood/1000")
    took, worst = page.evaluate(APPENDED, before + 1000)
    p95, far = percentile(frames, 95), percentile(jumps, 95)
    return [
        Figure("log viewer, 100,000 lines loaded upwards", seconds(loaded), "requests of 1,000 lines, one after the other"),
        Figure("log viewer, memory with 100,000 lines", f"{memory:.0f} MB", "private memory of the page's process",
               aim=f"< {MEMORY_AIM:.0f} MB", is_met=memory < MEMORY_AIM),
        Figure("log viewer, frame while scrolling, p95", seconds(p95),
               f"100,000 lines, 400 px a frame; worst {seconds(max(frames))}; 8,000 px a frame: {seconds(far)}",
               aim=f"< {seconds(FRAME_AIM)}", is_met=p95 < FRAME_AIM),
        Figure("log viewer, 1,000 lines to 100,000", seconds(took / 1000),
               f"from the first of them to the last; slowest frame {seconds(worst / 1000)}",
               aim=f"frame < {seconds(APPEND_AIM)}", is_met=worst / 1000 < APPEND_AIM),
    ]  # fmt: skip


def _memory(page: Page) -> float:
    """Megabytes that the page's own process has for itself alone."""
    browser = page.context.browser
    if browser is None:
        raise AssertionError("the page has no browser")
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    told: list[dict[str, Any]] = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    return max(_private_mb(int(process["id"])) for process in told if process["type"] == "renderer")


def _private_mb(pid: int) -> float:
    fields = (line.split() for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:])
    return sum(int(field[1]) for field in fields if field[0].startswith("Private_")) / 1000


def _flood(app: App, count: int) -> None:
    before = last_seq(app)
    app.slipway.fetch(app.host, f"/flood/{count}")
    until(lambda: last_seq(app) >= before + count, 300)
