"""Where a person is signed in, and the end of one session or of all: pages, API and sockets."""

from __future__ import annotations

import pytest
from asgiref.sync import sync_to_async
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client

from apps.accounts.links import make_link, make_recovery_link
from apps.accounts.models import User, UserSession
from apps.accounts.profile import change_password, sign_out_everywhere
from apps.accounts.sessions import agent_of, sessions_of
from apps.deployments import consumers
from paas.asgi import application
from tests.apps.cast import PASSWORD, Person
from tests.apps.test_sockets import HOST, OPENED, Socket, closing_code, every_socket_ends

__all__ = ["every_socket_ends"]
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile Safari/604.1"


def signed_in(agent: str = FIREFOX) -> Client:
    client = Client(headers={"user-agent": agent})
    assert client.post("/sign-in", {"email": "alice@example.com", "password": PASSWORD}).status_code == 302
    return client


def is_in(client: Client) -> bool:
    return client.get("/profile").status_code == 200


def test_it_lists_where_a_person_is_signed_in(alice: Person, bob: Person) -> None:
    here, _ = signed_in(), signed_in(SAFARI)
    bob.client  # noqa: B018 - his session is his own
    page = here.get("/profile").content.decode()
    assert "Firefox on Linux" in page and "Safari on iPhone" in page and page.count(">this one<") == 1
    told = here.get("/api/v1/auth/sessions").json()
    assert sorted((row["agent"], row["is_this"]) for row in told) == [
        ("Firefox on Linux", True), ("Safari on iPhone", False)
    ]  # fmt: skip
    keys = UserSession.objects.values_list("session_key", flat=True)
    assert not [key for key in keys if key in page or key in str(told)]


def test_it_ends_one_session_and_leaves_the_others(alice: Person, bob: Person) -> None:
    here, there = signed_in(), signed_in(SAFARI)
    row = UserSession.objects.get(agent="Safari on iPhone")
    assert bob.client.post(f"/profile/sessions/{row.pk}/end").status_code == 403  # Without a CSRF token.
    assert bob.delete(f"/auth/sessions/{row.pk}").status_code == 404
    assert is_in(there)
    assert here.post(f"/profile/sessions/{row.pk}/end").status_code == 302
    assert is_in(here) and not is_in(there)
    mine = UserSession.objects.get(user=alice.user)
    assert alice.delete(f"/auth/sessions/{mine.pk}").status_code == 204
    assert not is_in(here)


def test_it_ends_all_of_them(alice: Person) -> None:
    clients = [signed_in() for _ in range(3)]
    sign_out_everywhere(actor=alice.actor)
    assert not [client for client in clients if is_in(client)]
    assert not UserSession.objects.filter(user=alice.user).exists()


@pytest.mark.parametrize("way", ["password", "everywhere"])
def test_it_ends_sign_in_links_too(alice: Person, bob: Person, way: str) -> None:
    """Whoever holds one could come in again. Bob's own goes on."""
    links = [make_recovery_link(actor=alice.actor), make_link(user=alice.user), make_link(user=bob.user)]
    paths = ["/" + link.split("/", 3)[3] for link in links]
    assert [Client().get(path).status_code for path in paths] == [200, 200, 200]
    if way == "password":
        change_password(actor=alice.actor, old=PASSWORD, new="another long password")
    else:
        sign_out_everywhere(actor=alice.actor)
    assert [Client().get(path).status_code for path in paths] == [404, 404, 200]


def test_it_keeps_no_row_of_a_session_that_is_over(alice: Person) -> None:
    here, there = signed_in(), signed_in(SAFARI)
    there.post("/sign-out")
    assert [row.agent for row in sessions_of(alice.user)] == ["Firefox on Linux"]
    told = {"old": PASSWORD, "new": "another long password"}
    assert here.post("/profile/password", told).status_code == 302
    user = User.objects.get(pk=alice.user.pk)
    assert [row.session_key for row in sessions_of(user)] == [here.session.session_key]
    assert UserSession.objects.count() == 1


def test_it_says_when_a_session_was_used_last_without_asking_each_time(alice: Person) -> None:
    here = signed_in()
    before = UserSession.objects.get().seen_at
    assert is_in(here) and UserSession.objects.get().seen_at == before
    cache.clear()  # Ten minutes later.
    assert is_in(here) and UserSession.objects.get().seen_at > before


def test_it_knows_a_session_that_is_older_than_the_list(alice: Person) -> None:
    here = signed_in()
    UserSession.objects.all().delete()
    cache.clear()
    assert is_in(here) and UserSession.objects.get().agent == "Firefox on Linux"


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (FIREFOX, "Firefox on Linux"),
        (SAFARI, "Safari on iPhone"),
        ("curl/8.1", "curl/8.1"),
        ("", ""),
        ("x" * 99, "x" * 60),
    ],
)
def test_it_names_a_browser_as_a_person_would(header: str, said: str) -> None:
    assert agent_of(header) == said


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("way", ["all", "one"])
async def test_it_closes_the_sockets_of_an_ended_session(
    alice: Person, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    monkeypatch.setattr(consumers, "CHECK_SECONDS", 0.2)  # Ten seconds in earnest.
    client = await sync_to_async(signed_in)()
    session = next(c for c in client.cookies.values() if c.key.endswith("slipway"))
    cookie = f"{session.key}={session.value}"
    headers = [HOST, (b"cookie", cookie.encode())]
    scope = {"type": "websocket", "path": "/ws/home", "query_string": b"", "headers": headers, "subprotocols": []}
    socket = Socket(application, scope)
    OPENED.append(socket)
    await socket.send_input({"type": "websocket.connect"})
    assert (await socket.receive_output(timeout=30))["type"] == "websocket.accept"
    if way == "all":
        await sync_to_async(sign_out_everywhere)(actor=alice.actor)
    else:
        await sync_to_async(lambda: Session.objects.filter(session_key=session.value).delete())()
    assert await closing_code(socket) == 4403
