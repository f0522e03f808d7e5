"""Who sends a request of a page. Not in charge of what they may do."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from apps.accounts.access import Actor
from apps.accounts.models import Team, User
from apps.accounts.policy import Permission
from apps.accounts.sessions import seen


def actor_of(request: HttpRequest) -> Actor:
    """The person of the session; behind `login_required` there is one."""
    seen(request)
    return Actor(cast(User, request.user))


def abilities(actor: Actor, team_id: object) -> set[str]:
    """The permissions of `actor` in a team as words: which buttons a page offers. The views check again."""
    return {str(p) for p in Permission if actor.can(p, team_id)}  # type: ignore[arg-type]


def own_teams(request: HttpRequest) -> dict[str, object]:
    """`{{ own_teams }}` of every template: the person's teams by name, read once and only where they are shown."""

    def found() -> list[Team]:
        return list(Team.objects.filter(memberships__user=request.user.pk).order_by("name"))

    return {"own_teams": SimpleLazyObject(found)}
