"""Fast by hand and live by itself, in a real browser: palette, keys, colours, toasts, dialogs, title and icon."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, TimeoutError, WebSocketRoute, expect

from apps.accounts.installation import set_base_domain
from apps.deployments import actions, logs, outcome
from apps.deployments.models import Deployment
from apps.deployments.open_pages import tell_changed
from apps.deployments.states import Status
from apps.lib.dotenv import parse_variables
from apps.projects.actions import rename_project
from apps.projects.models import Service
from apps.projects.variables import set_variables
from tests.apps.cast import Person, Shop, make_running
from tests.stories.test_browser_pages import browser, complaints, follow, seconds_to_screen, signed_in, site, until
from workers.errors import UserError

__all__ = ["browser", "site"]


@pytest.fixture
def context(browser: Browser, site: str, alice: Person) -> BrowserContext:
    return signed_in(browser, site, alice, viewport={"width": 1440, "height": 900})


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


def opened(page: Page, address: str) -> list[str]:
    """The page with its socket open; what the browser complains of from now on."""
    said = complaints(page)
    with page.expect_websocket() as found:
        page.goto(address)
    assert found.value.url
    until(page, lambda: page.evaluate("Boolean(window.htmx)"))
    page.wait_for_timeout(200)
    return said


def icon(page: Page) -> str:
    return str(page.get_attribute("#favicon", "href")).rsplit("/", 1)[-1]


def options(page: Page) -> list[str]:
    return [text.strip() for text in page.locator("#palette-list [role=option] b").all_inner_texts()]


def test_it_opens_anything_by_the_palette(page: Page, site: str, shop: Shop) -> None:
    said = complaints(page)
    page.goto(f"{site}/services/{shop.service.pk}")
    page.keyboard.press("Control+k")
    until(page, lambda: "Redeploy" in options(page) and "Greet politely" in options(page))
    assert page.evaluate("document.activeElement.id") == "palette-input"
    assert page.get_attribute("#palette-input", "aria-activedescendant") == "option-0"
    page.keyboard.press("ArrowDown")
    assert page.get_attribute("#palette-input", "aria-activedescendant") == "option-1"
    page.keyboard.type("nothing like it")
    page.keyboard.press("Escape")
    assert page.locator("dialog[open]").count() == 0, "at the first press"
    page.keyboard.press("Control+k")
    page.keyboard.type("variab")
    until(page, lambda: options(page)[:1] == ["Variables"])
    page.keyboard.press("Enter")
    page.wait_for_url("**/variables")
    page.keyboard.press("Control+k")
    until(page, lambda: {"Remove API_KEY", "Copy as API call: Remove API_KEY"} <= {*options(page)})
    until(page, lambda: options(page).index("Remove API_KEY") > options(page).index("Variables"))
    assert said == []


def test_it_names_the_domain_that_the_palette_would_remove(page: Page, site: str, shop: Shop) -> None:
    page.goto(f"{site}/services/{shop.service.pk}/domains")
    page.keyboard.press("Control+k")
    until(page, lambda: "Copy as API call: Remove shop.example.com" in options(page))
    assert "Copy as API call: Remove" not in options(page)


def test_it_does_by_the_palette_what_the_page_offers(page: Page, site: str, shop: Shop) -> None:
    page.goto(f"{site}/services/{shop.service.pk}")
    page.keyboard.press("Control+k")
    page.keyboard.type("redeploy")
    until(page, lambda: options(page)[:1] == ["Redeploy"])
    page.keyboard.press("Enter")
    page.wait_for_url("**/deployments/*")
    assert Deployment.objects.latest("created_at").status == "pending"


def test_it_offers_a_viewer_nothing_to_do(browser: Browser, site: str, shop: Shop, bob: Person) -> None:
    page = signed_in(browser, site, bob).new_page()
    page.goto(f"{site}/services/{shop.service.pk}")
    page.keyboard.press("Control+k")
    until(page, lambda: "Greet politely" in options(page))
    kinds = set(page.locator("#palette-list .kind").all_inner_texts())
    assert "API" not in kinds
    assert [o for o in options(page) if "eploy " in o or "Roll" in o or "Delete" in o] == []


def test_it_gives_an_action_as_a_call_of_the_api(context: BrowserContext, page: Page, site: str, shop: Shop) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=site)
    page.goto(f"{site}/services/{shop.service.pk}")
    page.keyboard.press("Control+k")
    page.keyboard.type("copy as api redeploy")
    until(page, lambda: options(page)[:1] == ["Copy as API call: Redeploy"])
    page.keyboard.press("Enter")
    until(page, lambda: "Copied" in page.inner_text("#toasts"))
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(f"curl -X POST {site}/api/v1/services/{shop.service.pk}/deployments")
    assert "Authorization: Bearer $SLIPWAY_TOKEN" in copied
    assert copied_call(page, "Redeploy", "CLI") == f"slipway deploy {shop.service.pk}"


def copied_call(page: Page, name: str, kind: str = "API call") -> str:
    page.evaluate("navigator.clipboard.writeText('')")
    page.keyboard.press("Control+k")
    page.keyboard.type(f"copy as {kind} {name}")
    until(page, lambda: options(page)[:1] == [f"Copy as {kind}: {name}"])
    page.keyboard.press("Enter")
    until(page, lambda: page.evaluate("navigator.clipboard.readText()") != "")
    return str(page.evaluate("navigator.clipboard.readText()"))


def test_it_gives_a_call_with_what_the_form_says_now(
    context: BrowserContext, page: Page, site: str, shop: Shop
) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=site)
    service = f"{site}/services/{shop.service.pk}"
    page.goto(f"{service}/settings")
    page.fill("[name=branch]", "it's new")
    page.fill("[name=releases_kept]", "7")
    page.locator("[name=auto_deploy]").uncheck()
    page.locator("h1").click()
    copied = copied_call(page, "Save")
    said = json.loads(copied.split("-d '")[1].removesuffix("'").replace("'\\''", "'"))
    assert said == {"branch": "it's new", "releases_kept": 7, "auto_deploy": False}

    page.goto(f"{service}/variables")
    page.fill("[name=name]", "COLOUR")
    page.fill("[name=value]", "blue")
    page.locator("h1").click()
    copied = copied_call(page, "Set variable")
    assert copied.endswith("""-d '{"values":{"COLOUR":"blue"}}'""")
    page.fill("[name=value]", "it's blue")
    page.locator("h1").click()
    set_it = f"slipway variables set {shop.service.pk} COLOUR"
    assert copied_call(page, "Set variable", "CLI") == f"{set_it}='it'\\''s blue'"
    page.check("[name=secret]")
    page.locator("h1").click()
    assert copied_call(page, "Set variable", "CLI") == f"{set_it} --secret"


def test_it_gives_a_whole_new_service_as_one_call(
    context: BrowserContext, page: Page, site: str, alice: Person
) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=site)
    page.goto(f"{site}/new")
    page.click("text=An image")
    page.fill("[name=image]", "ghcr.io/owner/shop:1.2")
    page.locator("h1").click()
    first = copied_call(page, "Deploy an image")
    assert first.endswith("""-d '{"image":"ghcr.io/owner/shop:1.2","project":"shop","name":"shop"}'""")
    page.click("text=Go on")
    page.wait_for_url("**/new/image")
    page.fill("[name=service]", "front")
    for name in ("variables", "secrets"):
        page.locator(f"[name={name}]").evaluate("(field) => field.closest('details').open = true")
    text = (
        """COLOUR='light blue'  # of the sea\n# of nothing\nexport SIZE=3 # m\nTWO="l1\nl2\\t'"\n\nHASH=a#b\nEMPTY="""
    )
    page.fill("[name=variables]", text)
    page.fill("[name=secrets]", "KEY=abc")
    page.locator("[name=domain]").evaluate("(field) => field.closest('details').open = true")
    for name, value in {"volume_name": "data", "volume_path": "/data", "domain": "front.example.org"}.items():
        page.fill(f"[name={name}]", value)
    page.locator("h1").click()
    copied = copied_call(page, "Deploy")
    assert 'write each secret in place of its "…"' in page.inner_text("#toasts")
    assert copied.startswith(f"curl -X POST {site}/api/v1/apps") and "abc" not in copied
    said = json.loads(copied.split("-d '")[1].removesuffix("'").replace("'\\''", "'"))
    assert said["secrets"] == {"KEY": "…"}
    assert alice.post("/apps", said).status_code == 201
    made = Service.objects.get(project__slug="shop", slug="front")
    assert (made.image, made.volumes.get().path) == ("ghcr.io/owner/shop:1.2", "/data")
    assert made.domains.filter(host="front.example.org").exists()
    given = {row.name: row.shown for row in made.variables.all()}
    assert given == {**parse_variables(text), "KEY": None}
    page.fill("[name=variables]", '{"COLOUR": "red", "SIZE": 3}')
    page.locator("h1").click()
    assert '"variables":{"COLOUR":"red","SIZE":"3"}' in copied_call(page, "Deploy")


