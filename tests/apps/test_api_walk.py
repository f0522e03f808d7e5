"""Every operation of the OpenAPI document, whichever there are: strangers see nothing, nobody without a token gets in."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.utils import timezone

from apps.accounts.invitations import invite
from apps.accounts.models import ApiToken, Membership, UserSession
from apps.deployments import actions
from apps.github.models import Identity
from apps.hosts.models import Host
from apps.projects.models import Registry, Service, Variable
from paas.api import api
from tests.apps.cast import CANARY, NOBODY, Person, Shop, make_pushed
from tests.feedback.rows import make_told
from tests.previews.pulls import make_preview

Operation = tuple[str, str, dict[str, Any]]  # method, path, what the document says of it


def operations() -> list[Operation]:
    paths = api.get_openapi_schema(path_prefix="/api/v1/")["paths"]
    return [(m.upper(), path, said) for path, methods in paths.items() for m, said in methods.items()]


@pytest.fixture
def ids(alice: Person, shop: Shop) -> dict[str, str]:
    """One of Alice's things for each parameter that a path can have."""
    Identity.objects.create(user=alice.user, github_id=1, login="alice", token=CANARY, refresh_token=CANARY)
    return {
        "team_id": shop.team.key,
        "member_id": Membership.objects.get(team=shop.team, user=alice.user).key,
        "session_id": UserSession.objects.create(user=alice.user, session_key=CANARY, seen_at=timezone.now()).key,
        "token_id": ApiToken.objects.filter(user=alice.user)[0].key,
        "project_id": shop.project.key,
        "environment_id": shop.environment.key,
        "service_id": shop.service.key,
        "variable_id": shop.secret.key,
        "deployment_id": shop.live.key,
        "build_id": shop.build.key,
        "release_id": shop.release.key,
        "preview_id": make_preview(shop).key,
        "domain_id": shop.domain.key,
        "registry_id": Registry.objects.create(team=shop.team, host="ghcr.io", username="a", password=CANARY).key,
        "volume_id": shop.volume.key,
        "delivery_id": str(make_pushed(shop.service).delivery_id),
        "host_id": Host.objects.get().key,
        "news_id": make_told(shop.live).key,
        "invitation_id": invite(actor=alice.actor, team=shop.team, email="new@example.com", role="viewer")[0].key,
    }


def body_of(said: dict[str, Any]) -> Any:
    """The document's own example, which must be a valid body."""
    found = said.get("requestBody", {}).get("content", {}).get("application/json", {}).get("example")
    if isinstance(found, dict):  # Ids in examples are of nobody.
        ours = [name for name in found if name.endswith("_id") and name not in ("app_id", "client_id")]  # GitHub's two.
        return {name: value for name, value in found.items() if name not in ours and name != "reuse"}
    return found


def address(path: str, ids: dict[str, str]) -> str:
    return re.sub(r"{(\w+)}", lambda found: ids[found[1]], path)


def test_it_wants_a_token_everywhere(ids: dict[str, str]) -> None:
    for method, path, said in operations():
        response = NOBODY.call(method, address(path, ids), body_of(said))
        assert response.status_code == 401, (method, path)
        assert response["WWW-Authenticate"].startswith("Bearer"), (method, path)
        assert response["Content-Type"] == "application/problem+json", (method, path)


def test_it_hides_everything_from_a_stranger(ids: dict[str, str], charlie: Person) -> None:
    before = Service.objects.count(), Variable.objects.count()
    for method, path, said in operations():
        if "{" in path:
            response = charlie.call(method, address(path, ids), body_of(said))
            assert response.status_code == 404, (method, path, response.content)
    assert (Service.objects.count(), Variable.objects.count()) == before


def test_it_lists_nothing_of_others(ids: dict[str, str], charlie: Person) -> None:
    for method, path, _ in operations():
        if method == "GET" and "{" not in path:
            told = charlie.get(path).content.decode()
            assert not [name for name, pk in ids.items() if pk in told], path


def test_it_filters_lists_within_ones_own_teams_only(ids: dict[str, str], charlie: Person) -> None:
    for method, path, said in operations():
        if method == "GET" and "{" not in path:
            for parameter in said.get("parameters", []):
                if parameter["name"] in ids:
                    told = charlie.get(f"{path}?{parameter['name']}={ids[parameter['name']]}")
                    assert told.json()["items"] == [], (path, parameter["name"])


