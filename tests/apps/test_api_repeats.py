"""`Idempotency-Key`: done once, answered the same, also when two come at once."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db import connection
from django.http import HttpResponse

from apps.accounts.models import ApiToken
from apps.deployments.models import IdempotencyKey
from apps.projects import actions
from apps.projects.models import Project
from tests.apps.cast import Person

SHOP = {"name": "shop"}


def test_it_does_a_request_once_and_answers_it_the_same(alice: Person) -> None:
    first = alice.post("/projects", SHOP, Idempotency_Key="one")
    again = alice.post("/projects", SHOP, Idempotency_Key="one")
    assert (first.status_code, first.get("Idempotency-Replayed")) == (201, None)
    assert (again.status_code, again["Idempotency-Replayed"]) == (201, "true")
    assert (again.content, again["Location"], again["Content-Type"]) == (
        first.content, first["Location"], first["Content-Type"],
    )  # fmt: skip
    assert Project.objects.count() == 1


def test_it_repeats_a_refusal_too(alice: Person) -> None:
    alice.post("/projects", SHOP)
    answers = [alice.post("/projects", SHOP, Idempotency_Key="one") for _ in range(2)]
    assert [a.status_code for a in answers] == [409, 409]
    assert answers[1]["Content-Type"] == "application/problem+json"


def test_it_refuses_the_key_for_another_request(alice: Person) -> None:
    alice.post("/projects", SHOP, Idempotency_Key="one")
    for call in (
        alice.post("/projects", {"name": "other"}, Idempotency_Key="one"),
        alice.post("/teams", SHOP, Idempotency_Key="one"),
        alice.with_scope("read").post("/projects", SHOP, Idempotency_Key="one"),  # type: ignore[arg-type]
    ):
        assert (call.status_code, call.json()["code"]) == (422, "api:user:key-reused")


def test_it_keeps_keys_of_people_apart(alice: Person, charlie: Person) -> None:
    assert alice.post("/projects", SHOP, Idempotency_Key="one").status_code == 201
    assert charlie.post("/projects", SHOP, Idempotency_Key="one").status_code == 201
    assert Project.objects.count() == 2


def test_it_forgets_what_failed_on_our_side(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    create = actions.create_project

    def half(**told: object) -> None:
        create(**told)  # type: ignore[arg-type]
        raise RuntimeError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr("apps.projects.actions.create_project", half)
        assert alice.post("/projects", SHOP, Idempotency_Key="one").status_code == 500
    assert (Project.objects.count(), IdempotencyKey.objects.count()) == (0, 0)
    assert alice.post("/projects", SHOP, Idempotency_Key="one").status_code == 201


def test_it_keeps_nothing_of_who_has_no_token(alice: Person) -> None:
    assert Person(alice.user, "").post("/projects", SHOP, Idempotency_Key="one").status_code == 401
    assert IdempotencyKey.objects.count() == 0


def test_it_refuses_a_key_that_is_too_long(alice: Person) -> None:
    assert alice.post("/projects", SHOP, Idempotency_Key="k" * 201).status_code == 422


def test_it_stores_no_token_in_clear(alice: Person) -> None:
    body = {"name": "ci", "scope": "read"}
    first = alice.post("/tokens", body, Idempotency_Key="one")
    again = alice.post("/tokens", body, Idempotency_Key="one")
    assert first.json()["token"] == again.json()["token"]
    assert first.json()["token"] not in str(IdempotencyKey.objects.get().body)
    assert ApiToken.objects.filter(user=alice.user, name="ci").count() == 1


@pytest.mark.django_db(transaction=True)
def test_it_lets_one_of_two_at_once_through(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    began, end = threading.Event(), threading.Event()
    create = actions.create_project

    def slow(**told: object) -> Project:
        began.set()
        assert end.wait(60)
        return create(**told)  # type: ignore[arg-type]

    monkeypatch.setattr("apps.projects.actions.create_project", slow)
    answers: list[HttpResponse] = []

    def post() -> None:
        try:
            answers.append(alice.post("/projects", SHOP, Idempotency_Key="one"))
        finally:
            connection.close()

    first = in_thread(post)
    assert began.wait(60)
    second = alice.post("/projects", SHOP, Idempotency_Key="one")
    assert (second.status_code, second["Retry-After"]) == (409, "1")
    end.set()
    first.join(60)
    assert answers[0].status_code == 201
    assert alice.post("/projects", SHOP, Idempotency_Key="one")["Idempotency-Replayed"] == "true"
    assert Project.objects.count() == 1


def in_thread(run: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=run)
    thread.start()
    return thread