def test_it_says_how_old_a_report_is_while_nothing_new_comes(page: Page, site: str, shop: Shop) -> None:
    make_running(shop.live)
    page.clock.install()
    page.goto(f"{site}/services/{shop.service.pk}")
    page.clock.run_for(65_000)
    until(page, lambda: page.inner_text("[data-ago]").startswith("1 min"))


BUSY = """() => {
  const [g, l] = ["g", "l"].map((key) => new KeyboardEvent("keydown", { key, bubbles: true }));
  document.body.dispatchEvent(g);
  for (const end = Date.now() + 1100; Date.now() < end; );
  document.body.dispatchEvent(l);
}"""


def test_it_takes_keys_together_that_were_pressed_together(page: Page, site: str, shop: Shop) -> None:
    page.goto(f"{site}/services/{shop.service.pk}")
    page.evaluate(BUSY)
    until(page, lambda: page.url.endswith("/logs"))


def has_gone(page: Page, key: str, ending: str) -> bool:
    """Pressed anew each time: on a slow machine more than a second may lie between the two keys."""
    page.keyboard.press("g")
    page.keyboard.press(key)
    with suppress(TimeoutError):
        page.wait_for_url(f"**{ending}", timeout=5_000)
    return page.url.endswith(ending)


def test_it_goes_by_keys(page: Page, site: str, shop: Shop) -> None:
    page.goto(f"{site}/services/{shop.service.pk}")
    for key, ending in (("l", "/logs"), ("v", "/variables"), ("d", "/deployments"), ("p", "/")):
        until(page, lambda key=key, ending=ending: has_gone(page, key, ending))
    page.keyboard.press("?")
    assert "Deployments" not in page.inner_text("#sheet") and "All projects" in page.inner_text("#sheet")
    page.keyboard.press("Escape")
    page.goto(f"{site}/services/{shop.service.pk}/deployments")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/deployments/{shop.first.pk}")


