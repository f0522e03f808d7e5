"""What is taken in and what is refused: signatures, other Apps, sizes, nonsense, the same twice."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from urllib.parse import urlencode

import pytest
from django.db import DataError
from django.test import Client
from django.utils import timezone

from apps.github.models import GitHubApp
from apps.webhooks import bell, cutting
from apps.webhooks.forges import FORGES
from apps.webhooks.forges.base import Facts
from apps.webhooks.genuine import Letter
from apps.webhooks.models import Delivery, Hook, State
from apps.webhooks.taking import take
from tests.apps.cast import Shop
from tests.webhooks.deliveries import APP_ID, GITHUB, SECRET, headers_of, post, push, signature

BODY = json.dumps(push()).encode()


def refused(answer: object, status: int, code: str) -> None:
    assert answer.status_code == status, answer.content  # type: ignore[attr-defined]
    assert answer["Content-Type"] == "application/problem+json"  # type: ignore[index]
    assert answer.json()["code"] == f"webhooks:user:{code}"  # type: ignore[attr-defined]


def test_it_stores_what_is_signed(app: GitHubApp) -> None:
    headers = headers_of(BODY)
    answer = post(BODY, **headers)
    assert (answer.status_code, answer.json()) == (202, {"delivery": headers["X-GitHub-Delivery"]})
    row = Delivery.objects.get()
    assert (row.forge, row.event, row.repository_id, row.repository_name) == ("github", "push", 12_345_678, "acme/shop")
    assert (row.ref, row.installation_id, row.state, row.attempts) == ("refs/heads/main", 55, State.WAITING, 0)
    assert row.payload == BODY.decode()


@pytest.mark.parametrize(
    "told",
    [
        {"X_Hub_Signature_256": ""},
        {"X_Hub_Signature_256": signature(BODY, "another secret")},
        {"X_Hub_Signature_256": signature(BODY + b" ")},
        {"X_Hub_Signature_256": signature(BODY).removeprefix("sha256=")},
        {"X_Hub_Signature_256": signature(BODY).replace("sha256", "sha1")},
        {"X_Hub_Signature_256": "sha256="},
        {"X_Hub_Signature_256": "sha256=\u00e4"},
        {"X_Hub_Signature_256": "", "X_Hub_Signature": "sha1=" + hmac.new(SECRET.encode(), BODY, hashlib.sha1).hexdigest()},
    ],
    ids=["missing", "wrong", "of-another-body", "bare", "named-sha1", "empty", "no-ascii", "sha1-only"],
)  # fmt: skip
def test_it_refuses_what_is_not_signed_right(app: GitHubApp, told: dict[str, str]) -> None:
    refused(post(BODY, **headers_of(BODY, **told)), 401, "signature")
    assert not Delivery.objects.exists()


def test_it_refuses_what_is_for_another_app(app: GitHubApp) -> None:
    headers = headers_of(BODY, X_GitHub_Hook_Installation_Target_ID=str(APP_ID + 1))
    refused(post(BODY, **headers), 403, "other-app")
    assert not Delivery.objects.exists()


def test_it_takes_what_names_no_app(app: GitHubApp) -> None:
    answer = post(BODY, **headers_of(BODY, X_GitHub_Hook_Installation_Target_ID=""))
    assert answer.status_code == 202


def test_it_refuses_everything_while_no_app_is_connected(db: None) -> None:
    refused(post(BODY, **headers_of(BODY)), 404, "not-connected")


def test_an_app_without_a_secret_believes_nobody(app: GitHubApp) -> None:
    app.webhook_secret = ""
    app.save()
    headers = headers_of(BODY, X_Hub_Signature_256=signature(BODY, ""))
    refused(post(BODY, **headers), 404, "not-connected")


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[1]", b'"x"', b"\xff\xfe", b"[" * 100_000, b'{"a": ' * 50_000, b"1" * 5000]
)
def test_it_refuses_nonsense_with_a_good_signature_and_remembers_it(app: GitHubApp, body: bytes) -> None:
    headers = headers_of(body)
    for _ in range(2):
        refused(post(body, **headers), 400, "malformed")
    row = Delivery.objects.get(delivery_id=headers["X-GitHub-Delivery"])
    assert row.state == State.FAILED
    assert row.error.startswith("Its body is not understood")
    assert row.payload == ""


def test_it_wants_to_know_the_event(app: GitHubApp) -> None:
    refused(post(BODY, **headers_of(BODY, X_GitHub_Event="")), 400, "event")


def test_it_knows_a_delivery_without_an_id_by_its_body(app: GitHubApp) -> None:
    for _ in range(2):
        assert post(BODY, **headers_of(BODY, X_GitHub_Delivery="")).status_code == 202
    assert Delivery.objects.get().delivery_id == "sha256:" + hashlib.sha256(BODY).hexdigest()


def test_it_takes_the_payload_out_of_a_form(app: GitHubApp) -> None:
    body = urlencode({"payload": json.dumps(push())}).encode()
    answer = post(body, content_type="application/x-www-form-urlencoded", **headers_of(body))
    assert answer.status_code == 202
    assert json.loads(Delivery.objects.get().payload) == push()


@pytest.mark.parametrize("text", ["\\u0000", "\\ud800", "\u2028", "\U0001f600"])
def test_it_keeps_text_that_a_database_refuses(app: GitHubApp, text: str) -> None:
    body = b'{"action": "x%s", "repository": {"id": 7, "full_name": "%s"}}' % (text.encode(), text.encode())
    assert post(body, **headers_of(body, "issues")).status_code == 202
    assert json.loads(Delivery.objects.get().payload) == json.loads(body)


@pytest.mark.parametrize(
    "payload",
    [
        {"repository": 7, "installation": [], "action": {}, "ref": 9},
        {"repository": {"id": "7", "full_name": 7}, "installation": {"id": True}},
        {"repository": {"id": 2**70}, "installation": {"id": -1}, "ref": "x" * 5000},
        {},
    ],
)
def test_it_takes_what_no_schema_would(app: GitHubApp, payload: dict[str, object]) -> None:
    body = json.dumps(payload).encode()
    assert post(body, **headers_of(body, "x" * 500)).status_code == 202
    row = Delivery.objects.get()
    assert (row.repository_id, row.installation_id, len(row.event)) == (None, None, 60)


def test_it_takes_a_delivery_once(app: GitHubApp) -> None:
    headers = headers_of(BODY)
    assert [post(BODY, **headers).status_code for _ in range(3)] == [202] * 3
    assert Delivery.objects.count() == 1


def test_one_that_was_given_up_waits_again_when_it_is_sent_again(app: GitHubApp) -> None:
    headers = headers_of(BODY)
    post(BODY, **headers)
    Delivery.objects.update(state=State.FAILED, attempts=9, waits=4, away_since=timezone.now(), error="x")
    post(BODY, **headers)
    row = Delivery.objects.get()
    assert (row.state, row.attempts, row.waits, row.away_since) == (State.WAITING, 0, 0, None)


@pytest.mark.parametrize("path", ["/api/webhooks/", "/api/webhooks/bitbucket", "/api/webhooks/github/1"])
def test_it_has_no_other_addresses(app: GitHubApp, path: str) -> None:
    answer = post(BODY, path, **headers_of(BODY))
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")


def test_it_answers_to_post_only(app: GitHubApp) -> None:
    answer = Client().get(GITHUB)
    assert (answer.status_code, answer["Allow"]) == (405, "POST")


def test_it_keeps_large_payloads_cut(app: GitHubApp) -> None:
    told = push() | {"commits": [{"message": "x" * 5000}] * 2048, "note": "y" * 10_000}
    body = json.dumps(told).encode()
    assert len(body) > cutting.MOST_BYTES
    assert post(body, **headers_of(body)).status_code == 202
    row = Delivery.objects.get()
    kept = json.loads(row.payload)
    assert row.is_cut
    assert (kept["commits"], kept["before"], len(kept["note"])) == ([], "a" * 40, 2003)


def test_it_never_keeps_more_than_its_bound() -> None:
    wide = {f"name {n}": {"deep": ["x" * 300] * 100} for n in range(400)}
    text, is_cut = cutting.cut(wide | push(), b"x" * (cutting.MOST_BYTES + 1))
    assert is_cut
    assert len(text) <= cutting.MOST_BYTES
    assert json.loads(text)["after"] == "b" * 40


class Odd(type(FORGES["github"])):  # type: ignore[misc]
    """A server of which one delivery is not understood, and another not taken by the database."""

    def facts(self, payload: dict[str, object]) -> Facts:
        return Facts(ref="x\0") if payload["ref"] else Facts(ref=str(1 // 0))


def test_one_that_cannot_be_kept_is_not_the_others_fault(app: GitHubApp) -> None:
    bodies = [BODY, json.dumps({"ref": ""}).encode(), json.dumps({"ref": "x"}).encode(), BODY]
    forges = [FORGES["github"], Odd(), Odd(), FORGES["github"]]
    letters = [Letter(forge, headers_of(body), body) for forge, body in zip(forges, bodies, strict=True)]
    first, second, third, fourth = take(letters)
    assert isinstance(second, ZeroDivisionError)
    assert isinstance(third, DataError | ValueError)
    assert set(Delivery.objects.values_list("delivery_id", flat=True)) == {first, fourth}


def test_the_same_id_of_another_sender_wakes_nothing(app: GitHubApp, shop: Shop) -> None:
    hook = Hook.objects.create(service=shop.service, forge="gitea", secret="x")
    row = Delivery.objects.create(
        forge="gitea", hook=hook, delivery_id="same", event="push", payload="{}", state="failed"
    )
    assert post(BODY, **headers_of(BODY, X_GitHub_Delivery="same")).status_code == 202
    row.refresh_from_db()
    assert (row.state, Delivery.objects.count()) == (State.FAILED, 2)


def test_it_answers_at_once_while_nobody_can_be_woken(app: GitHubApp, monkeypatch: pytest.MonkeyPatch) -> None:
    """The broker hangs for as long as it likes: it is asked in another thread, and once for many deliveries."""
    asked, over = [], threading.Event()

    def hang(*_: object, **__: object) -> None:
        asked.append(1)
        over.wait(60)

    monkeypatch.setattr("celery.current_app.send_task", hang)
    made = bell.Bell()
    monkeypatch.setattr(bell, "_bell", lambda pid: made)
    seconds = []
    for _ in range(20):
        began = time.perf_counter()
        assert post(BODY, **headers_of(BODY)).status_code == 202
        seconds.append(time.perf_counter() - began)
    assert len(asked) == 1
    over.set()
    assert min(seconds) < 5  # `make bench` takes the figures.
