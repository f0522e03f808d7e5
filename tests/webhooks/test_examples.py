"""Held against what others wrote: GitHub's example payloads, and its schemas of them (npm packages of Octokit)."""

from __future__ import annotations

import json
from functools import cache
from types import UnionType
from typing import Any, get_args

import jsonschema
import pytest
from pydantic import BaseModel

from apps.github.life import InstallationEvent, RepositoryEvent
from apps.github.models import GitHubApp
from apps.previews.payloads import PullRequestReviewTold, PullRequestTold
from apps.projects.models import Service
from apps.webhooks import asking, handling
from apps.webhooks.models import Delivery, State
from apps.webhooks.payloads import CheckRunTold, CheckSuiteTold, PushTold, StatusTold
from tests.github.node import node_modules
from tests.webhooks.deliveries import headers_of, post, push
from workers.errors import PlatformError

OCTOKIT = "@octokit"


@cache
def examples() -> list[tuple[str, dict[str, Any]]]:
    """Every example payload with its event."""
    text = (node_modules() / OCTOKIT / "webhooks-examples" / "api.github.com" / "index.json").read_text()
    return [(event["name"], example) for event in json.loads(text) for example in event["examples"]]


@cache
def schema() -> dict[str, Any]:
    return json.loads((node_modules() / OCTOKIT / "webhooks-schemas" / "schema.json").read_text())  # type: ignore[no-any-return]


def test_every_example_is_taken_and_kept_as_it_came(app: GitHubApp) -> None:
    assert len(examples()) > 300
    for event, payload in examples():
        body = json.dumps(payload).encode()
        headers = headers_of(body, event)
        answer = post(body, **headers)
        assert answer.status_code == 202, (event, answer.content)
        row = Delivery.objects.get(delivery_id=headers["X-GitHub-Delivery"])
        assert (row.event, row.state, json.loads(row.payload)) == (event, State.WAITING, payload)
        assert row.action == payload.get("action", "")
        assert row.repository_id == (payload.get("repository") or {}).get("id")
        assert row.installation_id == (payload.get("installation") or {}).get("id")


def test_every_example_is_handled_to_an_end(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether or not GitHub answers what is asked because of it: it is away here."""

    def away(*_: object, **__: object) -> None:
        raise PlatformError("github:platform:unreachable", "GitHub did not answer.")

    monkeypatch.setattr("apps.github.client.send", away)
    monkeypatch.setattr(asking, "client_of", lambda repository: None)
    for number, (event, payload) in enumerate(examples()):
        Delivery.objects.create(forge="github", delivery_id=str(number), event=event, payload=json.dumps(payload))
    handling.handle_waiting()
    told = {row.error for row in Delivery.objects.exclude(state=State.HANDLED)}
    assert not [error for error in told if error.startswith("Slipway failed")], told
    assert not Delivery.objects.filter(state=State.FAILED).exists(), told
    assert not Delivery.objects.filter(state=State.HANDLED, outcomes=None).exists()


@pytest.mark.parametrize(
    ("event", "model"),
    [
        ("push", PushTold), ("check_suite", CheckSuiteTold), ("check_run", CheckRunTold), ("status", StatusTold),
        ("pull_request", PullRequestTold), ("pull_request_review", PullRequestReviewTold),
        ("installation", InstallationEvent), ("installation_repositories", InstallationEvent),
        ("repository", RepositoryEvent),
    ],
)  # fmt: skip
def test_every_example_is_read_by_our_models(event: str, model: type[BaseModel]) -> None:
    found = [payload for name, payload in examples() if name == event]
    assert found
    for payload in found:
        model.model_validate(payload)


def resolved(part: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in part:
        part = schema()["definitions"][part["$ref"].rpartition("/")[2]]
    return part


def forms(part: dict[str, Any]) -> list[dict[str, Any]]:
    """What may stand there: each form of an `anyOf`, an `allOf` as one, nothing for null."""
    part = resolved(part)
    if "allOf" in part:
        parts = [resolved(each) for each in part["allOf"]]
        return [{
            "required": [name for each in parts for name in each.get("required", [])],
            "properties": {name: said for each in parts for name, said in each.get("properties", {}).items()},
        }]  # fmt: skip
    options = part.get("anyOf") or part.get("oneOf")
    return [form for option in options for form in forms(option)] if options else [part]


def models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in get_args(annotation) for model in models_in(inner)]


def differences(model: type[BaseModel], part: dict[str, Any], where: str) -> list[str]:
    """Fields that we must have and GitHub does not promise, or that it does not know."""
    found = []
    for form in forms(part):
        if form.get("type") == "array":
            found += differences(model, form["items"], f"{where}[]")
            continue
        if "properties" not in form:
            continue  # null, or a plain value beside the object.
        for name, field in model.model_fields.items():
            if name not in form["properties"]:
                found.append(f"{where}.{name} is not told")
                continue
            if field.is_required() and name not in form.get("required", []):
                found.append(f"{where}.{name} is not promised")
            for inner in models_in(field.annotation):
                found += differences(inner, form["properties"][name], f"{where}.{name}")
            is_null = any(option.get("type") == "null" or "null" in (option.get("type") or []) for option in
                          forms(form["properties"][name]))  # fmt: skip
            takes_null = type(None) in get_args(field.annotation) or isinstance(field.annotation, UnionType)
            if is_null and field.is_required() and not takes_null:
                found.append(f"{where}.{name} may be null")
    return found


@pytest.mark.parametrize(
    ("name", "model"),
    [("push$event", PushTold), ("check_suite$completed", CheckSuiteTold), ("check_run$completed", CheckRunTold),
     ("check_run$created", CheckRunTold), ("status$event", StatusTold), ("pull_request$opened", PullRequestTold),
     ("pull_request$synchronize", PullRequestTold), ("pull_request$closed", PullRequestTold),
     ("pull_request$reopened", PullRequestTold), ("pull_request_review$submitted", PullRequestReviewTold)],
)  # fmt: skip
def test_our_models_want_no_more_than_the_schemas_promise(name: str, model: type[BaseModel]) -> None:
    told = [line for line in differences(model, schema()["definitions"][name], name) if not known(line)]
    assert told == []


def known(line: str) -> bool:
    """Not in this schema, which is of 2023: GitHub's description of today has them, and we do not need them."""
    return line.endswith((".added is not promised", ".modified is not promised", ".removed is not promised"))


def test_the_pushes_of_these_tests_are_pushes_by_the_schema() -> None:
    """Only what is never read here is missing."""
    definition = {**schema()["definitions"]["push$event"], "definitions": schema()["definitions"]}
    errors = jsonschema.Draft7Validator(definition).iter_errors(push())
    shallow = [error.message for error in errors if list(error.absolute_path)[:1] not in (["repository"], ["sender"])]
    assert shallow == []
