"""A service's own webhook, for servers that no App connects: what to paste where, its secret once, a new one, its end."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.access import Actor, not_found
from apps.accounts.policy import Permission
from apps.accounts.session import abilities, actor_of
from apps.projects.access import service_for, service_for_writer
from apps.projects.models import Service
from apps.webhooks import actions
from apps.webhooks.forges import FORGES
from apps.webhooks.models import Hook
from apps.webhooks.queries import hook_of, url_of_hook


@never_cache
@require_http_methods(["GET", "POST"])
def hook(request: HttpRequest, service_id: UUID) -> HttpResponse:
    """POST makes one for the server `forge`; its secret stands in that answer and nowhere else."""
    actor = actor_of(request)
    if request.method == "GET":
        return _page(request, actor, service_for(actor, service_id))
    service = service_for_writer(actor, service_id, Permission.WRITE_SERVICE)
    _, secret = actions.make_hook(actor=actor, service=service, forge=request.POST.get("forge", ""))
    return _page(request, actor, service, secret)


@never_cache
@require_POST
def hook_rotate(request: HttpRequest, service_id: UUID) -> HttpResponse:
    actor = actor_of(request)
    service = service_for_writer(actor, service_id, Permission.WRITE_SERVICE)
    return _page(request, actor, service, actions.rotate_hook(actor=actor, hook=existing_hook(service)))


@require_POST
def hook_remove(request: HttpRequest, service_id: UUID) -> HttpResponse:
    actor = actor_of(request)
    service = service_for_writer(actor, service_id, Permission.WRITE_SERVICE)
    actions.remove_hook(actor=actor, hook=existing_hook(service))
    return redirect("hook", service_id=service.pk)


def existing_hook(service: Service) -> Hook:
    row = hook_of(service)
    if row is None:
        raise not_found("webhook")
    return row


def _page(request: HttpRequest, actor: Actor, service: Service, secret: str = "") -> HttpResponse:
    row = hook_of(service)
    context = {
        "service": service,
        "hook": row,
        "secret": secret,
        "url": url_of_hook(row) if row else "",
        "paste": FORGES[row.forge].paste(url_of_hook(row)) if row else [],
        "last": row.deliveries.defer("payload").order_by("-created_at").first() if row else None,
        "forges": FORGES.values(),
        "can": abilities(actor, service.team_id),
    }
    return render(request, "webhooks/hook.html", context)
