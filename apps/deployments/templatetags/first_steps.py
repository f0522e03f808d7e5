"""The first steps in small, on the list of projects, while they are not all done."""

from __future__ import annotations

from typing import Any

from django import template

from apps.accounts.installation import installation, is_operator
from apps.accounts.session import actor_of
from apps.deployments.first_run import first_run

register = template.Library()


@register.inclusion_tag("deployments/_first_steps.html", takes_context=True)
def first_steps(context: dict[str, Any]) -> dict[str, Any]:
    """One query once they are dismissed; six for operators while they are not, none for others."""
    actor = actor_of(context["request"])
    is_wanted = is_operator(actor) and installation().checklist_dismissed_at is None
    run = first_run(actor) if is_wanted else None
    return {"run": run if run and not run.is_over else None, "csrf_token": context.get("csrf_token")}
