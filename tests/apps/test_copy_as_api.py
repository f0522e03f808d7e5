"""Whatever a form of the pages does, its API call can be copied: each names an operation that the API has."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import pytest
from typer.exceptions import TyperException
from typer.main import get_command

from cli.app import app
from paas.api import api
from tests.apps.cast import CANARY, Person, Shop
from tests.apps.test_pages_walk import PAGES, address, ask, body, browser, ids_of

NO_ACTION = {
    "/sign-out": "a session's end, not a resource's",
    "/theme": "colours of this browser",
    "/new": "a look at a repository: nothing is made yet",
    "/settings/apps/new": "a page of GitHub, where the App is made",
}

NO_ACTION_ON = {
    "welcome": "the steps of the first run, which have pages of their own",
    "home": "only the dismissal of the first steps",
}


DEPLOYS = re.compile(r"^POST /api/v1/services/[^/]+/(deployments|rollback)$")
Found = list[tuple[str, str, dict[str, str | None]]]


class Forms(HTMLParser):
    """The attributes of each form of a page that sends something, and `fields`: the names of what people fill in."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if tag == "form" and (told.get("method") or "get").lower() == "post":
            self.found.append(told | {"fields": ""})
        elif told.get("data-curl"):  # An item of a menu.
            call = {"data-api": told["data-curl"], "data-api-body": told.get("data-curl-body"), "fields": ""}
            self.found.insert(0, {"method": "post", "action": "", **call})
        elif tag == "button" and told.get("data-cli"):  # The same as a command, beside it.
            self.found[0]["data-cli"] = told["data-cli"]
        elif tag in ("input", "select", "textarea") and self.found and told.get("type") not in ("hidden", "password"):
            self.found[-1]["fields"] = f"{self.found[-1]['fields']} {told.get('name')}"


def forms(shop: Shop, alice: Person) -> Iterator[tuple[str, str, dict[str, str | None]]]:
    """Of every page of Alice's: the page's name, where the form goes, its attributes."""
    client, ids = browser(alice), ids_of(shop, alice)
    for pattern in PAGES:
        url = address(pattern, ids)
        answer = ask(client, "GET", url)
        if answer.status_code == 200 and "html" in answer["Content-Type"]:
            parser = Forms()
            parser.feed(body(answer).decode())
            for form in parser.found:
                yield str(pattern.name), urlsplit(form.get("action") or url).path.rstrip("/"), form


@pytest.fixture
def found(shop: Shop, alice: Person) -> Found:
    return list(forms(shop, alice))


def test_it_offers_a_call_for_every_action(found: Found) -> None:
    without = {(name, to) for name, to, form in found if not form.get("data-api")}
    assert {(name, to) for name, to in without if to not in NO_ACTION and name not in NO_ACTION_ON} == set()
    assert len({form["data-api"] for *_, form in found if form.get("data-api")}) > 15


def operations() -> dict[tuple[str, re.Pattern[str]], dict[str, Any]]:
    """Each operation of the document: its method and address, and the schema of its body where one is asked for."""
    document = api.get_openapi_schema(path_prefix="/api/v1/")
    found = {}
    for path, methods in document["paths"].items():
        for method, told in methods.items():
            schema = told.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
            if name := schema.get("$ref", "").rsplit("/", 1)[-1]:
                schema = document["components"]["schemas"][name]
            found[method.upper(), re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path))] = schema
    return found


def test_it_names_operations_that_exist_with_bodies_that_they_take(found: Found) -> None:
    known = operations()
    for name, _, form in found:
        if not (call := form.get("data-api")):
            continue
        method, path = call.split("?")[0].split(" ")
        schemas = [schema for (verb, where), schema in known.items() if verb == method and where.fullmatch(path)]
        assert len(schemas) == 1, (name, call)
        body = json.loads(form.get("data-api-body") or "{}")
        assert set(schemas[0].get("required", [])) <= set(body), (name, call)
        assert set(body) <= set(schemas[0].get("properties", body)), (name, call)
        assert body or method != "PATCH", (name, call)
        # What is changed in a form goes into the copied body, by its name.
        if method == "PATCH" and "choice" not in (fields := str(form["fields"]).split()):
            assert set(fields) <= set(schemas[0]["properties"]), (name, call)


def test_what_deploys_or_goes_back_says_where(found: Found) -> None:
    """Left out it would be production, whatever the page is about."""
    bodies = {
        (name, form.get("data-api-body") or "{}")
        for name, _, form in found
        if DEPLOYS.search(form.get("data-api") or "")
    }
    assert len(bodies) > 3
    assert {(name, body) for name, body in bodies if "environment" not in json.loads(body)} == set()


def test_it_names_commands_that_take_what_they_are_given(found: Found) -> None:
    commands = {str(form["data-cli"]) for *_, form in found if form.get("data-cli")}
    assert len(commands) > 8
    assert {command for command in commands if not is_taken(shlex.split(command))} == set()


def is_taken(words: list[str]) -> bool:
    command: Any = get_command(app)
    context: Any = None
    try:
        while hasattr(command, "resolve_command"):
            context = command.make_context(words[0], words[:], parent=context)
            _, command, words = command.resolve_command(context, words)
        command.make_context(command.name, words, parent=context)
    except TyperException:
        return False
    return True


def test_it_copies_no_secret(found: Found, shop: Shop) -> None:
    told = "".join(f"{form.get('data-api')} {form.get('data-api-body')}" for *_, form in found)
    assert told
    assert CANARY not in told