def test_it_leaves_single_keys_to_those_who_want_them(page: Page, site: str, shop: Shop) -> None:
    page.goto(f"{site}/")
    page.keyboard.press("?")
    page.uncheck("#single-keys")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    assert not page.locator("#sheet").is_visible()


def test_it_filters_at_once_and_on_the_server(page: Page, site: str, shop: Shop, make_service: Any) -> None:
    make_service("billing")
    page.goto(f"{site}/")
    page.keyboard.press("/")
    page.keyboard.type("bill")
    page.wait_for_function("window.htmx")
    fetched = (
        "new Promise((done) => document.addEventListener('htmx:after:swap', () => setTimeout(done), { once: true }))"
    )
    page.evaluate(f"() => {{ const fetched = {fetched}; htmx.trigger('#projects', 'changed'); return fetched; }}")
    assert page.locator("#cards article:visible").count() == 1
    assert not page.locator("#cards-none").is_visible()
    page.keyboard.type("zz")
    until(page, lambda: page.locator("#cards-none").is_visible() and page.url.endswith("?q=billzz"))
    page.keyboard.press("Backspace")
    page.keyboard.press("Backspace")
    until(page, lambda: page.url.endswith("?q=bill") and not page.locator("#cards-none").is_visible())
    page.keyboard.press("Enter")
    page.wait_for_url("**q=bill*")
    expect(page.locator("#cards article")).to_have_count(1)


