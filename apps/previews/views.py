"""Pages of previews: those of a project, one, what a person can do about it, and what a service wants."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.policy import Permission
from apps.accounts.session import abilities, actor_of
from apps.lib import pages
from apps.previews import actions
from apps.previews.access import preview_for, preview_for_writer
from apps.previews.forms import PreferenceForm
from apps.previews.models import Preview
from apps.previews.preferences import set_preference
from apps.previews.reading import shown
from apps.projects.access import project_for, service_for_writer
from workers.errors import UserError


@never_cache
@require_GET
def project_previews(request: HttpRequest, project_id: UUID) -> HttpResponse:
    """All of a project, also those that are over."""
    actor = actor_of(request)
    project = project_for(actor, project_id)
    rows = Preview.objects.filter(project=project).select_related("repository", "environment")
    found, cursor = pages.page(rows, cursor=request.GET.get("cursor", ""))
    context = {"project": project, "previews": shown(found), "cursor": cursor}
    return render(request, "previews/previews.html", {**context, "can": abilities(actor, project.team_id)})


@never_cache
@require_GET
def preview(request: HttpRequest, preview_id: UUID) -> HttpResponse:
    """One pull request: what runs of it; for htmx only what changes by itself."""
    actor = actor_of(request)
    row = preview_for(actor, preview_id)
    context = {"preview": row, "project": row.project, "shown": shown([row])[0]}
    context["can"] = abilities(actor, row.project.team_id)
    template = "_preview.html" if request.htmx else "preview.html"  # type: ignore[attr-defined]
    return render(request, f"previews/{template}", context)


@require_POST
def preview_approve(request: HttpRequest, preview_id: UUID) -> HttpResponse:
    """The commit that the page showed, which need not be the newest any more."""
    actor = actor_of(request)
    row = preview_for_writer(actor, preview_id)
    actions.approve(actor=actor, preview=row, commit=request.POST.get("commit", "")[:64])
    messages.info(request, "Approved. This commit is built and run; the next one waits again.")
    return redirect("preview", preview_id=row.pk)


@require_POST
def preview_keep(request: HttpRequest, preview_id: UUID) -> HttpResponse:
    actor = actor_of(request)
    row = actions.keep(actor=actor, preview=preview_for_writer(actor, preview_id))
    until = f" until {row.expires_at:%d %b %H:%M} UTC" if row.expires_at else ""
    messages.info(request, f"It is kept{until}, and longer with each push.")
    return redirect("preview", preview_id=row.pk)


@require_POST
def preview_redeploy(request: HttpRequest, preview_id: UUID) -> HttpResponse:
    actor = actor_of(request)
    row = actions.redeploy(actor=actor, preview=preview_for_writer(actor, preview_id))
    return redirect("preview", preview_id=row.pk)


@require_POST
def preview_delete(request: HttpRequest, preview_id: UUID) -> HttpResponse:
    actor = actor_of(request)
    row = preview_for_writer(actor, preview_id)
    actions.delete(actor=actor, preview=row)
    messages.info(request, f"The preview of pull request {row.number} is removed. A push, or Keep, brings it back.")
    return redirect("preview", preview_id=row.pk)


@require_POST
def service_previews(request: HttpRequest, service_id: UUID) -> HttpResponse:
    """What a service wants of pull requests."""
    actor = actor_of(request)
    row = service_for_writer(actor, service_id, Permission.WRITE_SERVICE)
    form = PreferenceForm(request.POST)
    if not form.is_valid():
        field, reasons = next(iter(form.errors.get_json_data().items()))
        raise UserError("preview:user:invalid-setting", f"{field}: {reasons[0]['message']}", status=422)
    set_preference(actor=actor, service=row, **form.cleaned_data)
    on = form.cleaned_data["is_on"]
    messages.info(request, "Open pull requests get their previews within a minute." if on else "Previews are off.")
    return redirect("service-settings", service_id=row.pk)
