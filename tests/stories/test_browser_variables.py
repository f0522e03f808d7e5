"""Variables in a real browser: paste, preview, references, undo, staged changes; without JavaScript; narrow and dark."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page

from apps.deployments.models import Deployment
from apps.projects.models import Variable
from apps.projects.variables import set_variables
from tests.apps.cast import CANARY, Person, Shop
from tests.stories.test_browser_pages import browser, complaints, follow, signed_in, site, until

__all__ = ["browser", "site"]

PASTE = """([selector, text]) => {
  const box = document.querySelector(selector), data = new DataTransfer();
  data.setData("text/plain", text);
  box.focus();
  box.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
}"""
# Fields that the bar of staged changes covers while they have the focus.
OBSCURED = """() => {
  const fields = [...document.querySelectorAll("main .form :is(input:not([type=hidden]),select,textarea)")];
  return fields.filter((field) => {
    field.focus();
    return field.getBoundingClientRect().bottom > document.querySelector(".staged").getBoundingClientRect().top;
  }).map((field) => field.name);
}"""
SIDEWAYS = "document.documentElement.scrollWidth > innerWidth"


def table(site: str, shop: Shop) -> str:
    return f"{site}/services/{shop.service.pk}/variables"


def paste(page: Page, selector: str, text: str) -> None:
    page.evaluate(PASTE, [selector, text])


@pytest.mark.parametrize("field", ["#id_name", "#id_value"])
def test_it_opens_a_preview_of_a_file_pasted_into_any_field(
    browser: Browser, site: str, shop: Shop, dora: Person, field: str
) -> None:
    page = signed_in(browser, site, dora).new_page()
    said = complaints(page)
    page.goto(table(site, shop))
    paste(page, field, f"# mine\nGREETING=hi\nAUTH_TOKEN={CANARY}\nLOG_LEVEL=info\n\noops\n")
    until(page, lambda: "Nothing is saved yet" in page.inner_text("main"))
    assert page.inner_text("h1") == "2 new, 1 changed, 1 invalid (line 6)"
    assert page.is_checked("[name=secret][value=AUTH_TOKEN]") and not page.is_checked("[value=LOG_LEVEL]")
    assert CANARY not in page.content()
    page.click("button:has-text('Save 3 variables')")
    until(page, lambda: "3 variables are set" in page.inner_text("body"))
    assert CANARY not in page.content()
    assert Variable.objects.get(name="AUTH_TOKEN").is_secret
    assert said == []


def test_it_takes_a_json_value_as_a_value_when_there_is_a_name(
    browser: Browser, site: str, shop: Shop, dora: Person
) -> None:
    page = signed_in(browser, site, dora).new_page()
    page.goto(table(site, shop))
    page.fill("#id_name", "CREDENTIALS")
    page.fill("#id_value", '{"A": 1}')
    paste(page, "#id_value", '{"A": 1}')
    page.press("#id_value", "Enter")
    until(page, lambda: "CREDENTIALS is set" in page.inner_text("body"))
    assert Variable.objects.get(name="CREDENTIALS").value == '{"A": 1}'


def test_it_offers_references_and_the_keyboard_takes_one(browser: Browser, site: str, shop: Shop, dora: Person) -> None:
    page = signed_in(browser, site, dora).new_page()
    said = complaints(page)
    page.goto(table(site, shop))
    page.fill("#id_name", "LINK")
    page.type("#id_value", "see ${{we")
    until(page, lambda: page.locator(".references li").count() >= 4)
    listed = page.locator(".references li").all_inner_texts()
    assert any(text.startswith("web.API_KEY") and "secret" in text for text in listed)
    assert CANARY not in page.content()
    page.type("#id_value", "b.ur")
    until(page, lambda: page.locator(".references li").count() == 1)
    assert page.get_attribute("#id_value", "aria-activedescendant") == "id_value-references-0"
    page.press("#id_value", "Enter")
    assert page.input_value("#id_value") == "see ${{web.URL}}"
    assert page.is_hidden(".references")
    page.press("#id_value", "Enter")
    until(page, lambda: "LINK is set" in page.inner_text("body"))
    assert said == []


def test_it_says_what_is_not_live_and_deploys_it_without_a_build(
    browser: Browser, site: str, shop: Shop, dora: Person
) -> None:
    page = signed_in(browser, site, dora).new_page()
    said = complaints(page)
    page.goto(table(site, shop))
    page.fill("#id_name", "GREETING")
    page.fill("#id_value", "hi")
    page.press("#id_value", "Enter")
    until(page, lambda: "GREETING hello → hi" in page.inner_text(".staged"))
    page.click(".staged >> text=Look at it")
    until(page, lambda: page.locator("dialog[open] td:has-text('hello')").count() == 1)
    page.click("dialog[open] >> text=Close")
    page.click(".staged >> text=Look at it")
    page.click("#page-dialog button:has-text('Discard')")
    page.click("#ask-yes")
    until(page, lambda: page.locator(".toast:has-text('as the live release has it again')").count() == 1)
    assert Variable.objects.get(name="GREETING").value == "hello"
    page.goto(table(site, shop))
    page.fill("#id_name", "GREETING")
    page.fill("#id_value", "hi")
    page.press("#id_value", "Enter")
    page.click(".staged button:has-text('Deploy, no build')")
    page.wait_for_url("**/deployments/*")
    assert Deployment.objects.latest("created_at").build_id == shop.live.build_id
    assert said == []


def test_it_brings_a_removed_one_back(browser: Browser, site: str, shop: Shop, dora: Person) -> None:
    page = signed_in(browser, site, dora).new_page()
    page.goto(table(site, shop))
    page.click("tr:has-text('API_KEY') >> text=Remove")
    until(page, lambda: "API_KEY is removed" in page.inner_text("body"))
    page.click("button:has-text('Undo')")
    until(page, lambda: "API_KEY is back" in page.inner_text("body"))
    assert Variable.objects.get(name="API_KEY").value == CANARY


def test_it_works_without_javascript(browser: Browser, site: str, shop: Shop, dora: Person) -> None:
    page = signed_in(browser, site, dora, java_script_enabled=False).new_page()
    page.goto(table(site, shop))
    page.fill("#id_name", "A=1\nGREETING=hi\nwrong\n")  # A box of one line keeps what is pasted.
    follow(page, "button:has-text('Set variable')")
    assert page.inner_text("h1") == "1 new, 1 changed, 1 invalid (line 3)"
    follow(page, "button:has-text('Save 2 variables')")
    assert "2 changes are not live" in page.inner_text(".staged")
    follow(page, ".staged a")
    follow(page, "button:has-text('Discard')")
    assert Variable.objects.get(name="GREETING").value == "hello"
    page.click("summary:has-text('Paste a whole')")
    page.fill("#id_text", "B=2")
    follow(page, "button:has-text('See what changes')")
    follow(page, "button:has-text('Save 1 variable')")
    assert Variable.objects.get(name="B").value == "2"


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_it_fits_long_and_many_variables(
    browser: Browser, site: str, shop: Shop, dora: Person, width: int, scheme: str
) -> None:
    values = {"LONG_" * 30 + "NAME": "v" * 5000, "LINES": "a\n" * 50, "LOOP": "${{web.LOOP}}", "EMPTY": ""}
    for service in (shop.service, None):
        set_variables(actor=dora.actor, project=shop.project, service=service, values=values)
    context = signed_in(browser, site, dora, viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = context.new_page()
    said = complaints(page)
    for place in (
        f"/services/{shop.service.pk}/variables", f"/projects/{shop.project.pk}/variables",
        f"/services/{shop.service.pk}/changes", f"/variables/{shop.variable.pk}", f"/deployments/{shop.live.pk}",
    ):  # fmt: skip
        page.goto(site + place)
        assert not page.evaluate(SIDEWAYS), place
    page.goto(f"{site}/services/{shop.service.pk}/settings")
    assert page.evaluate(OBSCURED) == []
    page.goto(table(site, shop))
    paste(page, "#id_name", "\n".join(f"{name}='{value}'" for name, value in values.items()) + "\nx y z\n")
    until(page, lambda: "Nothing is saved yet" in page.inner_text("main"))
    assert not page.evaluate(SIDEWAYS)
    assert said == []
