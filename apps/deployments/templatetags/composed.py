"""What came of changes of a compose file, on the page of a deployment."""

from __future__ import annotations

from typing import Any

from django import template

from apps.deployments.adopting import notes_of
from apps.deployments.presentation import Pill

register = template.Library()

PILLS = {
    "changed": Pill("live", "Taken"),
    "kept": Pill("rest", "Yours stays"),
    "told": Pill("warn", "For you to do"),
    "new": Pill("work", "New"),
    "gone": Pill("warn", "Gone"),
}


@register.inclusion_tag("deployments/_composed.html", takes_context=True)
def composed_of(context: template.RequestContext) -> dict[str, Any]:
    """Nothing is shown where nothing changed."""
    deployment = context["deployment"]
    notes = notes_of(deployment)
    return {
        "service": deployment.service,
        "can": context.get("can", ()),
        "csrf_token": context.get("csrf_token"),
        "notes": [(one, PILLS[one.kind]) for one in notes],
        "may_add": any(one.kind in ("new", "told") for one in notes),
    }
