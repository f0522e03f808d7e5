"""Every error has one form, says what to do, and tells nothing that it must not."""

from __future__ import annotations

import json

import pytest
from django.db import OperationalError
from django.http import HttpResponse
from django.templatetags.static import static
from django.test import Client

from apps.accounts.models import Team
from apps.lib.api import WriteThrottle
from apps.projects.models import Project
from paas.api import api
from tests.apps.cast import NOBODY, Person, Shop

MEMBERS = {"type", "title", "status", "detail", "code", "message", "hint", "request_id"}


def problem(response: HttpResponse, status: int) -> dict[str, object]:
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    told: dict[str, object] = json.loads(response.content)
    assert set(told) >= MEMBERS
    assert (told["status"], told["request_id"]) == (status, response["X-Request-Id"])
    assert told["message"] and told["code"]
    return told


def test_it_says_that_a_token_is_missing_wrong_or_revoked(alice: Person) -> None:
    revoked = alice.with_scope("read")  # type: ignore[arg-type]
    pk = alice.get("/tokens").json()["items"][0]["id"]
    assert alice.delete(f"/tokens/{pk}").status_code == 204
    for token in ("", "nonsense", "slp_" + "a" * 43 + "_00000000", revoked.token, alice.token[:-1] + "x"):
        told = problem(Person(alice.user, token).get("/auth/me"), 401)
        assert told["code"] == "api:user:token"
        assert alice.token not in json.dumps(told)


def test_it_says_which_fields_are_wrong_without_repeating_them(alice: Person) -> None:
    body = {"name": "", "project": "shop", "source_url": 5, "secrets": {"A": {"not": "hunter2"}}, "colour": "hunter2"}
    response = alice.post("/apps", body)
    told = problem(response, 422)
    assert {error["field"] for error in told["errors"]} == {"name", "source_url", "secrets.A", "colour"}  # type: ignore[attr-defined]
    assert b"hunter2" not in response.content


def test_it_says_which_parameter_is_wrong(alice: Person) -> None:
    for limit in ("0", "201", "many"):
        told = problem(alice.get(f"/services?limit={limit}"), 422)
        assert told["errors"][0]["field"] == "limit"  # type: ignore[index]
    assert problem(alice.get("/services?cursor=x"), 422)["code"] == "api:user:bad-cursor"
    assert problem(alice.get("/services?project_id=x"), 422)["errors"][0]["field"] == "project_id"  # type: ignore[index]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[1, 2",
        b"\xff\xfe",
        b'{"name": "a\\u0000b"}',
        b'{"name": "\\ud800"}',
        b'{"name": NaN}',
        b"[" * 100_000,
    ],
)
def test_it_refuses_what_is_no_json(alice: Person, body: bytes) -> None:
    response = alice.post("/projects", body)
    assert response.status_code in (400, 422), response.content
    problem(response, response.status_code)


def test_it_refuses_numbers_that_are_none(alice: Person, shop: Shop) -> None:
    response = alice.call("PATCH", f"/services/{shop.service.key}", b'{"health_interval_seconds": 1e999}')
    problem(response, 422)


def test_it_refuses_a_body_that_is_too_large(alice: Person) -> None:
    body = b'{"name": "' + b"a" * (9 * 1024 * 1024) + b'"}'
    problem(alice.post("/projects", body), 413)
    problem(alice.post("/projects", body, Idempotency_Key="k"), 413)


def test_it_answers_unknown_addresses_and_methods(alice: Person) -> None:
    for path in ("/nothing", "/services/1", "/services/../../etc", "/"):
        assert problem(alice.get(path), 404)["code"] == "api:user:no-such-address"
    response = alice.call("PUT", "/services")
    assert problem(response, 405)["code"] == "api:user:method"
    assert response["Allow"] == "GET"


def test_it_says_that_the_database_is_away(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object, **__: object) -> None:
        raise OperationalError("connection refused to secret-host")

    monkeypatch.setattr("apps.accounts.models.ApiToken.for_bearer", away)
    for call in (alice.get("/auth/me"), alice.post("/projects", {"name": "x"}, Idempotency_Key="k")):
        told = problem(call, 503)
        assert call["Retry-After"] == "5"
        assert b"secret-host" not in call.content
        assert told["code"] == "api:platform:database-away"


