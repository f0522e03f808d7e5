"""Live logs over WebSockets, by the real application, Valkey and PostgreSQL."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator

from apps.accounts.models import ApiToken, Membership
from apps.deployments import consumers, logs
from apps.deployments.models import LogStream
from apps.deployments.open_pages import tell_changed
from apps.lib import wake
from apps.projects.actions import rename_project
from paas.asgi import application, sockets
from tests.apps.cast import Person, Shop

pytestmark = pytest.mark.django_db(transaction=True)
HOST = (b"host", b"localhost:8000")
OF_ONESELF = {"ws/home"}  # It has no id: everybody hears of their own teams.


def addresses(shop: Shop) -> list[str]:
    """Every socket of something of Alice's: from the routes, not from a list."""
    ids = {"deployments": shop.live.pk, "services": shop.service.pk, "teams": shop.team.pk}
    routes = [str(s.pattern) for s in sockets if str(s.pattern) not in OF_ONESELF]
    return ["/" + re.sub(r"<uuid:pk>", str(ids[route.split("/")[1]]), route) for route in routes]


class Socket(ApplicationCommunicator):
    """One client."""

    async def send(self, told: object) -> None:
        await self.send_input({"type": "websocket.receive", "text": json.dumps(told)})

    async def receive(self) -> dict[str, Any]:
        """What is news: that the server is there is none."""
        while True:
            event = await self.receive_output(timeout=30)
            assert event["type"] == "websocket.send", event
            told: dict[str, Any] = json.loads(event["text"])
            if told != {"here": True}:
                return told

    async def disconnect(self) -> None:
        if not self.future.done():
            await self.send_input({"type": "websocket.disconnect", "code": 1000})
            await self.wait(timeout=10)


OPENED: list[Socket] = []


@pytest.fixture(autouse=True)
async def every_socket_ends() -> AsyncIterator[None]:
    """As a server does it, which tells the application of each end: nothing is left when the loop closes."""
    yield
    while OPENED:
        await OPENED.pop().disconnect()


async def opened(path: str, person: Person | None = None, origin: str = "") -> tuple[Socket, bool]:
    headers = [HOST]
    if person is not None:
        headers.append((b"authorization", f"Bearer {person.token}".encode()))
    if origin:
        headers.append((b"origin", origin.encode()))
    scope = {"type": "websocket", "path": path, "query_string": b"", "headers": headers, "subprotocols": []}
    socket = Socket(application, scope)
    OPENED.append(socket)
    await socket.send_input({"type": "websocket.connect"})
    return socket, (await socket.receive_output(timeout=30))["type"] == "websocket.accept"


async def lines(socket: Socket) -> list[dict[str, Any]]:
    while True:
        told = await socket.receive()
        if "lines" in told:
            return told["lines"]  # type: ignore[no-any-return]


async def next_two(socket: Socket) -> list[Any]:
    return [json.loads((await socket.receive_output(timeout=30))["text"]) for _ in range(2)]


async def closing_code(socket: Socket, seconds: float = 30) -> int:
    while True:
        event = await socket.receive_output(timeout=seconds)
        if event["type"] == "websocket.close":
            return int(event["code"])


@sync_to_async
def say(stream: LogStream, *texts: str) -> None:
    logs.append(stream, [logs.Line(text) for text in texts])


async def test_it_hides_every_socket_from_strangers_and_nobody(shop: Shop, charlie: Person) -> None:
    for path in addresses(shop):
        for person in (charlie, None):
            socket, _ = await opened(path, person)
            assert await closing_code(socket) == 4404, path


async def test_it_refuses_foreign_origins(shop: Shop, alice: Person) -> None:
    for origin in ("http://evil.example", "http://localhost:9999", "http://web.apps.localhost:8000", "null"):
        assert (await opened(addresses(shop)[0], alice, origin))[1] is False, origin
    socket, accepted = await opened(addresses(shop)[0], alice, "http://localhost:8000")
    assert accepted
    await socket.disconnect()


async def test_it_sends_what_is_there_and_what_comes_and_resumes(shop: Shop, bob: Person) -> None:
    stream = await LogStream.objects.aget(deployment=shop.live)
    before = await sync_to_async(logs.last_seq)(stream)
    await say(stream, "one", "two")
    socket, accepted = await opened(f"/ws/deployments/{shop.live.pk}", bob)
    assert accepted
    await socket.send({"after": before})
    assert [line["text"] for line in await lines(socket)] == ["one", "two"]
    await say(stream, "three")
    assert [(line["seq"], line["text"]) for line in await lines(socket)] == [(before + 3, "three")]
    await socket.disconnect()
    await say(stream, "four")
    again, _ = await opened(f"/ws/deployments/{shop.live.pk}", bob)
    await again.send({"after": before + 2})
    assert [line["text"] for line in await lines(again)] == ["three", "four"]
    await again.disconnect()


