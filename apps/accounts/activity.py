"""A page of activity, by who and by what. Which rows may be seen is the caller's."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpRequest

from apps.accounts.models import ActivityEvent
from apps.lib import pages

KINDS = {
    "service": "Services",
    "project": "Projects",
    "domain": "Domains",
    "volume": "Volumes",
    "user": "People",
    "invitation": "Invitations",
    "team": "The team",
    "installation": "The installation",
}


def activity_context(request: HttpRequest, rows: QuerySet[ActivityEvent]) -> dict[str, Any]:
    """Events, filters and the address of the older ones. Three queries."""
    who, kind = request.GET.get("who", "")[:100], request.GET.get("kind", "")
    people = list(rows.order_by("actor_name").values_list("actor_name", flat=True).distinct()[:100])
    found = rows.filter(actor_name=who) if who else rows
    found = found.filter(subject_type=kind) if kind in KINDS else found
    events, cursor = pages.page(found, cursor=request.GET.get("cursor", ""))
    kept = {name: value for name, value in (("who", who), ("kind", kind)) if value}
    return {
        "events": events,
        "older": f"?{urlencode({**kept, 'cursor': cursor})}" if cursor else "",
        "people": people,
        "kinds": KINDS,
        "who": who,
        "kind": kind,
        "is_filtered": bool(kept),
    }