def test_it_paints_in_the_chosen_colours_from_the_first_view_on(context: BrowserContext, page: Page, site: str) -> None:
    page.goto(f"{site}/")
    page.click(".side .theme[value=dark]")
    paper = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(paper)
    page.reload()
    assert page.get_attribute("html", "data-theme") == "dark"
    assert page.evaluate(paper) == dark
    assert page.get_attribute(".side .theme[value=dark]", "aria-pressed") == "true"
    page.click(".side .theme[value=light]")
    assert page.evaluate(paper) != dark
    context.clear_cookies(name="slipway-theme")
    page.reload()
    until(page, lambda: page.get_attribute("html", "data-theme") == "light")


def test_it_changes_the_list_of_projects_by_itself(page: Page, site: str, shop: Shop, alice: Person) -> None:
    """Sooner than polling would. Whether within a second, `bench.on_screen` measures."""
    said = opened(page, f"{site}/")
    assert icon(page) == "live.svg"
    page.focus("[data-filter]")
    page.keyboard.type("we")
    make_running(shop.live, "exited")

    def rename(name: str) -> tuple[Callable[[], object], Callable[[], bool]]:
        made = partial(rename_project, actor=alice.actor, project=shop.project, name=name)
        return made, lambda: name in page.inner_text("#cards")

    assert seconds_to_screen(page, map(rename, ("harbour", "quay", "pier", "dock", "mole"))) < 8.0
    assert icon(page) == "failed.svg"
    assert page.input_value("[data-filter]") == "we"
    assert page.evaluate("document.activeElement.name") == "q"
    assert said == []


def test_it_changes_a_project_and_the_deployments_by_themselves(
    context: BrowserContext, site: str, shop: Shop, alice: Person
) -> None:
    project, runs = context.new_page(), context.new_page()
    opened(project, f"{site}/projects/{shop.project.pk}")
    opened(runs, f"{site}/services/{shop.service.pk}/deployments")
    runs.locator(".menu-button").first.click()
    menu = runs.locator(".menu:popover-open")
    assert menu.is_visible()
    row = actions.deploy(actor=alice.actor, service=shop.service)
    until(runs, lambda: runs.locator(f"#run-{row.pk}").count() == 1)
    assert menu.count() == 1, "an open menu stays open"
    until(project, lambda: "Waiting" in project.inner_text("#cards"))
    row.advance(Status.BUILDING)
    outcome.failed(row, UserError("build:user:x", "It broke."))
    until(project, lambda: "Failed" in project.inner_text("#cards"))
    runs.bring_to_front()
    until(runs, lambda: "Failed" in runs.inner_text(f"#run-{row.pk}"))


def test_it_changes_lists_beside_what_is_typed(context: BrowserContext, site: str, shop: Shop, alice: Person) -> None:
    """Pages that wait for nothing: each hears of what others do to its team, operators' pages look once a second."""
    service = f"{site}/services/{shop.service.pk}"
    seen = {
        f"{service}/variables": "#table", f"{service}/activity": "#events", f"{service}/changes": "#changes",
        f"{site}/operator/queue": "#queue", f"{site}/welcome": "#step-3",
    }  # fmt: skip
    words = {"#queue": "Waiting", "#step-3": "Done"}
    pages = {context.new_page(): part for part in seen.values()}
    for page, url in zip(pages, seen, strict=True):
        opened(page, url)
    first = next(iter(pages))
    first.get_by_label("Name", exact=True).fill("HALF_TYPED")
    set_variables(actor=alice.actor, project=shop.project, service=shop.service, values={"TOLD_BY_OTHERS": "1"})
    set_base_domain(actor=alice.actor, base="apps.example.com")
    actions.deploy(actor=alice.actor, service=shop.service)
    for page, part in pages.items():
        page.bring_to_front()
        word = words.get(part, "TOLD_BY_OTHERS")
        until(page, lambda page=page, part=part, word=word: word in page.inner_text(part))
    assert first.get_by_label("Name", exact=True).input_value() == "HALF_TYPED"


