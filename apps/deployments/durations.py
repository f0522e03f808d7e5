"""How long a service's deployments usually take, from its last ones. Read only."""

from __future__ import annotations

from statistics import median

from apps.deployments.models import Deployment
from apps.deployments.states import IMAGE_STEPS, StepStatus
from apps.projects.models import Environment, Service

LAST = 5
OF_THE_BUILD = ("fetch", "analyze", "build")
BEFORE_RELEASE = (*OF_THE_BUILD, "pull", *IMAGE_STEPS)


def usual_seconds(service: Service, environment: Environment, *, with_build: bool) -> float | None:
    """From the start of the work until live; None while nobody knows. Two queries."""
    rows = Deployment.objects.filter(
        service=service, environment=environment, live_at__isnull=False, started_at__isnull=False, rollback_of=None
    )
    took = []
    for row in rows.order_by("-number").prefetch_related("steps")[: LAST * 2]:
        steps = [step for step in row.steps.all() if step.name in BEFORE_RELEASE]
        has_built = any(step.name in ("build", "pull") and step.status == StepStatus.SUCCEEDED for step in steps)
        whole = row.duration.total_seconds() if row.duration else 0.0
        if with_build and has_built:
            took.append(whole)
        elif not with_build:
            took.append(max(0.0, whole - sum(s.duration.total_seconds() for s in steps if s.duration)))
    return median(took[:LAST]) if took else None


def about(seconds: float | None) -> str:
    """`about 12 s`, `about 2 min`; "" when nobody knows."""
    if seconds is None:
        return ""
    return f"about {max(1, round(seconds))} s" if seconds < 90 else f"about {round(seconds / 60)} min"
