"""Where a service's code comes from: connect it to GitHub, disconnect it, its address, its token, its deploy key."""

from __future__ import annotations

import copy
from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.access import Actor, not_found
from apps.accounts.policy import Permission
from apps.accounts.session import abilities, actor_of
from apps.deployments.ejecting import may_eject, planned
from apps.deployments.picker import picker_of
from apps.deployments.sources import change_service, source_of
from apps.github.choices import choice_for
from apps.github.connections import connect, disconnect
from apps.lib.forms import said_at, status_of
from apps.projects.access import service_for, service_for_writer
from apps.projects.forms_source import AddressForm, ImageForm
from apps.projects.models import Service
from apps.projects.source_keys import forget_host_key, renew_key

NEXT = "It takes effect with the next deployment."


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def service_source(request: HttpRequest, service_id: UUID) -> HttpResponse:
    """What it is; POST gives it another address, token or branch."""
    actor = actor_of(request)
    row = service_for(actor, service_id)
    if request.method == "POST":
        row = service_for_writer(actor, service_id, Permission.WRITE_SERVICE)
    is_image = "image" in request.POST
    form = AddressForm(None if is_image else request.POST or None, instance=copy.copy(row))
    image_form = ImageForm(request.POST if is_image else None, initial={"image": row.image})
    sent = image_form if is_image else form
    if request.method == "POST" and sent.is_valid():
        with said_at(sent, "image" if is_image else "source_url"):
            changes = image_form.cleaned_data if is_image else form.changes()
            change_service(actor=actor, service=row, **changes)
            messages.info(request, f"Saved. {NEXT}")
            return redirect("service-source", service_id=row.pk)
    can = abilities(actor, row.team_id)
    picker = picker_of(actor, request.GET, service=row, may_ask=bool(request.GET)) if "write_service" in can else None
    context = {"service": row, "source": source_of(row), "form": form, "image_form": image_form, "picker": picker}
    newest = None if row.image else planned(row)
    told = {"can": can, "may_eject": newest is not None and may_eject(newest)}
    return render(request, "deployments/source.html", {**context, **told}, status=status_of(sent))


@never_cache
@require_GET
def source_repositories(request: HttpRequest, service_id: UUID) -> HttpResponse:
    """The list alone, for htmx; any other browser gets the page that it stands on."""
    actor = actor_of(request)
    row = service_for_writer(actor, service_id, Permission.WRITE_SERVICE)
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect("service-source", service_id=row.pk)
    picker = picker_of(actor, request.GET, service=row)
    return render(request, "deployments/_repositories.html", {"picker": picker})


@require_POST
def source_connect(request: HttpRequest, service_id: UUID) -> HttpResponse:
    actor = actor_of(request)
    row = service_for_writer(actor, service_id, Permission.WRITE_SERVICE)
    number = request.POST.get("repository", "")
    if not (number.isdecimal() and len(number) < 19):
        raise not_found("repository")
    made = connect(actor=actor, service=row, choice=choice_for(actor, int(number)))
    silence = "" if made.may_tell else " You may not push there, so GitHub is told nothing of it."
    return _done(request, row, f"Connected to {made.repository.full_name}. {NEXT}{silence}")


@require_POST
def source_disconnect(request: HttpRequest, service_id: UUID) -> HttpResponse:
    return _changed(request, service_id, disconnect, "Disconnected from GitHub: pushes deploy nothing any more.")


@require_POST
def source_forget_host(request: HttpRequest, service_id: UUID) -> HttpResponse:
    return _changed(request, service_id, forget_host_key, "Forgotten. The next fetch pins the key that it meets.")


@require_POST
def source_renew_key(request: HttpRequest, service_id: UUID) -> HttpResponse:
    return _changed(request, service_id, renew_key, "Made. Give the new public key to the repository.")


def _changed(request: HttpRequest, service_id: UUID, action: Callable[..., Service], words: str) -> HttpResponse:
    actor: Actor = actor_of(request)
    row = service_for_writer(actor, service_id, Permission.WRITE_SERVICE)
    return _done(request, action(actor=actor, service=row), words)


def _done(request: HttpRequest, row: Service, words: str) -> HttpResponse:
    messages.info(request, words)
    return redirect("service-source", service_id=row.pk)
