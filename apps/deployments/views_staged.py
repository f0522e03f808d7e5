"""Changes that are not live: the bar, what they are, taking them back. Deploying them is `views_service.service_deploy`."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.policy import Permission
from apps.accounts.session import abilities, actor_of
from apps.deployments.discard import discard_changes
from apps.deployments.durations import about
from apps.deployments.icons import icon_at
from apps.deployments.presentation import Health
from apps.deployments.staged import Staged, staged_of
from apps.deployments.staged_changes import Change
from apps.lib.undo import told
from apps.projects.access import service_for, service_for_writer
from apps.projects.environments import environment_asked, query_of
from apps.projects.models import Environment, Service


@never_cache
@require_GET
def changes(request: HttpRequest, service_id: UUID) -> HttpResponse:
    """What would change with the next deployment; for htmx only the bar."""
    actor = actor_of(request)
    row = service_for(actor, service_id)
    can = abilities(actor, row.team_id)
    where = environment_asked(request.GET, row.project)
    staged = staged_of(row, where, may_read=Permission.WRITE_VARIABLES in can)
    # htmx names its target with the tag: "div#staged".
    is_bar = request.htmx and str(request.htmx.target).rpartition("#")[2] == "staged"  # type: ignore[attr-defined]
    template = "projects/_staged.html" if is_bar else "projects/changes.html"
    return render(request, template, {"service": row, "environment": where, "can": can, **bar_of(staged, row, where)})


@require_POST
def changes_discard(request: HttpRequest, service_id: UUID) -> HttpResponse:
    actor = actor_of(request)
    row = service_for_writer(actor, service_id, Permission.WRITE_VARIABLES)
    where = environment_asked(request.GET, row.project)
    names = discard_changes(actor=actor, service=row, environment=where)
    told(request, f"{', '.join(names)}: as the live release has {'it' if len(names) == 1 else 'them'} again.")
    return redirect(reverse("variables", args=[row.pk]) + query_of(where))


def bar_of(staged: Staged, service: Service, environment: Environment, health: Health | None = None) -> dict[str, Any]:
    """The words of the bar, and the icon of the page that it is on, which may know the health."""
    return {
        "staged": staged,
        "icon": icon_at(service, environment, staged, health),
        "staged_title": title_of(staged),
        "staged_note": note_of(staged),
        "staged_seconds": about(staged.seconds),
        "discarded": ", ".join(change.name for change in staged.changes if change.can_discard),
    }


def title_of(staged: Staged) -> str:
    what = "1 change" if staged.count == 1 else f"{staged.count} changes"
    if staged.problems:
        return "The next deployment would be refused"
    if not staged.changes:
        return "Everything is live" if staged.live else "Nothing is live yet"
    verb = "is" if staged.count == 1 else "are"
    return f"{what} on the way" if staged.coming else f"{what} {verb} not live"


def note_of(staged: Staged) -> str:
    """`BANK_TIMEOUT_SECONDS 5 → 8` for a single one, names for some."""
    if staged.problems:
        return staged.problems[0].message
    if staged.count == 1:
        return _words(staged.changes[0])
    return ", ".join(change.name for change in staged.changes[:4]) + (" and more" if staged.count > 4 else "")


def _words(change: Change) -> str:
    if change.is_secret or (change.old is None and change.new is None):
        return f"{change.name} {change.kind}"
    if change.kind == "changed":
        return f"{change.name} {_short(change.old)} → {_short(change.new)}"
    return f"{change.name} {change.kind}"


def _short(value: str | None) -> str:
    text = " ".join((value or "").split())
    return "empty" if not text else text if len(text) <= 24 else f"{text[:23]}…"
