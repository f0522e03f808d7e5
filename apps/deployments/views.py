"""One deployment: its page, its log, and what a person can do about it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.access import Actor
from apps.accounts.session import abilities, actor_of
from apps.deployments import actions, outcome
from apps.deployments.access import deployment_for, deployment_for_writer
from apps.deployments.icons import icon_of
from apps.deployments.inspections import sbom_file
from apps.deployments.log_page import log_page
from apps.deployments.mending import mend
from apps.deployments.models import Deployment, LogStream
from apps.deployments.presentation import health_of, pill_of, slip_of, title_of
from apps.deployments.queries import commit_before, live_of, state_of, url_of
from apps.deployments.remedies import remedy_of
from apps.deployments.settings_told import described
from apps.deployments.started import tell_started
from apps.deployments.states import ACTIVE, Status
from apps.deployments.why_waiting import why_waiting
from apps.projects.environments import query_of


@never_cache
@require_GET
def deployment(request: HttpRequest, deployment_id: UUID) -> HttpResponse:
    """The page; for htmx only what changes while it runs."""
    actor = actor_of(request)
    row = deployment_for(actor, deployment_id)
    context = _status(actor, row)
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "deployments/_deployment_status.html", context)
    stream = LogStream.objects.filter(deployment=row).first()
    log = log_page(request, stream, reverse("deployment-log", args=[row.pk]))
    return render(request, "deployments/deployment.html", {**context, **log, "is_ended": row.is_finished})


def _status(actor: Actor, row: Deployment) -> dict[str, Any]:
    is_live, slip, remedy = row.status == Status.LIVE, slip_of(row), remedy_of(row)
    health = health_of(row, row, state_of(row.service, row.environment)) if is_live else None
    pill = health.pill if health else pill_of(row)
    return {
        "deployment": row,
        "service": row.service,
        "environment": row.environment,
        "environment_query": query_of(row.environment),
        "slip": slip,
        "is_begun": any(segment.step for segment in slip),
        "title": title_of(row, slip),
        "pill": pill,
        "health": health,
        "status": icon_of({pill.kind}),
        "settings": described(row.release.spec) if row.release else {},
        "url": url_of(row.service, row.environment),
        "since": commit_before(row),
        "can": abilities(actor, row.service.team_id),
        "waits": why_waiting(row),
        "remedy": remedy,
        "may_mend": remedy is not None and remedy.is_for(actor, row),
        "is_running": row.status in ACTIVE or row.status == Status.PENDING,
        "serving": None if is_live else live_of(row.service, row.environment),
        "before": outcome.release_before(row) if is_live else None,
        "is_current": is_live,
    }


@never_cache
@require_GET
def deployment_sbom(request: HttpRequest, deployment_id: UUID) -> HttpResponse:
    """The list of what is in its image, as a file."""
    return sbom_file(deployment_for(actor_of(request), deployment_id))


@require_POST
def deployment_cancel(request: HttpRequest, deployment_id: UUID) -> HttpResponse:
    actor = actor_of(request)
    row = deployment_for_writer(actor, deployment_id)
    actions.cancel(actor=actor, deployment=row)
    return redirect("deployment", deployment_id=row.pk)


@require_POST
def deployment_again(request: HttpRequest, deployment_id: UUID) -> HttpResponse:
    """What is deployed there by itself once more, as a rule the branch's head; `no_cache` builds it from nothing."""
    actor = actor_of(request)
    row = deployment_for_writer(actor, deployment_id)
    made = actions.deploy(
        actor=actor,
        service=row.service,
        environment=row.environment,
        no_cache=bool(request.POST.get("no_cache")),
    )
    tell_started(request, made)
    return redirect("deployment", deployment_id=made.pk)


@require_POST
def deployment_mend(request: HttpRequest, deployment_id: UUID) -> HttpResponse:
    """The setting that its failure names is changed, and it is deployed again."""
    actor = actor_of(request)
    made = mend(actor=actor, deployment=deployment_for_writer(actor, deployment_id))
    tell_started(request, made)
    return redirect("deployment", deployment_id=made.pk)
