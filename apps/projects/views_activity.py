"""Who did what to a project or a service."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.accounts.activity import activity_context
from apps.accounts.models import ActivityEvent
from apps.accounts.session import actor_of
from apps.projects.access import project_for, service_for
from apps.projects.models import Domain, Service, Volume


@require_GET
def service_activity(request: HttpRequest, service_id: UUID) -> HttpResponse:
    """Its own, and that of its domains and volumes."""
    row = service_for(actor_of(request), service_id)
    mine = Q(subject_id=row.pk) | _parts(service=row)
    context = activity_context(request, ActivityEvent.objects.filter(mine, team=row.team_id))
    return render(request, "accounts/activity.html", {"service": row, "team": row.project.team, **context})


@require_GET
def project_activity(request: HttpRequest, project_id: UUID) -> HttpResponse:
    """Its own, and that of everything in it."""
    row = project_for(actor_of(request), project_id)
    services = Q(subject_id__in=Service.objects.filter(project=row).values("pk"))
    volumes = Q(subject_id__in=Volume.objects.filter(project=row).values("pk"))
    mine = Q(subject_id=row.pk) | services | volumes | _parts(service__project=row)
    context = activity_context(request, ActivityEvent.objects.filter(mine, team=row.team_id))
    return render(request, "accounts/activity.html", {"project": row, "team": row.team, **context})


def _parts(**of: object) -> Q:
    domains = Domain.objects.filter(**of).values("pk")
    volumes = Volume.objects.filter(**of).values("pk")
    return Q(subject_id__in=domains) | Q(subject_id__in=volumes)