def test_it_tells_in_title_and_icon(page: Page, site: str, shop: Shop, alice: Person) -> None:
    row = actions.deploy(actor=alice.actor, service=shop.service)
    said = opened(page, f"{site}/deployments/{row.pk}")
    assert page.title().startswith("Waiting")
    assert icon(page) == "building.svg"
    row.advance(Status.BUILDING)
    outcome.failed(row, UserError("build:user:x", "It broke."))
    until(page, lambda: icon(page) == "failed.svg")
    assert page.title().startswith("Failed")
    assert said == []


def test_it_shows_what_happened_before_it_listened(page: Page, site: str, shop: Shop, alice: Person) -> None:
    row = actions.deploy(actor=alice.actor, service=shop.service)

    def late(socket: WebSocketRoute) -> None:
        row.advance(Status.BUILDING)
        outcome.failed(row, UserError("build:user:x", "It broke."))
        socket.connect_to_server()

    page.route_web_socket("**/ws/**", late)
    page.goto(f"{site}/deployments/{row.pk}")
    until(page, lambda: page.title().startswith("Failed"))


def test_it_keeps_scroll_focus_and_selection(page: Page, site: str, shop: Shop) -> None:
    page.set_viewport_size({"width": 900, "height": 500})
    opened(page, f"{site}/services/{shop.service.pk}")
    page.focus(".ribbon a >> nth=0")
    page.evaluate("scrollTo(0, 200); getSelection().selectAllChildren(document.querySelector('h1'))")
    where = "document.querySelector('.ribbon').getBoundingClientRect().top"
    before = page.evaluate(where)
    make_running(shop.live, "exited")
    tell_changed(shop.live)
    until(page, lambda: page.inner_text("#service_status .pill >> nth=0") == "Down")
    assert page.evaluate(where) == pytest.approx(before, abs=2), "what one looks at stays where it is"
    assert page.evaluate("String(getSelection())") == "web"
    assert page.evaluate("document.activeElement.closest('.ribbon') !== null")


def test_it_says_that_the_connection_is_lost_and_how_old_the_page_is(page: Page, site: str, shop: Shop) -> None:
    page.route_web_socket("**/ws/**", lambda socket: socket.close(code=1011))
    page.goto(f"{site}/")
    until(page, lambda: page.inner_text("[data-link]") != "")


def test_it_asks_before_what_cannot_be_taken_back(page: Page, site: str, shop: Shop) -> None:
    page.goto(f"{site}/services/{shop.service.pk}/domains")
    page.locator("form[data-confirm*='shop.example.com'] button").click()
    assert "shop.example.com" in page.inner_text("#ask")
    assert "stops answering" in page.inner_text("#ask")
    page.click("#ask button[value=no]")
    assert shop.service.domains.filter(host="shop.example.com").exists()
    page.locator("form[data-confirm*='shop.example.com'] button").click()
    page.click("#ask-yes")
    until(page, lambda: not shop.service.domains.filter(host="shop.example.com").exists())


def test_it_undoes_from_the_toast(page: Page, site: str, shop: Shop) -> None:
    page.goto(f"{site}/services/{shop.service.pk}/domains")
    page.locator("form[data-confirm*='shop.example.com'] button").click()
    page.click("#ask-yes")
    page.click("#toasts button:has-text('Undo')")
    until(page, lambda: shop.service.domains.filter(host="shop.example.com").exists())


