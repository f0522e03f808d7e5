"""Rotate keys in the admin, an action of the installation: asked first, then done as `manage.py rotate_keys` does."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from apps.accounts.access import Actor
from apps.accounts.installation import note
from apps.accounts.models import Installation
from apps.lib.encryption import known_keys
from apps.lib.rotation import rotate_all


@admin.action(description="Rotate keys: encrypt every stored value anew", permissions=["view"])
def rotate_keys(page: Any, request: HttpRequest, rows: QuerySet[Installation]) -> HttpResponse | None:
    """With one key alone there is nothing to do: the page says how to add another."""
    if request.POST.get("confirmed") and len(known_keys()) > 1:
        count = rotate_all()
        note(Actor(request.user), "rotated the keys")  # type: ignore[arg-type]
        messages.success(
            request,
            f"{count} values are encrypted with the newest key. The older ones may go from SLIPWAY_VARIABLE_KEYS.",
        )
        return None
    context = {
        **page.admin_site.each_context(request),
        "title": "Rotate keys",
        "opts": page.opts,
        "keys": len(known_keys()),
        "rows": rows,
    }
    return TemplateResponse(request, "admin/rotate_keys.html", context)