def test_it_says_so_when_the_database_goes_while_it_answers(
    alice: Person, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise OperationalError("connection lost to secret-host")

    monkeypatch.setattr("apps.deployments.schemas.notes_of", away)
    answer = alice.get(f"/deployments/{shop.live.key}")
    assert problem(answer, 503)["code"] == "api:platform:database-away" and b"secret-host" not in answer.content


def test_it_hides_and_logs_what_it_did_not_expect(
    alice: Person, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("hunter2 at line 5")

    monkeypatch.setattr("apps.projects.actions.create_project", broken)
    response = alice.post("/projects", {"name": "x"})
    told = problem(response, 500)
    assert b"hunter2" not in response.content
    assert str(told["request_id"]) in caplog.text and "hunter2 at line 5" in caplog.text


def test_it_says_what_was_changed_at_the_same_time(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two requests see that a name is free; the constraint decides."""
    alice.post("/projects", {"name": "shop"})
    monkeypatch.setattr("apps.projects.actions._label", lambda name, what: "shop")
    monkeypatch.setattr("django.db.models.query.QuerySet.exists", lambda rows: False)
    assert problem(alice.post("/projects", {"name": "shop"}), 409)["code"] == "api:user:changed"
    assert Project.objects.count() == 1


def test_it_takes_a_session_and_refuses_a_forged_change(alice: Person, shop: Shop) -> None:
    browser = alice.client
    assert browser.get("/api/v1/auth/me").json()["scope"] is None
    address = "/api/v1/projects"
    forged = browser.post(address, {"name": "forged"}, content_type="application/json")
    assert problem(forged, 403)["code"] == "api:user:csrf"  # type: ignore[arg-type]
    browser.get("/api/docs")
    token = browser.cookies["slipway-csrf"].value
    good = browser.post(address, {"name": "mine"}, content_type="application/json", headers={"X-CSRFToken": token})
    assert good.status_code == 201, good.content
    assert list(Project.objects.values_list("name", flat=True).order_by("name")) == ["mine", "shop"]


def test_it_does_not_fall_back_to_the_session_when_a_token_is_wrong(alice: Person) -> None:
    response = alice.client.get("/api/v1/auth/me", headers={"Authorization": "Bearer slp_wrong"})
    problem(response, 401)  # type: ignore[arg-type]


def test_it_slows_down_who_changes_too_much(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    throttle = api.throttle
    assert isinstance(throttle, WriteThrottle)
    monkeypatch.setattr(throttle, "a_minute", 3)
    monkeypatch.setattr("apps.lib.api.time.time", lambda: 1_000_000_020.0)
    answers = [alice.post("/projects", {"name": f"p{n}"}) for n in range(4)]
    assert [a.status_code for a in answers] == [201, 201, 201, 429]
    problem(answers[-1], 429)
    assert 0 < int(answers[-1]["Retry-After"]) <= 60
    assert alice.get("/projects").status_code == 200


def test_it_tells_only_members_what_a_team_is(alice: Person, charlie: Person) -> None:
    told = problem(charlie.post("/projects", {"name": "x", "team_id": alice.team.key}), 404)
    assert alice.team.name not in json.dumps(told)
    assert Team.objects.count() == 2


def test_it_serves_its_own_documentation(db: None) -> None:
    response = NOBODY.get("/openapi.json")
    document = response.json()
    assert response["Cache-Control"] == "no-store"
    assert document["openapi"].startswith("3.1")
    page = Client().get("/api/docs")
    told = page.content.decode()
    assert page.status_code == 200
    assert "//cdn" not in told and "https://" not in told
    assert "'unsafe" not in page["Content-Security-Policy"]
    for script in ("ninja/swagger-ui-bundle.js", "ninja/swagger-ui-init.js", "ninja/swagger-ui.css"):
        assert static(script) in told
        assert Client().get(static(script)).status_code == 200
