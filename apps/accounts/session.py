"""Who sends a request of a page. Not in charge of what they may do."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from apps.accounts.access import Actor, teams_of
from apps.accounts.models import User
from apps.accounts.policy import Permission
from apps.accounts.sessions import seen

NOBODY = Actor(user=None)


def actor_of(request: HttpRequest) -> Actor:
    """The person of the session, the same one all through a request; behind `login_required` there is one."""
    found: Actor | None = getattr(request, "slipway_actor", None)
    if found is None or found.user is not request.user:
        seen(request)
        found = request.slipway_actor = Actor(cast(User, request.user))  # type: ignore[attr-defined]
    return found


def abilities(actor: Actor, team_id: object) -> set[str]:
    """The permissions of `actor` in a team as words: which buttons a page offers. The views check again."""
    return {str(p) for p in Permission if actor.can(p, team_id)}  # type: ignore[arg-type]


def own_teams(request: HttpRequest) -> dict[str, object]:
    """`{{ own_teams }}` of every template: the person's teams by name, read only where they are shown.
    `{{ may_create }}`: whether they may make services in one of them."""

    def own() -> Actor:
        return actor_of(request) if request.user.is_authenticated else NOBODY

    teams = SimpleLazyObject(lambda: teams_of(own()))
    may_create = SimpleLazyObject(lambda: any(own().can(Permission.WRITE_SERVICE, team) for team in own().teams))
    return {"own_teams": teams, "may_create": may_create}
