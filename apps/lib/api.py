"""The ground of the REST API: bodies, pages, limits, and one form for every error. Knows no app.

Not in charge of who may do what: `apps.accounts`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from django.core.cache import cache
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import URLPattern, URLResolver, reverse
from ninja import NinjaAPI, Schema
from ninja.parser import Parser
from ninja.throttling import BaseThrottle
from pydantic import ConfigDict, Field

from apps.lib.openapi import described
from apps.lib.pages import page
from apps.lib.problems import method_not_allowed, problem_of

T = TypeVar("T")
M = TypeVar("M", bound=Model)
View = Callable[..., HttpResponse]

Limit = Annotated[int, Field(ge=1, le=200, description="How many rows at most.")]
Cursor = Annotated[str, Field(description="`next_cursor` of the page before.")]


class Told(Schema):
    """The base of what clients send: an unknown field is an error, not a wish that is lost in silence."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Page(Schema, Generic[T]):
    """Rows, newest first. `next_cursor` null: this is the last page."""

    items: list[T]
    next_cursor: str | None


class PageQuery(Schema):
    cursor: Cursor = ""
    limit: Limit = 50


def paged(rows: QuerySet[M], query: PageQuery) -> dict[str, Any]:
    """One page of `rows`, in the form of `Page`."""
    items, following = page(rows, cursor=query.cursor, limit=query.limit)
    return {"items": items, "next_cursor": following or None}


def created(response: HttpResponse, operation: str, *ids: UUID) -> None:
    """Say where the new thing is: the address of the operation that gets it."""
    response["Location"] = reverse(f"api:{operation}", args=ids)


class StrictParser(Parser):
    """JSON without what PostgreSQL cannot store: NUL, lone surrogates, NaN."""

    def parse_body(self, request: HttpRequest) -> Any:
        found = json.loads(request.body, parse_constant=_refuse)
        _check_text(found)
        return found


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _check_text(found: Any) -> None:
    """Raises ValueError for text, at any depth, that has no form in UTF-8 or holds a NUL."""
    if isinstance(found, str):
        if "\0" in found:
            raise ValueError("NUL in text")
        found.encode()
    elif isinstance(found, dict):
        for name, value in found.items():
            _check_text(name)
            _check_text(value)
    elif isinstance(found, list):
        for value in found:
            _check_text(value)


class WriteThrottle(BaseThrottle):
    """At most so many changes a minute by one person, counted in each web process. Reading is free."""

    def __init__(self, a_minute: int) -> None:
        self.a_minute = a_minute

    def allow_request(self, request: HttpRequest) -> bool:
        if request.method in ("GET", "HEAD"):
            return True
        key = f"writes:{request.auth.user.pk}:{int(time.time() // 60)}"  # type: ignore[attr-defined]
        cache.add(key, 0, 120)
        return int(cache.incr(key)) <= self.a_minute

    def wait(self) -> float:
        return 60 - time.time() % 60


class Api(NinjaAPI):
    """Ninja's API with our errors for everything that can go wrong, also outside its operations.

    `around` wraps every view (the answers to repeated requests are kept there).
    """

    def __init__(self, *, around: Callable[[View], View], **options: Any) -> None:
        super().__init__(parser=StrictParser(), **options)
        self.around = around
        self._described: dict[str, Any] = {}

    def on_exception(self, request: HttpRequest, exc: Any) -> HttpResponse:
        return problem_of(request, exc)

    @property
    def urls(self) -> tuple[list[URLResolver | URLPattern], str, str]:
        patterns, app, namespace = super().urls
        for pattern in patterns:
            pattern.callback = self._guarded(pattern.callback)  # type: ignore[arg-type]
        return patterns, app, namespace

    def _guarded(self, view: View) -> View:
        inner = self.around(view)

        def guarded(request: HttpRequest, **path: Any) -> HttpResponse:
            try:
                response = inner(request, **path)
            except Exception as error:  # noqa: BLE001 - the edge of the request: every error becomes a problem
                response = problem_of(request, error)
            if isinstance(response, HttpResponseNotAllowed):
                response = method_not_allowed(request, response)
            response.headers.setdefault("Cache-Control", "no-store")  # One of the answers is a token.
            return response

        # Cookies are checked against forgery by `apps.accounts.bearer`; tokens need no such check.
        guarded.csrf_exempt = True  # type: ignore[attr-defined]
        return guarded

    def get_openapi_schema(self, **options: Any) -> Any:
        """Made once for each address that it is asked for: it never changes, and takes a fifth of a second."""
        key = repr(sorted(options.items()))
        if key not in self._described:
            self._described[key] = described(super().get_openapi_schema(**options))
        return self._described[key]
