"""The way in: setup link, one-time link, password, lock-out; teams and tokens."""

from __future__ import annotations

import re

import pytest
from django.db import OperationalError
from django.test import Client

from apps.accounts.actions import make_placeholder_owner
from apps.accounts.links import make_link
from apps.accounts.models import ApiToken, Membership, SignInLink, User
from tests.apps.cast import PASSWORD, Person, Shop, make_person
from tests.apps.test_pages_walk import browser
from workers.errors import Stopped


def path_of(link: str) -> str:
    return "/" + link.split("/", 3)[3]


OWNER = {"name": "Alice", "email": "alice@example.com", "password": PASSWORD}


def test_it_makes_the_owner_by_the_setup_link_once(db: None) -> None:
    link, client = path_of(make_link(user=None)), browser()
    assert client.get(link).status_code == 200
    assert client.get(link).status_code == 200  # Looking does not use it up.
    answer = client.post(link, OWNER)
    assert (answer.status_code, answer["Location"]) == (302, "/welcome")
    assert User.objects.get().memberships.get().role == "owner"
    assert client.get("/").status_code == 200
    again = browser().post(link, {**OWNER, "email": "mallory@example.com"})
    assert again.status_code == 404
    assert User.objects.count() == 1


def test_it_gives_a_placeholder_owner_a_name_and_password(db: None) -> None:
    user = make_placeholder_owner()
    browser().post(path_of(make_link(user=None)), OWNER)
    user.refresh_from_db()
    assert (user.name, user.email) == ("Alice", "alice@example.com")
    assert user.check_password(PASSWORD)


def test_it_says_at_the_field_what_is_wrong_with_a_password(db: None) -> None:
    link = path_of(make_link(user=None))
    answer = browser().post(link, {**OWNER, "password": "short"})
    assert answer.status_code == 422
    assert "too short" in answer.context["form"].errors["password"][0]
    assert not User.objects.exists()
    assert SignInLink.objects.get().used_at is None


def test_it_refuses_a_setup_link_once_there_is_an_owner(alice: Person) -> None:
    answer = browser().post(path_of(make_link(user=None)), {**OWNER, "email": "mallory@example.com"})
    assert answer.status_code == 422
    assert "has an owner already" in answer.content.decode()


def test_it_signs_in_by_a_link_only_when_the_button_is_pressed(alice: Person) -> None:
    link, client = path_of(make_link(user=alice.user)), browser()
    assert client.get(link).status_code == 200
    assert client.get("/").status_code == 302
    assert client.post(link)["Location"] == "/"
    assert client.get("/").status_code == 200
    assert browser().post(link).status_code == 404


@pytest.mark.parametrize("kind", ["setup", "link"])
def test_it_says_that_a_link_has_ended(db: None, kind: str) -> None:
    answer = browser().get(f"/{kind}/link_nobody_00000000")
    assert answer.status_code == 404
    assert "make -s link" in answer.content.decode()


def sign_in(client: Client, password: str = PASSWORD, **more: str) -> int:
    return client.post("/sign-in", {"email": "Alice@example.com", "password": password, **more}).status_code


def test_it_signs_in_with_a_password_and_goes_where_one_wanted_to_go(alice: Person) -> None:
    client = browser()
    assert sign_in(client, "wrong") == 422
    answer = client.post("/sign-in", {"email": "alice@example.com", "password": PASSWORD, "next": "/tokens"})
    assert answer["Location"] == "/tokens"
    assert client.post("/sign-out")["Location"] == "/sign-in"
    assert client.get("/").status_code == 302


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_it_never_goes_elsewhere_after_the_sign_in(alice: Person, elsewhere: str) -> None:
    client = browser()
    answer = client.post("/sign-in", {"email": "alice@example.com", "password": PASSWORD, "next": elsewhere})
    assert answer["Location"] == "/"


