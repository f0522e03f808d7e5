"""A deployment that a person has just started, told as a toast that takes it back."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import reverse

from apps.deployments.models import Deployment
from apps.lib.undo import Undo, told


def tell_started(request: HttpRequest, deployment: Deployment) -> None:
    """Cancelling leaves what serves as it is, so it truly undoes."""
    cancel = Undo(reverse("deployment-cancel", args=[deployment.pk]), {})
    what = f"{deployment.service} {deployment.branch}".strip()
    told(request, f"Deploying {what}.", undo=cancel)
