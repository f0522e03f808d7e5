"""Deliveries about pull requests: each service that one concerns gets its outcome. What follows is `apps.previews`'s."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from apps.deployments.models import Deployment
from apps.previews import events
from apps.webhooks.forges.base import number, part, text
from apps.webhooks.models import Delivery, Kind, Outcome
from apps.webhooks.push import PULL


def follow(delivery: Delivery, payload: dict[str, Any]) -> str:
    """Why no service follows, when none does."""
    return events.pull_request(payload, _keeper(delivery, payload))


def follow_review(delivery: Delivery, payload: dict[str, Any]) -> str:
    return events.pull_request_review(payload, _keeper(delivery, payload))


def _keeper(delivery: Delivery, payload: dict[str, Any]) -> Callable[[events.Followed], None]:
    """In the transaction that made the deployment; a delivery that is handled again has its outcomes already."""
    told = {
        "ref": f"{PULL}{number(part(payload, 'pull_request', 'number')) or 0}/head",
        "commit": text(part(payload, "pull_request", "head", "sha"), 64),
        "message": text(part(payload, "pull_request", "title"), 300),
        "author": text(part(payload, "pull_request", "user", "login"), 200),
    }

    def keep(followed: events.Followed) -> None:
        row: Deployment | None = followed.deployment
        if row is not None:
            what = {"kind": Kind.DEPLOYED, "deployment": row, "actor": row.actor, "actor_name": row.actor_name}
        else:
            what = {"kind": Kind.SKIPPED, "code": followed.code, "reason": followed.reason[:400]}
        mine = {"delivery": delivery, "service_id": followed.service_id}
        Outcome.objects.get_or_create(**mine, defaults={**told, **what})

    return keep
