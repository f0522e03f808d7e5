"""What every request gets: an id, a content security policy, and its errors as a sentence."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.lib.problems import AWAY, known
from workers.errors import SlipwayError

log = logging.getLogger("slipway.request")

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9A-Fa-f:]+\](:[0-9]{1,5})?")

Response = HttpResponse | Awaitable[HttpResponse]
GetResponse = Callable[[HttpRequest], Any]


class _Middleware:
    """A middleware that works in both worlds: `before` and `after` are plain functions."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Response:
        self.before(request)
        if self.is_async:
            return self._later(request)
        return self.after(request, self.get_response(request))

    async def _later(self, request: HttpRequest) -> HttpResponse:
        return self.after(request, await self.get_response(request))

    def before(self, request: HttpRequest) -> None: ...

    def after(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        return response


class request_id(_Middleware):  # noqa: N801 - named in settings as what it adds
    """`X-Request-Id`, also in pages of errors, so that a person can quote it."""

    def before(self, request: HttpRequest) -> None:
        request.id = secrets.token_hex(8)  # type: ignore[attr-defined]

    def after(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        response["X-Request-Id"] = request.id  # type: ignore[attr-defined]
        return response


class content_security_policy(_Middleware):  # noqa: N801
    """Nothing inline, nothing from elsewhere. What shows a thing that needs more says so on the request: `allow`."""

    def after(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        response.headers.setdefault("Content-Security-Policy", policy_of(request))
        return response


def allow(request: HttpRequest, directive: str, address: str) -> None:
    """The page of this request may also do that (`form-action`, `img-src`) with the origin of `address`."""
    parts = urlsplit(address)
    origin = f"{parts.scheme}://{parts.netloc}"
    if ORIGIN.fullmatch(origin):
        request.allowed_origins = {*getattr(request, "allowed_origins", ()), (directive, origin)}  # type: ignore[attr-defined]


def policy_of(request: HttpRequest) -> str:
    policy = POLICY
    for directive, origin in sorted(getattr(request, "allowed_origins", ())):
        policy = policy.replace(f"{directive} 'self'", f"{directive} 'self' {origin}")
    return policy


class errors(_Middleware):  # noqa: N801
    """A `SlipwayError` or a lost database becomes a page that says what, why and what to do."""

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, AWAY):
            log.error("database unavailable: %s", exception)
            return database_away(request)
        exception = known(exception)
        if isinstance(exception, SlipwayError):
            template = "_error.html" if getattr(request, "htmx", False) else "error.html"
            return render(request, template, {"error": exception}, status=exception.status)
        return None


def database_away(request: HttpRequest) -> HttpResponse:
    response = render(request, "503.html", {"request_id": getattr(request, "id", "")}, status=503)
    response["Retry-After"] = "5"
    return response
