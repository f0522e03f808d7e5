"""Errors of the API as `application/problem+json` (RFC 9457): what went wrong, and what to do about it.

Not in charge of raising them.
"""

from __future__ import annotations

import logging
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.db import DataError, Error, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.request import UnreadablePostError
from ninja.errors import AuthenticationError, HttpError, Throttled, ValidationError
from psycopg.errors import UniqueViolation
from psycopg_pool import PoolTimeout
from pydantic import ValidationError as Unwritten
from pydantic_core import ErrorDetails

from workers.errors import SlipwayError, Stopped, UserError

log = logging.getLogger("slipway.api")

AWAY = (OperationalError, InterfaceError, PoolTimeout)
TITLES = {
    400: "Bad request",
    401: "Not signed in",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    413: "Too large",
    422: "Not valid",
    429: "Too many requests",
    500: "Our fault",
    503: "Away",
}


def problem(request: HttpRequest, status: int, code: str, message: str, *, hint: str = "", **more: Any) -> JsonResponse:
    """The one form of every error: RFC 9457's members, and ours (`code`, `message`, `hint`, `request_id`)."""
    body = {
        "type": f"urn:slipway:{code}",
        "title": TITLES.get(status, "Error"),
        "status": status,
        "detail": f"{message} {hint}".strip(),
        "code": code,
        "message": message,
        "hint": hint,
        "request_id": getattr(request, "id", ""),
        **more,
    }
    response = JsonResponse(body, status=status, content_type="application/problem+json")
    if status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="slipway"'
    if status == 503:
        response["Retry-After"] = "5"
    return response


def known(error: Exception) -> Exception:
    """PostgreSQL's text has no NUL: what it refuses for that, the client sent. What another request took or removed while
    this one ran is nobody's fault. And what an answer reads last, while it is being written, fails inside the library that
    writes it, which keeps of the reason only its name."""
    if isinstance(error, Unwritten) and any(map(_is_away, error.errors())):
        return OperationalError("while the answer was written")
    if isinstance(error, DataError) and "NUL" in str(error):
        return UserError(
            "request:user:nul", "The request holds a NUL character, which no text may.", hint="Send it without."
        )
    if isinstance(error, Stopped) or isinstance(error.__cause__, UniqueViolation):
        return UserError(
            "api:user:changed", "It was changed by somebody else in this very moment.", hint="Look again.", status=409
        )
    return error


def _is_away(found: ErrorDetails) -> bool:
    reason = found["ctx"]["error"] if found["type"] == "get_attribute_error" else ""
    return reason.partition(":")[0] in {kind.__name__ for kind in AWAY}


def problem_of(request: HttpRequest, error: Exception) -> JsonResponse:
    """Any exception of a request. What is not known is logged, and told without details."""
    error = known(error)
    if isinstance(error, SlipwayError):
        return problem(request, error.status, error.code, error.message, hint=error.hint)
    if isinstance(error, ValidationError):
        return _not_valid(request, error)
    if isinstance(error, HttpError):
        return _of_the_framework(request, error)
    if isinstance(error, Http404):
        return no_such_address(request)
    if isinstance(error, RequestDataTooBig | UnreadablePostError):
        return _unreadable(request, error)
    if isinstance(error, Error | PoolTimeout):
        return _of_the_database(request, error)
    return _ours(request, error)


def no_such_address(request: HttpRequest, **_: object) -> JsonResponse:
    return problem(
        request, 404, "api:user:no-such-address", "There is no such address.",
        hint="/api/docs lists all of them; ids are UUIDs.",
    )  # fmt: skip


def method_not_allowed(request: HttpRequest, allowed: HttpResponse) -> JsonResponse:
    response = problem(
        request, 405, "api:user:method", f"This address has no {str(request.method)[:20]}.",
        hint=f"It answers to {allowed['Allow']}.",
    )  # fmt: skip
    response["Allow"] = allowed["Allow"]
    return response


def _not_valid(request: HttpRequest, error: ValidationError) -> JsonResponse:
    """Names each field and what is wrong with it; never repeats what was sent, which may be a secret."""
    found = [{"field": _field(e["loc"]), "message": e["msg"].removeprefix("Value error, ")} for e in error.errors]
    first = found[0] if found else {"field": "body", "message": "It is not valid."}
    return problem(
        request, 422, "api:user:invalid", f"{first['field']}: {first['message']}.".replace("..", "."),
        hint="Change the fields that `errors` names.", errors=found,
    )  # fmt: skip


def _field(place: tuple[Any, ...]) -> str:
    """`("body", "told", "name")` -> `name`: what the client calls it. The second part is our argument's name."""
    names = [str(part) for part in place]
    if names[0] == "body":
        return ".".join(names[2:]) or "body"
    return names[-1]


def _of_the_framework(request: HttpRequest, error: HttpError) -> JsonResponse:
    if isinstance(error, AuthenticationError):
        return problem(
            request, 401, "api:user:token", "There is no valid token with this request.",
            hint="Send `Authorization: Bearer <token>`; make one under Tokens or with `make -s token`.",
        )  # fmt: skip
    if isinstance(error, Throttled):
        return problem(
            request, 429, "api:user:too-many", "These are more changes than this API takes in a minute.",
            hint="Wait for the seconds that Retry-After says.",
        )  # fmt: skip
    if error.status_code == 400:
        return problem(request, 400, "api:user:malformed", "The body is not valid JSON.", hint="Send one JSON object.")
    if error.status_code == 403:
        return problem(
            request, 403, "api:user:csrf", "This change did not come from a page of ours.", hint="Reload the page."
        )
    return problem(request, error.status_code, "api:user:refused", error.message)


def _unreadable(request: HttpRequest, error: Exception) -> JsonResponse:
    if isinstance(error, RequestDataTooBig):
        return problem(request, 413, "api:user:too-large", "The body is too large.", hint="Send at most 8 MB.")
    return problem(request, 400, "api:user:malformed", "The body ended too early.", hint="Send it again.")


def _of_the_database(request: HttpRequest, error: Exception) -> JsonResponse:
    if isinstance(error, AWAY):
        log.error("database unavailable: %s", error)
        return problem(
            request, 503, "api:platform:database-away", "The database is away.", hint="Try again in some seconds."
        )
    return _ours(request, error)


def _ours(request: HttpRequest, error: Exception) -> JsonResponse:
    log.error("request %s failed", getattr(request, "id", ""), exc_info=error)
    return problem(
        request, 500, "api:platform:bug", "Something went wrong on our side.",
        hint="The log has the reason beside this request's id.",
    )  # fmt: skip
