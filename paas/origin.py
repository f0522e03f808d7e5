"""Sockets only from our own pages: the whole origin must match, since an app on another port has the same host name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

Application = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


def is_own_origin(origin: str, host: str) -> bool:
    """`origin` is the dashboard's address, or names exactly the host and port that the request was sent to."""
    if origin in settings.CSRF_TRUSTED_ORIGINS:
        return True
    parts = urlsplit(origin)
    allowed = settings.ALLOWED_HOSTS == ["*"] or parts.hostname in [h.strip("[]") for h in settings.ALLOWED_HOSTS]
    return parts.scheme in ("http", "https") and parts.netloc == host and allowed


class OwnOriginOnly:
    """Refuses a socket with a foreign `Origin`. Clients that are no browsers send none, and bring a bearer token."""

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        origin = headers.get(b"origin")
        if origin is not None and not is_own_origin(origin, headers.get(b"host", "")):
            await send({"type": "websocket.close", "code": 4403})
            return
        await self.application(scope, receive, send)
