"""Chromium for the figures. Not in charge of what is measured in it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, sync_playwright

from tests.stories.slipway import Slipway


@contextmanager
def fresh_page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        try:
            yield chromium.new_page(viewport={"width": 1440, "height": 900})
        finally:
            chromium.close()


@contextmanager
def signed_in_page(slipway: Slipway) -> Iterator[Page]:
    link = slipway.command("link")
    with fresh_page() as page:
        page.goto(link)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"{slipway.url}/")
        yield page
