"""Going back to an earlier release: what it undoes, what comes back and what does not."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from apps.accounts.access import Actor
from apps.accounts.session import actor_of
from apps.deployments import actions
from apps.deployments.access import deployment_for_writer, release_for
from apps.deployments.models import Deployment, Release, live_release

SHOWN = 10


@never_cache
@require_http_methods(["GET", "POST"])
def release_rollback(request: HttpRequest, release_id: UUID) -> HttpResponse:
    """POST does it; for a release that is no longer kept it builds that commit again instead."""
    actor = actor_of(request)
    release = release_for(actor, release_id)
    row = deployment_for_writer(actor, _newest(release).pk)
    if request.method == "POST":
        made = _go_back(actor, row, release, pause=bool(request.POST.get("pause")))
        return redirect("deployment", deployment_id=made.pk)
    serving = live_release(row.service_id, row.environment_id)
    undone = undone_by(release)
    context = {
        "service": row.service,
        "release": release,
        "serving": serving,
        "is_serving": serving is not None and serving.pk == release.pk,
        "undone": undone[:SHOWN],
        "more": max(0, len(undone) - SHOWN),
        "count": len(undone),
        "changed": _changed_names(release, serving),
        "kept": row.service.releases_kept,
    }
    return render(request, "deployments/rollback.html", context)


def _go_back(actor: Actor, row: Deployment, release: Release, *, pause: bool) -> Deployment:
    if release.pruned_at is not None:
        return actions.deploy(actor=actor, service=row.service, environment=row.environment, commit=release.commit)
    return actions.rollback(actor=actor, deployment=row, release_id=release.pk, pause_auto_deploy=pause)


def undone_by(release: Release) -> list[Deployment]:
    """What went live after `release` did, newest first, each commit once."""
    mine = Deployment.objects.filter(service=release.service_id, environment=release.environment_id)
    first = mine.filter(release=release, live_at__isnull=False).order_by("live_at").first()
    if first is None:
        return []
    later = mine.filter(live_at__gt=first.live_at).exclude(commit=release.commit).with_names().order_by("-live_at")
    found: dict[str, Deployment] = {}
    for row in later[:200]:
        found.setdefault(row.commit, row)
    return list(found.values())


def _newest(release: Release) -> Deployment:
    """A release is made by a deployment, so there is always one."""
    rows = Deployment.objects.filter(service=release.service, environment=release.environment)
    return rows.latest("created_at")


def _changed_names(release: Release, serving: Release | None) -> list[str]:
    """Names of the variables that a rollback changes; values stay unsaid."""
    now, then = (serving.variables if serving else {}), release.variables
    return sorted(name for name in {*now, *then} if now.get(name) != then.get(name))
