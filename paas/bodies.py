"""How much a client may send. Django keeps a whole body on disk before it asks who sends it: here it is cut off.

Not in charge of what a body says, nor of who may send one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse

from apps.lib.problems import problem

MOST_BYTES = 8 * 1024 * 1024 + 64 * 1024  # Django's own limit on what it reads, and some for a form's frame.
LARGER = {
    "/api/webhooks/": 25 * 1024 * 1024
}  # GitHub's own cap: https://docs.github.com/en/webhooks/webhook-events-and-payloads

Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]


class BoundedBodies:
    """An ASGI application that answers 413 to a body above `most`, by its announced length or as soon as it is more.

    `larger`: beginnings of paths that may be sent more, with how much.
    """

    def __init__(
        self, application: Application, most: int = MOST_BYTES, larger: Mapping[str, int] | None = None
    ) -> None:
        self.application = application
        self.most = most
        self.larger = larger or {}

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.application(scope, receive, send)
            return
        most = next((bytes for path, bytes in self.larger.items() if scope["path"].startswith(path)), self.most)
        if _announced(scope) > most:
            await _refuse(scope, send, most)
        else:
            await self._counted(scope, receive, send, most)

    async def _counted(self, scope: dict[str, Any], receive: Receive, send: Send, most: int) -> None:
        seen = 0
        is_answered = False

        async def counting() -> Message:
            nonlocal seen
            if seen > most:
                return {"type": "http.disconnect"}
            message = await receive()
            seen += len(message.get("body", b""))
            # To the application its client has gone: it throws away what it has, and answers nothing.
            return {"type": "http.disconnect"} if seen > most else message

        async def noting(message: Message) -> None:
            nonlocal is_answered
            is_answered = True
            await send(message)

        await self.application(scope, counting, noting)
        if seen > most and not is_answered:
            await _refuse(scope, send, most)


def _announced(scope: dict[str, Any]) -> int:
    told = dict(scope["headers"]).get(b"content-length", b"")
    return int(told[:18]) if told.isdigit() else 0


async def _refuse(scope: dict[str, Any], send: Send, most: int) -> None:
    """As a problem for the API and as a line for pages. The connection ends, so that the rest is not read either."""
    message, hint = "The body is too large.", f"Send at most {most // 2**20} MB."
    response: HttpResponse
    if scope["path"].startswith("/api/"):
        response = problem(HttpRequest(), 413, "api:user:too-large", message, hint=hint)
    else:
        response = HttpResponse(f"{message} {hint}\n", status=413, content_type="text/plain; charset=utf-8")
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in response.items()]
    headers += [(b"content-length", str(len(response.content)).encode()), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": response.content})
