"""The living page of components, for those who develop Slipway."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.accounts.access import not_found
from apps.deployments.models import Deployment
from apps.deployments.presentation import Segment
from apps.deployments.states import Status
from apps.lib.undo import Undo, told
from apps.projects.forms import NameForm


@require_GET
def styleguide(request: HttpRequest) -> HttpResponse:
    """404 but in development."""
    if not settings.SLIPWAY.debug:
        raise not_found("page")
    if request.GET.get("toast"):
        told(request, "shop.example.com is no longer routed.", undo=Undo(request.path, {}))
    context = {
        "slip": [
            Segment("Fetch", "done", 4, "1.1 s"),
            Segment("Build", "now", 20, "24.3 s"),
            Segment("Release", "bad", 8, "exit code 1"),
            Segment("Health", "", 4, "not reached"),
        ],
        "form": NameForm({"name": ""}),
        "at": timezone.now() - timedelta(minutes=12),
        "kinds": ["live", "work", "warn", "fail", "rest"],
        "icons": ["live", "work", "warn", "fail", "rest", "more", "lock"],
        "rows": [Deployment(number=number, status=status) for number, status in enumerate(Status, 1)],
    }
    return render(request, "styleguide.html", context)
