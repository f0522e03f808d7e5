"""The Dockerfile that Slipway made for a deployment, for people to take. Not in charge of its text."""

from __future__ import annotations

import hashlib

from django.db.models import Q
from django.http import HttpResponse

from apps.accounts.access import not_found
from apps.deployments.models import Deployment
from apps.projects.models import Service
from workers.build.eject import Ejected, ejected
from workers.build.outside import OUTSIDE
from workers.build.plan import Plan
from workers.errors import UserError


def may_eject(deployment: Deployment) -> bool:
    """Whether its image is built from a plan."""
    plan = deployment.built_as
    return bool(plan) and plan.get("language") not in ("dockerfile", "image", *OUTSIDE)


def planned(service: Service) -> Deployment | None:
    """Its newest deployment that has a plan."""
    rows = Deployment.objects.filter(service=service).exclude(Q(plan={}) & (Q(build=None) | Q(build__plan={})))
    row: Deployment | None = rows.with_names().order_by("-created_at").first()
    return row


def newest_planned(service: Service) -> Deployment:
    row = planned(service)
    if row is None:
        raise _nothing("It was never looked at, so there is no plan.", "Deploy it.")
    return row


def ejected_of(deployment: Deployment) -> Ejected:
    """UserError `eject:user:...` (409) says why there is nothing to take."""
    service, plan = deployment.service, deployment.built_as
    if service.image or plan.get("language") == "image":
        raise _nothing("This service runs an image: nothing is built.", "")
    if not plan:
        raise _nothing("This deployment was not looked at, so there is no plan.", "Deploy it again.")
    names = sorted(deployment.release.variable_sources) if deployment.release else []
    scope = hashlib.sha256(str(service.pk).encode()).hexdigest()[:12]  # The same for all its deployments.
    return ejected(Plan.of(plan), folder=service.root_directory, cache_scope=f"own-{scope}", variables=names)


def file_of(found: Ejected, name: str) -> HttpResponse:
    """One of the files, to be kept. 404 when there is none of the name."""
    if name not in found.files:
        raise not_found("file")
    answer = HttpResponse(found.files[name], content_type="text/plain; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name.rpartition("/")[2]}"'
    return answer


def _nothing(message: str, hint: str) -> UserError:
    return UserError("eject:user:nothing", message, hint=hint, status=409)