def test_it_closes_after_ten_wrong_passwords_and_says_the_way_out(alice: Person) -> None:
    client = browser()
    codes = [sign_in(client, f"wrong {n}") for n in range(10)]
    assert codes[:9] == [422] * 9
    answer = client.post("/sign-in", {"email": "alice@example.com", "password": PASSWORD})
    assert answer.status_code == 429
    assert "make -s link" in answer.content.decode()


def test_it_shows_a_new_token_once(alice: Person) -> None:
    client = browser(alice)
    answer = client.post("/tokens", {"name": "ci", "scope": "deploy", "days": "30"})
    text = re.search(r"slp_[\w-]+", answer.content.decode().split('id="new-token">')[1])
    assert text is not None
    token = ApiToken.for_bearer(text[0])
    assert token is not None
    assert (token.name, token.scope, token.expires_at is not None) == ("ci", "deploy", True)
    page = client.get("/tokens").content.decode()
    assert text[0] not in page and "Now:" not in page
    client.post(f"/tokens/{token.pk}/revoke")
    assert ApiToken.for_bearer(text[0]) is None


def test_it_changes_and_removes_members(alice: Person) -> None:
    client, newcomer = browser(alice), make_person("Nina")
    row = Membership.objects.create(user=newcomer.user, team=alice.team, role="viewer")
    client.post(f"/members/{row.pk}", {"role": "admin"})
    row.refresh_from_db()
    assert row.role == "admin"
    client.post(f"/members/{row.pk}/remove")
    assert not Membership.objects.filter(pk=row.pk).exists()


def test_it_keeps_an_owner(alice: Person) -> None:
    row = Membership.objects.get(user=alice.user)
    answer = browser(alice).post(f"/members/{row.pk}", {"role": "viewer"})
    assert answer.status_code == 409
    assert "keeps at least one owner" in answer.content.decode()


def test_it_lets_bob_leave(shop: Shop, bob: Person) -> None:
    row = Membership.objects.get(user=bob.user)
    assert browser(bob).post(f"/members/{row.pk}/remove")["Location"] == "/"
    assert browser(bob).get(f"/services/{shop.service.pk}").status_code == 404


def test_it_says_the_request_id_on_every_error_page(alice: Person) -> None:
    answer = browser(alice).get("/nowhere")
    assert answer.status_code == 404
    assert answer["X-Request-Id"] in answer.content.decode()


def test_it_says_the_request_id_of_a_fault_of_its_own(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("apps.deployments.views_home.board", broken)
    answer = browser(alice).get("/")
    text = answer.content.decode()
    assert answer.status_code == 500
    assert answer["X-Request-Id"] in text
    assert "secret detail" not in text


def test_it_says_when_the_database_is_away(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object, **__: object) -> None:
        raise OperationalError("no connection to 10.0.0.1")

    monkeypatch.setattr("apps.deployments.views_home.board", away)
    answer = browser(alice).get("/")
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert "go on serving" in answer.content.decode()
    assert "10.0.0.1" not in answer.content.decode()


def test_it_says_when_a_service_went_meanwhile(shop: Shop, alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(**_: object) -> None:
        raise Stopped("lost")

    monkeypatch.setattr("apps.deployments.actions.deploy", gone)
    answer = browser(alice).post(f"/services/{shop.service.pk}/deploy")
    assert (answer.status_code, "by somebody else in this very moment" in answer.content.decode()) == (409, True)


def test_it_makes_a_fragment_load_its_page_again_when_the_session_has_ended(shop: Shop) -> None:
    answer = browser().get(f"/services/{shop.service.pk}", headers={"HX-Request": "true"})
    assert (answer.status_code, answer["HX-Refresh"]) == (401, "true")


@pytest.mark.parametrize(("agent", "key"), [("Mozilla/5.0 (Macintosh; Intel)", "⌘K"), ("Mozilla/5.0 (X11)", "Ctrl K")])
def test_it_names_the_key_of_the_reader_s_machine(alice: Person, agent: str, key: str) -> None:
    page = browser(alice).get("/tokens", headers={"User-Agent": agent}).content.decode()
    assert f"<kbd>{key}</kbd>" in page
