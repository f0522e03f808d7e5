"""Tokens that a token made: they end with it."""

from __future__ import annotations

import pytest

from apps.accounts.actions import make_api_token
from apps.accounts.models import ApiToken
from tests.apps.cast import Person
from workers.errors import UserError


def made_by(maker: Person) -> Person:
    """The same person with a token that the token of `maker` made."""
    return Person(maker.user, maker.post("/tokens", {"name": "made", "scope": "admin"}).json()["token"])


def test_it_ends_every_token_that_a_revoked_one_made(alice: Person) -> None:
    first = alice.with_scope("admin")  # type: ignore[arg-type]
    child = made_by(first)
    grandchild = made_by(child)
    key = ApiToken.for_bearer(first.token).pk  # type: ignore[union-attr]
    assert child.get("/tokens").json()["items"][1]["made_with_id"] == str(key)
    assert alice.delete(f"/tokens/{key}").status_code == 204
    assert [each.get("/auth/me").status_code for each in (first, child, grandchild, alice)] == [401, 401, 401, 200]


def test_it_makes_none_with_a_token_that_was_revoked_meanwhile(alice: Person) -> None:
    row = ApiToken.for_bearer(alice.token)
    alice.delete(f"/tokens/{row.pk}")  # type: ignore[union-attr]
    with pytest.raises(UserError, match="was revoked"):
        make_api_token(actor=alice.actor, name="late", scope="read", made_with=row)
    assert ApiToken.objects.count() == 1
