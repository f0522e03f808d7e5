"""What people do with webhooks: give a service one of its own, change its secret, take it away; replay a delivery."""

from __future__ import annotations

import base64
import secrets
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.accounts.access import Actor
from apps.accounts.actions import record
from apps.accounts.installation import note, require_operator
from apps.accounts.policy import Permission
from apps.lib import wake
from apps.projects.models import Service
from apps.webhooks import bell
from apps.webhooks.forges import FORGES
from apps.webhooks.genuine import OLD_SECRET_LIFE
from apps.webhooks.models import Delivery, Hook
from workers.errors import UserError

COPIED = (
    "forge", "hook", "event", "action", "installation_id", "repository_id", "repository_name", "ref", "payload", "is_cut",
)  # fmt: skip


def make_secret() -> str:
    """In the form of Standard Webhooks, which is a good secret everywhere."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


@transaction.atomic
def make_hook(*, actor: Actor, service: Service, forge: str) -> tuple[Hook, str]:
    """A webhook of the service's own and its secret, which is told here and never again. Replaces one that it has."""
    actor.require(Permission.WRITE_SERVICE, service.team_id)
    if forge not in FORGES:
        raise UserError(
            "webhooks:user:forge", f"There is no {forge[:40]!r} here.", hint=f"One of {', '.join(FORGES)}.", status=422
        )
    Hook.objects.filter(service=service).delete()
    secret = make_secret()
    row = Hook.objects.create(service=service, forge=forge, secret=secret)
    record(actor=actor, team_id=service.team_id, verb="made a webhook for", subject=service, forge=forge)
    return row, secret


@transaction.atomic
def rotate_hook(*, actor: Actor, hook: Hook) -> str:
    """A new secret, told once. The old one is good for an hour, so that nothing is lost while it is pasted."""
    service = hook.service
    actor.require(Permission.WRITE_SERVICE, service.team_id)
    secret, now = make_secret(), timezone.now()
    hook.old_secret, hook.old_until = hook.secret, now + OLD_SECRET_LIFE
    hook.secret, hook.rotated_at = secret, now
    hook.save(update_fields=["secret", "old_secret", "old_until", "rotated_at"])
    record(actor=actor, team_id=service.team_id, verb="changed the webhook secret of", subject=service)
    return secret


@transaction.atomic
def remove_hook(*, actor: Actor, hook: Hook) -> None:
    """What it told goes too; deployments stay."""
    service = hook.service
    actor.require(Permission.WRITE_SERVICE, service.team_id)
    record(actor=actor, team_id=service.team_id, verb="removed the webhook of", subject=service)
    hook.delete()


@transaction.atomic
def replay(*, actor: Actor, delivery: Delivery) -> Delivery:
    """The same once more, as a delivery of its own. An older push still never takes the place of a newer one."""
    require_operator(actor, "replay deliveries")
    if not delivery.payload:
        raise UserError(
            "webhooks:user:not-kept", "What this delivery said is not kept any more.",
            hint="Deploy the service, or let the server send it again.", status=409,
        )  # fmt: skip
    values: dict[str, Any] = {name: getattr(delivery, name) for name in COPIED}
    name = f"{delivery.delivery_id[:80]}:again:{secrets.token_hex(4)}"
    row = Delivery.objects.create(**values, delivery_id=name, replay_of=delivery)
    note(actor, "replayed a delivery", event=delivery.event, delivery=delivery.delivery_id)
    wake.after_commit(bell.ring)
    return row
