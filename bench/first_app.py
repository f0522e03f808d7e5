"""Clicks and seconds from the setup link that `make up` prints to the first live app of one's own, in Chromium."""

from __future__ import annotations

import re
import time

from bench.browser import fresh_page
from bench.samples import plain_app
from bench.stage import Stage
from bench.table import Figure, seconds
from tests.stories.slipway import until

CLICKS_AIM = 5
OWNER = {"Your name": "Ada", "Email": "ada@example.com", "Password": "a good long pass phrase"}


def first_app(stage: Stage) -> list[Figure]:
    slipway = stage.new_slipway("first-app")
    setup = re.search(r"Setup:\s+(\S+)", slipway.up())
    if setup is None:
        raise AssertionError("no setup link was printed")
    repository = stage.git.repository("first-of-ones-own")
    repository.commit(plain_app("mine"))
    with fresh_page() as page:
        clicks: list[str] = []

        def click(button: str) -> None:
            clicks.append(button)
            page.get_by_role("button", name=button, exact=True).first.click()

        began = time.perf_counter()
        page.goto(setup[1])
        for label, text in OWNER.items():
            page.get_by_label(label).fill(text)
        click("Create the owner")
        page.get_by_label("Git URL").fill(repository.url)
        click("Look at it")
        click("Deploy")
        until(lambda: page.title().startswith("Live"), 120, page.content)
        took = time.perf_counter() - began
        host = page.locator("#deployment_status a.mono").first.inner_text().split(":")[0]
    answer = slipway.fetch(host).text
    slipway.command("reset", FORCE="1")
    if answer != "mine":
        raise AssertionError(f"{host} answers {answer!r}")
    return [
        Figure(
            "setup link to the first app of one's own", f"{len(clicks)} clicks, {seconds(took)}",
            f"{', '.join(clicks)}; until its page says Live, and it answers; the script types at once, base images were on "
            "the machine", aim=f"at most {CLICKS_AIM} clicks", is_met=len(clicks) <= CLICKS_AIM,
        )
    ]  # fmt: skip
