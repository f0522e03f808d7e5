"""Rows of feedback for tests that never ask GitHub."""

from __future__ import annotations

from apps.deployments.models import Deployment
from apps.feedback.models import Told
from apps.github.models import Repository


def make_told(deployment: Deployment) -> Told:
    """As if a deployment waited for GitHub."""
    repository, _ = Repository.objects.get_or_create(github_id=4711, defaults={"full_name": "octo/shop"})
    row, _ = Told.objects.get_or_create(
        deployment_key=deployment.pk,
        defaults={
            "repository": repository, "deployment": deployment, "service_name": "shop/web", "number": deployment.number,
            "commit": deployment.commit, "context": "slipway/shop/web", "environment": "production",
        },
    )  # fmt: skip
    return row