def test_it_offers_no_undo_of_a_deployment_that_has_ended(page: Page, site: str, shop: Shop) -> None:
    page.goto(f"{site}/services/{shop.service.pk}")
    page.click(".top form button.go")
    until(page, lambda: page.locator("#toasts button:has-text('Undo')").count() == 1)
    outcome.failed(Deployment.objects.latest("created_at"), UserError("build:user:x", "It broke."))
    until(page, lambda: page.locator("#toasts .toast").count() == 0, seconds=14)


def test_it_opens_a_question_as_a_dialog_and_as_a_page(page: Page, site: str, shop: Shop) -> None:
    page.goto(f"{site}/services/{shop.service.pk}")
    page.click(f"a[data-dialog][href*='{shop.first.release_id}'] >> nth=0")
    until(page, lambda: page.locator("#page-dialog[open] h1").count() == 1)
    assert "Roll back to aaaaaaa" in page.inner_text("#page-dialog h1")
    until(page, lambda: page.locator("#page-dialog button.go:focus").count() == 1)  # Enter confirms.
    page.keyboard.press("Escape")
    page.click(f"a[data-dialog][href*='{shop.first.release_id}'] >> nth=0")
    page.locator("#page-dialog button.go").click()
    page.wait_for_url("**/deployments/*")
    assert Deployment.objects.latest("created_at").trigger == "rollback"


def test_it_keeps_the_width_of_a_button_at_work(page: Page, site: str, shop: Shop) -> None:
    page.goto(f"{site}/services/{shop.service.pk}")
    button = page.locator(".top form button.go")
    before = button.bounding_box()
    page.route("**/deploy", lambda route: route.fulfill(status=204))
    button.click(no_wait_after=True)
    until(page, lambda: button.get_attribute("aria-busy") == "true")
    after = button.bounding_box()
    assert before and after and before["width"] == pytest.approx(after["width"], abs=1)
    assert button.get_attribute("aria-label") == "Starting…"


def test_it_shows_menus_whole_on_a_phone(browser: Browser, site: str, shop: Shop, alice: Person) -> None:
    page = signed_in(browser, site, alice, viewport={"width": 390, "height": 700}, has_touch=True).new_page()
    page.goto(f"{site}/services/{shop.service.pk}/deployments")
    page.locator(".menu-button >> nth=1").click()
    box = page.locator(".menu:popover-open").bounding_box()
    assert box and box["x"] >= 0 and box["x"] + box["width"] <= 390 and box["y"] + box["height"] <= 700


def test_it_sends_little(page: Page, site: str, shop: Shop) -> None:
    """A first view of the biggest pages: all of it, and the scripts, as they go over the wire."""
    for path in ("/", f"/services/{shop.service.pk}", f"/deployments/{shop.live.pk}"):
        sizes: dict[str, int] = {}
        context = page.context.browser.new_context()  # type: ignore[union-attr]
        context.add_cookies(page.context.cookies())
        fresh = context.new_page()
        fresh.on("requestfinished", lambda r, s=sizes: s.update({r.url: r.sizes()["responseBodySize"]}))
        fresh.goto(site + path, wait_until="networkidle")
        total, scripts = sum(sizes.values()), sum(size for url, size in sizes.items() if url.endswith(".js"))
        assert total < 100_000, (path, sizes)
        assert scripts < 60_000, (path, sizes)
        context.close()


def test_it_needs_no_script_to_read_and_act(browser: Browser, site: str, shop: Shop, alice: Person) -> None:
    logs.append(shop.live.log, [logs.Line("x", at=timezone.now().isoformat())])
    page = signed_in(browser, site, alice, java_script_enabled=False).new_page()
    page.goto(f"{site}/?q=web")
    assert page.locator("#cards article").count() == 1
    follow(page, ".side .theme[value=dark]")
    assert page.get_attribute("html", "data-theme") == "dark"
    page.goto(f"{site}/services/{shop.service.pk}/deployments?status=live")
    assert page.locator("tbody tr").count() == 1
