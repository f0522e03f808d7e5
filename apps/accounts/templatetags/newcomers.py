"""What somebody sees who is signed in and in no team."""

from __future__ import annotations

from typing import Any

from django import template
from django.template import RequestContext

from apps.accounts.newcomers import whom_to_ask
from apps.accounts.session import actor_of
from apps.accounts.teams import may_make_teams

register = template.Library()


@register.inclusion_tag("accounts/_no_team.html", takes_context=True)
def no_team(context: RequestContext) -> dict[str, Any]:
    """Four queries, and none where it is not shown."""
    request = context["request"]
    actor = actor_of(request)
    return {
        "person": actor.user,
        "may_make_teams": may_make_teams(actor),
        "whom": whom_to_ask(for_people=True),
        "request": request,
    }
