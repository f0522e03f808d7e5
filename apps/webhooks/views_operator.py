"""Deliveries for operators: a list to search, one with what it said and led to, once more. For others they do not exist."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.access import Actor
from apps.accounts.installation import require_operator_page
from apps.accounts.session import actor_of
from apps.lib import pages
from apps.webhooks import actions
from apps.webhooks.models import State
from apps.webhooks.queries import Search, catching_up, deliveries, delivery_for, events_seen
from apps.webhooks.shown import pretty


def _operator(request: HttpRequest) -> Actor:
    actor = actor_of(request)
    require_operator_page(actor)
    return actor


@never_cache
@require_GET
def delivery_list(request: HttpRequest) -> HttpResponse:
    """Newest first; `?q=`, `?event=` and `?state=` narrow them."""
    _operator(request)
    search = Search.of(request.GET)
    rows, cursor = pages.page(search.of_rows(deliveries()), cursor=request.GET.get("cursor", ""))
    last_look, caught_up = catching_up()
    context = {
        "rows": rows,
        "cursor": cursor,
        "search": search,
        "events": events_seen(),
        "states": State.choices,
        "last_look": last_look,
        "caught_up": caught_up,
    }
    return render(request, "webhooks/deliveries.html", context)


@never_cache
@require_GET
def delivery(request: HttpRequest, delivery_id: UUID) -> HttpResponse:
    actor = _operator(request)
    row = delivery_for(actor, delivery_id)
    outcomes = row.outcomes.select_related("service__project", "environment", "deployment").order_by("created_at")
    context = {"delivery": row, "outcomes": outcomes, "payload": pretty(row.payload)}
    return render(request, "webhooks/delivery.html", context)


@require_POST
def delivery_replay(request: HttpRequest, delivery_id: UUID) -> HttpResponse:
    actor = _operator(request)
    made = actions.replay(actor=actor, delivery=delivery_for(actor, delivery_id))
    messages.info(request, "It is being handled once more.")
    return redirect("delivery", delivery_id=made.pk)
