"""Completes the OpenAPI document: an example for every body and answer, a command to try, and the problems.

Pure: the document goes in and comes out. Not in charge of what the operations are.
"""

from __future__ import annotations

import json
from typing import Any

Doc = dict[str, Any]

PROBLEMS = {
    "401": "No valid token",
    "403": "Your role, or the token's scope, is not enough",
    "404": "Not there, or another team's",
    "409": "Not in this state, or changed meanwhile",
    "422": "A field is not valid",
    "429": "Too many changes in a minute",
}
PROBLEM: Doc = {
    "type": "object",
    "title": "Problem",
    "description": "Every error (RFC 9457). `code` never changes once published; `message` says what, `hint` what to do.",
    "required": ["type", "title", "status", "detail", "code", "message", "hint", "request_id"],
    "properties": {
        "type": {"type": "string", "examples": ["urn:slipway:access:user:forbidden"]},
        "title": {"type": "string", "examples": ["Not allowed"]},
        "status": {"type": "integer", "examples": [403]},
        "detail": {
            "type": "string",
            "examples": ["Your role (viewer) does not include deploy. Ask an owner or admin."],
        },
        "code": {"type": "string", "examples": ["access:user:forbidden"]},
        "message": {"type": "string", "examples": ["Your role (viewer) does not include deploy."]},
        "hint": {"type": "string", "examples": ["Ask an owner or admin."]},
        "request_id": {"type": "string", "examples": ["6f2c0d1e9a7b4c35"]},
        "errors": {
            "type": "array",
            "description": "For 422: the fields, and what is wrong with each.",
            "items": {
                "type": "object",
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
                "required": ["field", "message"],
            },
        },
    },
}
KEY_HEADER: Doc = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": False,
    "schema": {"type": "string", "maxLength": 200},
    "description": "Your own text: a request sent again with it is done once, and answered the same for a day.",
}
BY_FORMAT = {"uuid": "0b5f3a52-6c1e-4f0e-9d0a-3d6f8f0f2a11", "date-time": "2026-11-21T08:00:00Z"}
BY_TYPE = {"string": "text", "integer": 1, "number": 1.0, "boolean": True, "null": None}


def described(document: Doc) -> Doc:
    """`document` with examples, commands and problems."""
    schemas = document["components"]["schemas"]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            for content, brief in _contents(operation):
                content["example"] = example(content["schema"], schemas, brief=brief)
            if method == "post":
                operation["parameters"] = [*operation.get("parameters", []), KEY_HEADER]
            operation["description"] = (
                f"{operation.get('description', '')}\n\n{_command(path, method, operation)}".strip()
            )
            for status, meaning in PROBLEMS.items():
                operation["responses"].setdefault(status, _problem(meaning))
    schemas["Problem"] = PROBLEM
    return document


def example(schema: Doc, schemas: Doc, *, brief: bool = False) -> Any:
    """A value of `schema`, made of its fields' own examples and defaults.

    `brief`: what a person would send, so without the fields that may be left out and have no example of their own.
    """
    for key in ("examples", "enum"):
        if schema.get(key):
            return schema[key][0]
    if "$ref" in schema:
        return example(schemas[schema["$ref"].rsplit("/", 1)[-1]], schemas, brief=brief)
    if "default" in schema:
        return schema["default"]
    for key in ("allOf", "anyOf", "oneOf"):
        if key in schema:
            return example(schema[key][0], schemas, brief=brief)
    if schema.get("type") == "array":
        return [example(schema["items"], schemas, brief=brief)]
    if schema.get("type") == "object":
        fields: Doc = schema.get("properties", {})
        wanted = [n for n, f in fields.items() if not brief or f.get("examples") or n in schema.get("required", [])]
        return {name: example(fields[name], schemas, brief=brief) for name in wanted}
    return BY_FORMAT.get(schema.get("format", ""), BY_TYPE.get(schema.get("type", ""), "text"))


def _contents(operation: Doc) -> list[tuple[Doc, bool]]:
    """The JSON of the request, to be brief, and of each answer."""
    bodies = [(operation.get("requestBody", {}), True), *((body, False) for body in operation["responses"].values())]
    found = [(body.get("content", {}).get("application/json"), brief) for body, brief in bodies]
    return [(content, brief) for content, brief in found if content is not None]


def _command(path: str, method: str, operation: Doc) -> str:
    lines = [f'curl -X {method.upper()} $SLIPWAY{path} -H "Authorization: Bearer $TOKEN"']
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if body is not None:
        lines.append(f"  -H 'Content-Type: application/json' -d '{json.dumps(body['example'])}'")
    return "```sh\n" + " \\\n".join(lines) + "\n```"


def _problem(meaning: str) -> Doc:
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": meaning, "content": content}
