"""One deployment: its page, its log, and what a person can do about it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.access import Actor
from apps.accounts.session import abilities, actor_of
from apps.deployments import actions, logs, outcome
from apps.deployments.access import deployment_for, deployment_for_writer, release_for
from apps.deployments.forms import whole_number
from apps.deployments.logtext import first_view
from apps.deployments.models import Deployment, LogStream, Release, live_release
from apps.deployments.presentation import slip_of, title_of
from apps.deployments.queries import live_of, url_of
from apps.deployments.states import ACTIVE, Status


@never_cache
@require_GET
def deployment(request: HttpRequest, deployment_id: UUID) -> HttpResponse:
    """The page; for htmx only what changes while it runs."""
    actor = actor_of(request)
    row = deployment_for(actor, deployment_id)
    context = _status(actor, row)
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "deployments/_deployment_status.html", context)
    before = whole_number(request.GET.get("before"))
    lines = first_view(LogStream.objects.filter(deployment=row).first(), before)
    return render(request, "deployments/deployment.html", {**context, "lines": lines, "is_earlier": before is not None})


def _status(actor: Actor, row: Deployment) -> dict[str, Any]:
    live, slip = live_of(row.service), slip_of(row)
    return {
        "deployment": row,
        "service": row.service,
        "slip": slip,
        "title": title_of(row, slip),
        "url": url_of(row.service),
        "can": abilities(actor, row.service.team_id),
        "is_running": row.status in ACTIVE or row.status == Status.PENDING,
        "serving": live if live and live.pk != row.pk else None,
        "before": outcome.release_before(row) if row.status == Status.LIVE else None,
        "is_current": row.status == Status.LIVE,
    }


@never_cache
@require_GET
def deployment_log(request: HttpRequest, deployment_id: UUID) -> HttpResponse:
    """What the socket gives, for those without one: `{"lines", "last", "finished"}`."""
    row = deployment_for(actor_of(request), deployment_id)
    return log_answer(request, LogStream.objects.filter(deployment=row).first(), finished=row.is_finished)


def log_answer(request: HttpRequest, stream: LogStream | None, *, finished: bool) -> JsonResponse:
    """Lines numbered above `after`, at most `limit` (1000) of them."""
    after = whole_number(request.GET.get("after")) or 0
    limit = min(whole_number(request.GET.get("limit")) or 1000, 1000)
    lines = logs.read(stream, after, limit=limit) if stream else []
    last = lines[-1].seq if lines else after
    return JsonResponse({"lines": [line.as_dict() for line in lines], "last": last, "finished": finished})


@require_POST
def deployment_cancel(request: HttpRequest, deployment_id: UUID) -> HttpResponse:
    actor = actor_of(request)
    row = deployment_for_writer(actor, deployment_id)
    actions.cancel(actor=actor, deployment=row)
    return redirect("deployment", deployment_id=row.pk)


@require_POST
def deployment_again(request: HttpRequest, deployment_id: UUID) -> HttpResponse:
    """The branch's head once more; `no_cache` builds it from nothing."""
    actor = actor_of(request)
    row = deployment_for_writer(actor, deployment_id)
    made = actions.deploy(
        actor=actor,
        service=row.service,
        environment=row.environment,
        no_cache=bool(request.POST.get("no_cache")),
    )
    return redirect("deployment", deployment_id=made.pk)


@never_cache
@require_http_methods(["GET", "POST"])
def release_rollback(request: HttpRequest, release_id: UUID) -> HttpResponse:
    """Says what comes back and what does not; POST does it."""
    actor = actor_of(request)
    release = release_for(actor, release_id)
    newest = _newest(release)
    row = deployment_for_writer(actor, newest.pk)
    if request.method == "POST":
        made = actions.rollback(actor=actor, deployment=row, release_id=release.pk)
        return redirect("deployment", deployment_id=made.pk)
    context = {
        "service": row.service,
        "release": release,
        "serving": live_release(row.service_id, row.environment_id),
        "changed": _changed_names(release, live_release(row.service_id, row.environment_id)),
    }
    return render(request, "deployments/rollback.html", context)


def _newest(release: Release) -> Deployment:
    """A release is made by a deployment, so there is always one."""
    rows = Deployment.objects.filter(service=release.service, environment=release.environment)
    return rows.latest("created_at")


def _changed_names(release: Release, serving: Release | None) -> list[str]:
    """Names of the variables that a rollback changes; values stay unsaid."""
    now, then = (serving.variables if serving else {}), release.variables
    return sorted(name for name in {*now, *then} if now.get(name) != then.get(name))