async def test_it_goes_on_when_valkey_has_forgotten_everything(shop: Shop, bob: Person, monkeypatch: Any) -> None:
    monkeypatch.setattr(consumers, "CHECK_SECONDS", 0.3)
    stream = await LogStream.objects.aget(deployment=shop.live)
    socket, _ = await opened(f"/ws/deployments/{shop.live.pk}", bob)
    await socket.send({"after": await sync_to_async(logs.last_seq)(stream)})
    wake.valkey().flushall()
    await say(stream, "after the flood")
    assert [line["text"] for line in await lines(socket)] == ["after the flood"]
    await socket.disconnect()


async def test_it_closes_when_the_right_ends(shop: Shop, bob: Person, monkeypatch: Any) -> None:
    monkeypatch.setattr(consumers, "CHECK_SECONDS", 0.2)
    socket, _ = await opened(f"/ws/services/{shop.service.pk}", bob)
    await Membership.objects.filter(user=bob.user).adelete()
    assert await closing_code(socket) == 4403


async def test_it_closes_when_the_token_is_revoked(shop: Shop, bob: Person, monkeypatch: Any) -> None:
    monkeypatch.setattr(consumers, "CHECK_SECONDS", 0.2)
    socket, _ = await opened(f"/ws/services/{shop.service.pk}", bob)
    await ApiToken.objects.filter(user=bob.user).adelete()
    assert await closing_code(socket) == 4403


async def test_it_ignores_nonsense(shop: Shop, bob: Person) -> None:
    stream = await LogStream.objects.aget(deployment=shop.live)
    socket, _ = await opened(f"/ws/deployments/{shop.live.pk}", bob)
    for nonsense in ({"after": "x"}, {"after": -1}, [1], {"after": None}):
        await socket.send(nonsense)
    await socket.send({"after": await sync_to_async(logs.last_seq)(stream)})
    await say(stream, "still here")
    assert [line["text"] for line in await lines(socket)] == ["still here"]
    await socket.disconnect()


async def changed(socket: Socket) -> bool:
    return (await socket.receive()) == {"changed": True}


async def test_it_tells_the_team_of_everything_and_others_of_nothing(shop: Shop, bob: Person, charlie: Person) -> None:
    told = [(await opened(path, bob))[0] for path in ("/ws/home", f"/ws/teams/{shop.team.pk}")]
    stranger, accepted = await opened("/ws/home", charlie)
    assert accepted
    await sync_to_async(tell_changed)(shop.live)
    for socket in told:
        assert await changed(socket)
        await socket.disconnect()
    assert await stranger.receive_nothing(timeout=0.3)
    await stranger.disconnect()
    nobody, _ = await opened("/ws/home")
    assert await closing_code(nobody) == 4404


async def test_it_tells_the_team_of_what_people_do(shop: Shop, alice: Person, bob: Person) -> None:
    socket, _ = await opened("/ws/home", bob)
    await sync_to_async(rename_project)(actor=alice.actor, project=shop.project, name="harbour")
    assert await changed(socket)
    await socket.disconnect()


async def test_it_tells_many_changes_as_few(shop: Shop, bob: Person, monkeypatch: Any) -> None:
    monkeypatch.setattr(consumers, "QUIET_SECONDS", 3)
    socket, _ = await opened("/ws/home", bob)

    def tell_many() -> None:
        for _ in range(20):
            tell_changed(shop.live)

    await sync_to_async(tell_many)()
    assert await changed(socket)
    assert await changed(socket), "what came meanwhile is told after the pause"
    assert await socket.receive_nothing(timeout=3.5)
    await socket.disconnect()


async def test_it_stops_telling_of_a_team_that_was_left(shop: Shop, bob: Person, monkeypatch: Any) -> None:
    monkeypatch.setattr(consumers, "CHECK_SECONDS", 0.2)
    home, _ = await opened("/ws/home", bob)
    team, _ = await opened(f"/ws/teams/{shop.team.pk}", bob)
    await Membership.objects.filter(user=bob.user).adelete()
    assert await closing_code(team) == 4403
    while not home.output_queue.empty():
        home.output_queue.get_nowait()
    here = [{"here": True}] * 2
    assert await next_two(home) == here, "the second of these looks began after Bob was gone"
    await sync_to_async(tell_changed)(shop.live)
    assert await next_two(home) == here
    await home.disconnect()