def test_it_answers_404_for_ids_of_nothing_and_for_no_ids(ids: dict[str, str], alice: Person) -> None:
    for method, path, said in operations():
        if "{" in path:
            for pk in (str(uuid4()), "1", "x' OR 1=1", "../.."):
                response = alice.call(method, re.sub(r"{\w+}", pk, path), body_of(said))
                assert response.status_code == 404, (method, path, pk)
                assert response["Content-Type"] == "application/problem+json", (method, path, pk)


def test_it_lets_a_viewer_change_nothing_of_the_team(ids: dict[str, str], bob: Person) -> None:
    own = {"/api/v1/teams", "/api/v1/tokens", "/api/v1/tokens/{token_id}"}
    own |= {
        "/api/v1/auth/me",
        "/api/v1/auth/password",
        "/api/v1/auth/sign-out-everywhere",
        "/api/v1/invitations/accept",
        "/api/v1/auth/github",
        "/api/v1/auth/sessions/{session_id}",
    }
    for method, path, said in operations():
        if method != "GET" and path not in own:
            response = bob.call(method, address(path, ids), body_of(said))
            assert response.status_code == 403, (method, path, response.content)
            assert response.json()["code"] == "access:user:forbidden", (method, path)


def test_it_lets_a_reading_token_change_nothing(ids: dict[str, str], alice: Person) -> None:
    reader = alice.with_scope("read")  # type: ignore[arg-type]
    for method, path, said in operations():
        if method != "GET" and path != "/api/v1/tokens":
            response = reader.call(method, address(path, ids), body_of(said))
            assert response.status_code == 403, (method, path, response.content)


def test_it_tells_no_secret_anywhere(ids: dict[str, str], alice: Person, shop: Shop) -> None:
    actions.deploy(actor=alice.actor, service=shop.service)
    digests = {CANARY, Host.objects.get().token_digest, alice.token, *ApiToken.objects.values_list("digest", flat=True)}
    for method, path, _ in operations():
        if method == "GET":
            response = alice.get(address(path, ids))
            assert response.status_code == 200, (path, response.content)
            told = response.content.decode()
            assert not [secret for secret in digests if secret in told], path


TOO_LONG, OPTION = "a" * 300, "--upload-pack=$(id)"
# Odd ones of the type itself, and one of another type: that a number is no word is told the same way everywhere.
ODD = {
    "string": (None, TOO_LONG, OPTION, "\0", {}),
    "integer": (None, -1, 10**30, "a"),
    "number": (None, -1, 10**30, "a"),
    "boolean": (None, "a"),
    "array": (None, [None], [TOO_LONG], "a"),
    "object": (None, {OPTION: None}, {"A": TOO_LONG}, []),
}


def test_it_takes_odd_values_as_nothing_worse_than_wrong(
    ids: dict[str, str], alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.throttle, "a_minute", 10**6)
    document = api.get_openapi_schema(path_prefix="/api/v1/")
    for method, path, said in operations():
        where, body = address(path, ids), body_of(said)
        for name, schema in fields_of(said, document["components"]["schemas"]).items():
            for odd in odd_of(schema):
                response = alice.call(method, where, {**body, name: odd})
                assert response.status_code < 500 and response.status_code != 401, (method, path, name, odd)
        for parameter in said.get("parameters", []):
            for odd in odd_of(parameter["schema"])[1:] if parameter["in"] == "query" else ():
                response = alice.call(method, f"{where}?{urlencode({parameter['name']: odd})}", body)
                assert response.status_code < 500, (method, path, parameter["name"], odd)


def odd_of(schema: dict[str, Any]) -> tuple[Any, ...]:
    """For each type that it may have."""
    types = {one.get("type", "object") for one in schema.get("anyOf", [schema])} - {"null"}
    return tuple(odd for name in sorted(types) for odd in ODD[name])


def fields_of(said: dict[str, Any], schemas: dict[str, Any]) -> dict[str, dict[str, Any]]:
    content = said.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    for schema in (content, *content.get("anyOf", []), *content.get("allOf", [])):
        if "$ref" in schema:
            return dict(schemas[schema["$ref"].rsplit("/", 1)[-1]]["properties"])
    return {}


def test_it_describes_every_operation() -> None:
    seen = set()
    for method, path, said in operations():
        assert said["summary"] and said["description"] and said["operationId"], (method, path)
        assert "curl" in said["description"], (method, path)
        seen.add(said["operationId"])
        answers = {status: answer for status, answer in said["responses"].items() if str(status).startswith("2")}
        assert answers, (method, path)
        for status, answer in answers.items():
            for content in answer.get("content", {}).values():
                assert content["schema"], (method, path, status)
            if str(status) != "204":
                assert answer["content"]["application/json"]["example"], (method, path, status)
    assert len(seen) == len(operations())
