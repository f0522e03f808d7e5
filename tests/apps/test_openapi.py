"""The OpenAPI document is completed by pure functions: examples, commands, problems."""

from __future__ import annotations

from typing import Any

from apps.lib.openapi import described, example

SCHEMAS: dict[str, Any] = {
    "Role": {"type": "string", "enum": ["owner", "viewer"]},
    "Thing": {
        "type": "object",
        "required": ["name", "role"],
        "properties": {
            "name": {"type": "string", "examples": ["web"]},
            "role": {"$ref": "#/components/schemas/Role", "examples": ["viewer"]},
            "port": {"anyOf": [{"type": "integer"}, {"type": "null"}], "examples": [8000]},
            "size": {"type": "integer", "default": 3},
            "at": {"type": "string", "format": "date-time"},
            "others": {"type": "array", "items": {"$ref": "#/components/schemas/Role"}},
        },
    },
}
THING = {"$ref": "#/components/schemas/Thing"}


def test_it_makes_an_example_of_every_field() -> None:
    assert example(THING, SCHEMAS) == {
        "name": "web", "role": "viewer", "port": 8000, "size": 3, "at": "2026-11-21T08:00:00Z", "others": ["owner"],
    }  # fmt: skip


def test_it_leaves_out_what_need_not_be_sent() -> None:
    assert example(THING, SCHEMAS, brief=True) == {"name": "web", "role": "viewer", "port": 8000}


def test_it_adds_a_command_a_key_and_the_problems() -> None:
    content = {"application/json": {"schema": THING}}
    operation = {
        "description": "Make a thing.",
        "requestBody": {"content": {"application/json": {"schema": THING}}},
        "responses": {201: {"description": "Created", "content": content}, "409": {"description": "ours"}},
    }
    document = described({"paths": {"/api/v1/things": {"post": operation}}, "components": {"schemas": {**SCHEMAS}}})
    told = document["paths"]["/api/v1/things"]["post"]
    assert told["description"] == (
        "Make a thing.\n\n```sh\n"
        'curl -X POST $SLIPWAY/api/v1/things -H "Authorization: Bearer $TOKEN" \\\n'
        '  -H \'Content-Type: application/json\' -d \'{"name": "web", "role": "viewer", "port": 8000}\'\n```'
    )
    assert [p["name"] for p in told["parameters"]] == ["Idempotency-Key"]
    assert list(told["responses"]) == [201, "409", "401", "403", "404", "422", "429"]
    assert told["responses"]["409"] == {"description": "ours"}
    assert told["responses"]["404"]["content"] == {
        "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
    }
    assert document["components"]["schemas"]["Problem"]["required"][:2] == ["type", "title"]
