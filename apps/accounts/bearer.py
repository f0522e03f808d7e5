"""Who calls the API: a bearer token, or a page's own session. Both become an `Actor`.

Not in charge of what the actor may do: `Actor.require`.
"""

from __future__ import annotations

from typing import TypeVar
from uuid import UUID

from django.conf import settings
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from ninja.errors import HttpError
from ninja.security import HttpBearer
from ninja.security.apikey import APIKeyCookie
from ninja.utils import check_csrf

from apps.accounts.access import Actor, not_found
from apps.accounts.models import ApiToken, User
from apps.accounts.policy import Scope
from workers.errors import UserError

M = TypeVar("M", bound=Model)


class Bearer(HttpBearer):
    """`Authorization: Bearer slp_...`"""

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:
        row = ApiToken.for_bearer(token.strip())
        if row is None:
            return None
        row.used()
        request.api_token = row  # type: ignore[attr-defined]
        return Actor(row.user, scope=row.scope)


class Session(APIKeyCookie):
    """The dashboard's own calls. A change must carry the page's CSRF token; a header with a token is never ignored."""

    param_name = settings.SESSION_COOKIE_NAME

    def __call__(self, request: HttpRequest) -> Actor | None:
        return None if "Authorization" in request.headers else self.authenticate(request, None)

    def authenticate(self, request: HttpRequest, key: str | None) -> Actor | None:
        if not isinstance(request.user, User):
            return None
        if check_csrf(request) is not None:
            raise HttpError(403, "csrf")
        return Actor(request.user)


AUTH = [Bearer(), Session()]


def identify(request: HttpRequest) -> Actor | None:
    """The actor of a request before its operation is run, or None."""
    return next((actor for scheme in AUTH if (actor := scheme(request))), None)


def actor_of(request: HttpRequest) -> Actor:
    """The actor in an operation, which is only run for one."""
    return request.auth  # type: ignore[no-any-return, attr-defined]


def token_of(request: HttpRequest) -> ApiToken | None:
    """The token the request came with; None for a session."""
    return getattr(request, "api_token", None)


def one(rows: QuerySet[M], what: str, pk: UUID) -> M:
    """The row among those that the actor may see, or 404."""
    found = rows.filter(pk=pk).first()
    if found is None:
        raise not_found(what)
    return found


def person_of(actor: Actor) -> User:
    """The person of an actor that came in by a request: there always is one."""
    if actor.user is None:
        raise not_found()
    return actor.user


def require_full_scope(actor: Actor, what: str) -> None:
    """For what belongs to the person and not to a team: their own session, or a token with the scope `admin`."""
    if actor.scope not in (None, Scope.ADMIN):
        raise UserError(
            "access:user:forbidden", f"A {actor.scope} token cannot {what}.",
            hint="Use a token with the scope admin.", status=403,
        )  # fmt: skip
