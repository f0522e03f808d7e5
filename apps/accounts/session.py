"""Who sends a request of a page. Not in charge of what they may do."""

from __future__ import annotations

from typing import Any, cast

from django.db.models import F
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from apps.accounts.access import Actor
from apps.accounts.models import Team, User
from apps.accounts.policy import Permission, allows
from apps.accounts.sessions import seen


def actor_of(request: HttpRequest) -> Actor:
    """The person of the session; behind `login_required` there is one."""
    seen(request)
    return Actor(cast(User, request.user))


def abilities(actor: Actor, team_id: object) -> set[str]:
    """The permissions of `actor` in a team as words: which buttons a page offers. The views check again."""
    return {str(p) for p in Permission if actor.can(p, team_id)}  # type: ignore[arg-type]


def own_teams(request: HttpRequest) -> dict[str, object]:
    """`{{ own_teams }}` of every template: the person's teams by name, read once and only where they are shown.
    `{{ may_create }}`: whether they may make services in one of them."""

    def found() -> list[Team]:
        rows = Team.objects.filter(memberships__user=request.user.pk).annotate(role=F("memberships__role"))
        return list(rows.order_by("name"))

    teams: Any = SimpleLazyObject(found)
    may_create = SimpleLazyObject(lambda: any(allows(team.role, Permission.WRITE_SERVICE) for team in teams))
    return {"own_teams": teams, "may_create": may_create}
