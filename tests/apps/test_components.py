"""The components: each renders what it is given, escapes it, and stands on the living page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.template import engines
from django.test import RequestFactory
from django_cotton.compiler_regex import CottonCompiler

from tests.apps.cast import Person

pytestmark = pytest.mark.django_db
FOLDER = Path(settings.BASE_DIR) / "templates" / "cotton"
NAMES = sorted(path.stem for path in FOLDER.glob("*.html"))
EVIL = """"><img src=x onerror=alert(1)>'"""


def drawn(source: str, **context: Any) -> str:
    """A piece of a page as the engine renders it; spaces as one."""
    template = engines["django"].from_string(CottonCompiler().process(source))
    return " ".join(template.render(context, RequestFactory().get("/")).split())


@pytest.fixture
def page(alice: Person, settings: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(settings.SLIPWAY, "debug", True)
    answer = alice.client.get("/styleguide")
    assert answer.status_code == 200
    return answer.content.decode()


def test_it_shows_every_component_on_the_living_page(page: str) -> None:
    source = (FOLDER.parent / "styleguide.html").read_text()
    within = "".join((FOLDER / f"{name}.html").read_text() for name in NAMES)
    assert [name for name in NAMES if f"<c-{name}" not in source + within and name != "toast"] == []  # By ?toast=1.
    assert "<c-" not in page
    assert "{{" not in page


def test_it_has_no_component_that_no_page_uses() -> None:
    pages = [path for path in FOLDER.parent.rglob("*.html") if path.name != "styleguide.html"]
    source = "".join(path.read_text() for path in pages)
    assert [name for name in NAMES if not re.search(rf"<c-{name}[ >]", source)] == []


def test_it_hides_the_living_page_but_in_development(alice: Person) -> None:
    assert alice.client.get("/styleguide").status_code == 404


def test_it_has_a_line_for_every_component() -> None:
    table = (FOLDER / "README.md").read_text()
    assert [name for name in NAMES if f"`{name}`" not in table] == []


@pytest.mark.parametrize(
    "source",
    [
        '<c-pill kind="live" word="{{ x }}" />',
        '<c-button href="{{ x }}" title="{{ x }}">{{ x }}</c-button>',
        '<c-button data-name="{{ x }}">{{ x }}</c-button>',
        '<c-card title="{{ x }}" note="{{ x }}" class="{{ x }}">{{ x }}</c-card>',
        '<c-action url="{{ x }}" label="{{ x }}" say="{{ x }}" consequence="{{ x }}" api="{{ x }}" body="{{ x }}" />',
        '<c-api call="{{ x }}" body="{{ x }}" what="{{ x }}" />',
        '<c-copy text="{{ x }}" what="{{ x }}" />',
        '<c-command id="a" text="{{ x }}" />',
        '<c-code copy="{{ x }}">{{ x }}</c-code>',
        '<c-fact name="{{ x }}">{{ x }}</c-fact>',
        '<c-why cause="{{ x }}" fix="{{ x }}" code="{{ x }}" />',
        '<c-staged title="{{ x }}" note="{{ x }}" />',
        '<c-empty title="{{ x }}">{{ x }}</c-empty>',
        '<c-menu id="a" what="{{ x }}">{{ x }}</c-menu>',
        '<c-tab href="{{ x }}" count="{{ x }}">{{ x }}</c-tab>',
        '<c-field label="{{ x }}" for="{{ x }}" help="{{ x }}">{{ x }}</c-field>',
        '<c-table label="{{ x }}">{{ x }}</c-table>',
        '<c-toast>{{ x }}</c-toast>',
    ],
)  # fmt: skip
def test_it_escapes_what_comes_from_outside(source: str) -> None:
    text = drawn(source, x=EVIL)
    assert "<img" not in text
    assert "&lt;img" in text
    assert "&amp;lt;" not in text, "and only once"


def test_it_says_a_state_by_icon_word_and_colour() -> None:
    assert drawn('<c-pill kind="fail" word="Down" />') == (
        '<span class="pill fail" > <svg class="icon" viewBox="0 0 12 12" width="12" height="12" aria-hidden="true" '
        'focusable="false"><path d="M3 3l6 6M9 3l-6 6" stroke="currentColor" stroke-width="2.2" '
        'stroke-linecap="round"/></svg> Down</span>'
    )
    icons = {drawn(f'<c-icon name="{kind}" />') for kind in ("live", "work", "warn", "fail", "rest")}
    assert len(icons) == 5


def test_it_sees_only_what_it_is_given() -> None:
    assert "outside" not in drawn('<c-pill kind="live" />', word="outside")


def test_it_names_what_a_button_copies_and_what_a_menu_is_of() -> None:
    assert 'aria-label="Copy the address"' in drawn('<c-copy text="a" what="the address" />')
    assert 'aria-label="More of web"' in drawn('<c-menu id="m" what="of web" />')
    assert 'popovertarget="m"' in drawn('<c-menu id="m" />')


def test_it_makes_a_form_of_an_action_with_its_token_and_its_call() -> None:
    text = drawn('<c-action url="/x" label="Go" say="Go?" api="POST /api/v1/x"><input name="a"></c-action>')
    for part in ('method="post" action="/x"', 'data-confirm="Go?"', 'data-api="POST /api/v1/x"', "csrfmiddlewaretoken"):
        assert part in text
    assert '<input name="a">' in text
    assert "data-consequence" not in text


def test_it_has_a_thing_or_nothing_at_a_time() -> None:
    assert drawn('<c-time :at="at" />', at=None) == '<span class="dimmer">never</span>'


@pytest.mark.parametrize(
    ("cookie", "shown"), [("dark", "dark"), ("light", "light"), ("", "system"), ('"><b', "system")]
)
def test_it_paints_the_first_view_in_the_colours_of_the_person(alice: Person, cookie: str, shown: str) -> None:
    client = alice.client
    client.cookies["slipway-theme"] = cookie
    assert f'<html lang="en" data-theme="{shown}">' in client.get("/").content.decode()


def test_it_remembers_the_colours_without_a_script(alice: Person) -> None:
    client = alice.client
    client.handler.enforce_csrf_checks = False
    answer = client.post("/theme", {"theme": "dark", "next": "/tokens"})
    assert (answer.status_code, answer["Location"]) == (302, "/tokens")
    assert answer.cookies["slipway-theme"].value == "dark"
    assert client.post("/theme", {"theme": "pink", "next": "http://evil.example"})["Location"] == "/"
    assert client.cookies["slipway-theme"].value == "system"
