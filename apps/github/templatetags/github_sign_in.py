"""The button that leads to GitHub, and what is linked. They are shown only where GitHub is connected."""

from __future__ import annotations

from typing import Any

from django import template
from django.template import RequestContext

from apps.github.app import the_app
from apps.github.models import Identity
from apps.lib.middleware import allow

register = template.Library()


@register.inclusion_tag("github/_sign_in.html", takes_context=True)
def github_button(
    context: RequestContext, label: str, next: str = "", invitation: str = "", kind: str = ""
) -> dict[str, Any]:
    """The form leads to GitHub by a redirect, which browsers hold against `form-action` too."""
    app = the_app()
    if app is not None:
        allow(context["request"], "form-action", app.web_url)
    return {"app": app, "label": label, "next": next, "invitation": invitation, "kind": kind}


@register.inclusion_tag("github/_linked.html", takes_context=True)
def linked_github(context: RequestContext) -> dict[str, Any]:
    """A card of the profile: two queries."""
    request = context["request"]
    row = Identity.objects.filter(user=request.user).first()
    if row is not None and row.avatar_url:
        allow(request, "img-src", row.avatar_url)
    return {"identity": row, "app": the_app(), "request": request}
