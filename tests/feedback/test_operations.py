"""What we send is what GitHub's own description of its API takes: addresses, members, types, words."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from jsonschema import Draft7Validator

from apps.feedback.calls import Calls
from apps.feedback.pictures import Identity, body_of, creation, picture_of
from apps.github.answer import Answer
from apps.github.app import App
from apps.github.client import Client
from tests.feedback.test_pictures import CASES

OPERATIONS: dict[str, Any] = json.loads((Path(__file__).parent / "github_operations.json").read_text())["operations"]
KEY = uuid4()
IDENTITY = Identity(KEY, "deadbeef", "shop/web #7", "a" * 40, "preview", is_preview=True, is_production=False)


def wrong(operation: str, body: object) -> list[str]:
    """A member that GitHub does not describe is wrong too."""
    schema = nullable({**OPERATIONS[operation]["body"], "additionalProperties": False})
    return [error.message for error in Draft7Validator(schema).iter_errors(body)]


def nullable(schema: Any) -> Any:
    """OpenAPI 3.0 says `nullable` where JSON Schema has a type more."""
    if isinstance(schema, dict):
        told = {name: nullable(value) for name, value in schema.items()}
        return {**told, "type": [told["type"], "null"]} if told.pop("nullable", False) is True else told
    return [nullable(each) for each in schema] if isinstance(schema, list) else schema


def test_it_creates_deployments_as_described() -> None:
    assert wrong("create_deployment", creation(IDENTITY)) == []
    assert wrong("create_deployment", {**creation(IDENTITY), "auto_merge": "no", "more": 1}) != []


@pytest.mark.parametrize("case", CASES)
def test_it_says_every_state_as_described(case: str) -> None:
    picture = picture_of(CASES[case][0], "slipway/shop/web")
    assert wrong("say_deployment", body_of(picture.deployment)) == []
    assert wrong("say_commit", body_of(picture.status)) == []
    assert len(picture.deployment.description) <= 140


class Recorded(Client):
    """Keeps what would have been sent."""

    def __init__(self) -> None:
        self.asked: tuple[str, str, Any, dict[str, Any]] = ("", "", None, {})

    def request(self, method: str, path: str, json: Any = None, params: Any = None, **_: Any) -> Answer:
        self.asked = (method, path, json, dict(params or {}))
        return Answer(200, b"[]" if method == "GET" else b'{"id": 1}')


def app() -> App:
    empty = dict.fromkeys(("client_id", "client_secret", "webhook_secret", "private_key", "web_url", "api_url"), "")
    return App(app_id=1, slug="slipway", name="Slipway", **empty)


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("create_deployment", (creation(IDENTITY),)),
        ("say_deployment", (5, body_of(picture_of(CASES["live"][0], "x").deployment))),
        ("say_commit", ("a" * 40, body_of(picture_of(CASES["live"][0], "x").status))),
        ("create_comment", (12, "Hello")),
        ("edit_comment", (99, "Hello")),
        ("find_deployment", (KEY, "a" * 40, "production (shop/web)")),
        ("find_comment", (12,)),
    ],
)
def test_it_asks_at_the_addresses_described(operation: str, arguments: tuple[Any, ...]) -> None:
    client, described = Recorded(), OPERATIONS[operation]
    getattr(Calls(client, app(), 4711, "deadbeef"), operation)(*arguments)
    method, path, body, query = client.asked
    pattern = re.sub(r"{\w+}", "[^/]+", described["path"].replace("/repos/{owner}/{repo}", "/repositories/4711"))
    assert (method, bool(re.fullmatch(pattern, path))) == (described["method"], True), path
    assert set(query) <= set(described["query"])
    assert "body" not in described or wrong(operation, body) == []
