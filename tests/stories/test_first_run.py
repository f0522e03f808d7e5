"""What a person does on the first day, in Chromium: from the printed setup link to an app of their own, and its end."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from tests.stories.git_server import GitServer
from tests.stories.slipway import Slipway, app, until

pytestmark = [pytest.mark.story, pytest.mark.docker]
PASSWORD = "a good long pass phrase"
COLOUR = 'answer = lambda handler: GREETING + " in " + os.environ.get("COLOUR", "no colour")'


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Slipway, str]]:
    """A Slipway that nobody has set up, with its sample, and what `up` printed."""
    found = Slipway(tmp_path_factory.mktemp("fresh"), SLIPWAY_SAMPLE="1")
    try:
        yield found, found.up()
    finally:
        found.command("reset", check=False, FORCE="1")


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page in whose console nothing may go wrong."""
    found = chromium.new_page(viewport={"width": 1280, "height": 900})
    errors: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        # Pages that tell of a mistake answer 4xx, which Chromium repeats in its console.
        if message.type == "error" and "Failed to load resource" not in message.text:
            errors.append(message.text)

    found.on("console", heard)
    found.on("pageerror", lambda error: errors.append(str(error)))
    found.on("dialog", lambda dialog: dialog.accept())
    yield found
    assert errors == []


def test_a_first_day(fresh: tuple[Slipway, str], page: Page, git: GitServer) -> None:
    slipway, printed = fresh
    sample = re.search(r"Sample:\s+http://(\S+?):\d+", printed)
    setup = re.search(r"Setup:\s+(\S+)", printed)
    assert sample and setup, printed
    assert "Hello" in slipway.fetch(sample[1]).text

    # The setup link makes the owner, once.
    page.goto(setup[1])
    page.get_by_label("Name").fill("Alice")
    page.get_by_label("Email").fill("alice@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create the owner").click()
    expect(page.get_by_text("hello").first).to_be_visible()
    assert page.request.get(setup[1]).status == 404

    # A repository that cannot be read says so at its field; the right one says what was found.
    repository = git.repository("own")
    repository.commit(app("one", body=COLOUR))
    page.get_by_label("Git URL").fill("http://127.0.0.1:1/nothing.git")
    page.get_by_role("button", name="Look at it").click()
    expect(page.get_by_label("Git URL")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Git URL").fill(repository.url)
    page.get_by_role("button", name="Look at it").click()
    expect(page.get_by_role("cell", name="web in the Procfile")).to_be_visible()

    # A wrong line of a pasted .env is named by its number.
    page.get_by_label("Variables").fill("COLOUR=blue\nnot a variable\n")
    page.get_by_role("button", name="Deploy").click()
    expect(page.get_by_text("Line 2")).to_be_visible()
    page.get_by_label("Variables").fill("# a comment\nCOLOUR='blue'\n")
    page.get_by_role("button", name="Deploy").click()

    # The deployment's page follows by itself: steps, log, status, title.
    expect(page.get_by_text("listening").or_(page.get_by_text("Live", exact=True)).first).to_be_visible(timeout=180_000)
    expect(page).to_have_title(re.compile("^Live"), timeout=180_000)
    expect(page.locator("#deployment_status")).to_contain_text("Switch")
    expect(page.get_by_text("language: Python", exact=False)).to_be_visible()
    host = page.locator("#deployment_status a.mono").first.inner_text().split(":")[0]
    assert slipway.fetch(host).text == "one in blue"

    # Redeploy a change, then roll back to what was.
    repository.commit(app("two", body=COLOUR), message="Say two")
    page.get_by_role("button", name="Redeploy").click()
    expect(page).to_have_title(re.compile("^Live"), timeout=180_000)
    assert slipway.fetch(host).text == "two in blue"
    page.get_by_role("link", name=re.compile("^Roll back to")).first.click()
    expect(page.get_by_text("Does not come back:")).to_be_visible()
    page.get_by_role("button", name=re.compile("^Roll back to")).click()
    expect(page).to_have_title(re.compile("^Live"), timeout=180_000)
    assert slipway.fetch(host).text == "one in blue"

    # The service: auto-deploy is paused and resumes; its runtime log; a domain of its own.
    page.get_by_role("link", name="Overview").first.click()
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_role("button", name="Resume")).to_have_count(0)
    page.get_by_role("link", name="Logs").first.click()
    expect(page.get_by_text("listening").first).to_be_visible()
    page.get_by_role("link", name="Domains").first.click()
    page.get_by_label("Host name").fill("own.example.com")
    page.get_by_role("button", name="Add domain").click()
    expect(page.get_by_text("own.example.com").first).to_be_visible()
    until(lambda: slipway.fetch("own.example.com").text == "one in blue", 60)

    # And its end: nothing of it is left in the engine.
    page.get_by_role("link", name="Settings").first.click()
    page.get_by_role("link", name=re.compile("Delete")).first.click()
    page.get_by_role("button", name=re.compile("Delete")).click()
    expect(page.get_by_label("Type its name to confirm")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Type its name to confirm").fill("own")
    page.get_by_role("button", name=re.compile("Delete")).click()
    expect(page.get_by_role("heading", name="Delete own?")).to_have_count(0)
    until(lambda: slipway.fetch(host).status_code == 404, 60)
    until(lambda: len(slipway.containers("--all")) == 2, 60)  # The sample and the edge.
    until(lambda: len(slipway.docker("network", "ls", "--quiet")) == 1, 60)


def test_a_password_signs_in_and_a_link_printed_on_the_host_does(fresh: tuple[Slipway, str], page: Page) -> None:
    slipway, _ = fresh
    page.goto(f"{slipway.url}/")
    page.get_by_label("Email").fill("alice@example.com")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Projects")).to_be_visible()
    page.context.clear_cookies()
    page.goto(slipway.command("link"))
    page.get_by_role("button", name=re.compile("Sign in")).click()
    expect(page.get_by_role("heading", name="Projects")).to_be_visible()


def test_down_keeps_everything_and_up_brings_it_back(fresh: tuple[Slipway, str]) -> None:
    slipway, _ = fresh
    assert "kept" in slipway.command("down")
    assert slipway.containers() == [] and slipway.status()["state"] == "down"
    slipway.up()
    assert "Hello" in slipway.fetch("hello.apps.localhost").text


def test_reset_leaves_nothing(fresh: tuple[Slipway, str]) -> None:
    slipway, _ = fresh
    instance = slipway.instance
    slipway.command("reset", FORCE="1")
    left = [
        line
        for what in (("ps", "--all"), ("network", "ls"), ("volume", "ls"), ("images",))
        for line in slipway.docker(*what, "--quiet", instance=instance)
    ]
    assert left == [] and list(slipway.home.iterdir()) == []
