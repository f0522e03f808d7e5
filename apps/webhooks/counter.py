"""The short way of small deliveries, for when hundreds come in a second: no middleware, no thread of their own, and those
that come while some are being written are written together.

Not in charge of what is taken (`taking`), nor of anything but a small POST to the address of a webhook: all else goes to
Django, which gives the same answers (`views`).
"""

from __future__ import annotations

import asyncio
import queue
import re
import secrets
import threading
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Future
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest
from django.http.request import HttpHeaders

from apps.lib.problems import problem_of
from apps.webhooks.forges import FORGES
from apps.webhooks.genuine import Letter
from apps.webhooks.taking import take
from apps.webhooks.views import LARGE_BYTES, answer_of

PLACE = re.compile(
    r"/api/webhooks/(?:(?P<app>github)|(?P<forge>\w+)/(?P<hook>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}))"
)
MOST = 100  # Written at once.
IDLE_SECONDS = 1.0

Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]
Taken = Future[str | Exception]


class Counter:
    """An ASGI application in front of Django's."""

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        place = PLACE.fullmatch(scope["path"]) if scope["type"] == "http" and scope["method"] == "POST" else None
        headers = _headers(scope) if place else HttpHeaders({})
        length = headers.get("Content-Length", "")
        is_small = length.isascii() and length.isdigit() and int(length[:18]) <= LARGE_BYTES
        if place is None or not is_small or (place["app"] or place["forge"]) not in FORGES:
            await self.application(scope, receive, send)
            return
        body = await _read(receive)
        if body is not None:
            hook = UUID(place["hook"]) if place["hook"] else None
            await _answer(send, Letter(FORGES[place["app"] or place["forge"]], headers, body, hook))


def _headers(scope: dict[str, Any]) -> HttpHeaders:
    """As a request of Django has them."""
    told = ((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
    plain = {"content-length": "CONTENT_LENGTH", "content-type": "CONTENT_TYPE"}
    return HttpHeaders({
        plain.get(name, f"HTTP_{name.upper().replace('-', '_')}"): value for name, value in told if "_" not in name
    })  # fmt: skip


async def _read(receive: Receive) -> bytes | None:
    """None: the sender has gone."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(body)


async def _answer(send: Send, letter: Letter) -> None:
    request = HttpRequest()
    request.id = secrets.token_hex(8)  # type: ignore[attr-defined]
    try:
        response = answer_of(request, await asyncio.wrap_future(_writer().put(letter)))
    except Exception as error:  # noqa: BLE001 - the edge of the request: every error becomes a problem
        response = problem_of(request, error)
    response["X-Request-Id"] = request.id  # type: ignore[attr-defined]
    response["Content-Length"] = str(len(response.content))
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in response.items()]
    await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
    await send({"type": "http.response.body", "body": response.content})


class _Writer:
    """One thread with one connection: whatever has come while it wrote is its next batch.

    It keeps its connection while deliveries come: to take one from the pool and give it back costs as much as a query.
    """

    def __init__(self) -> None:
        self._waiting: queue.SimpleQueue[tuple[Letter, Taken]] = queue.SimpleQueue()
        threading.Thread(target=self._run, name="webhooks", daemon=True).start()

    def put(self, letter: Letter) -> Taken:
        taken: Taken = Future()
        self._waiting.put((letter, taken))
        return taken

    def _run(self) -> None:
        while True:
            batch = [self._next()]
            while len(batch) < MOST and not self._waiting.empty():
                batch.append(self._waiting.get())
            batch = [(letter, taken) for letter, taken in batch if taken.set_running_or_notify_cancel()]
            try:
                for (_, taken), answer in zip(batch, _taken([letter for letter, _ in batch]), strict=True):
                    taken.set_result(answer)
            except Exception as error:  # noqa: BLE001 - told to each sender, who sends it again
                connection.close()
                for _, taken in batch:
                    if not taken.done():
                        taken.set_exception(error)

    def _next(self) -> tuple[Letter, Taken]:
        try:
            return self._waiting.get(timeout=IDLE_SECONDS)
        except queue.Empty:
            connection.close()
            return self._waiting.get()


def _taken(letters: list[Letter]) -> list[str | Exception]:
    """Once more when the connection is of a server that was restarted since; what was kept is kept once."""
    is_kept = connection.connection is not None
    try:
        return take(letters)
    except (OperationalError, InterfaceError):
        if not is_kept:
            raise
        connection.close()
        return take(letters)


@lru_cache(maxsize=1)
def _writer() -> _Writer:
    """Made with the first delivery, in the process that serves."""
    return _Writer()
