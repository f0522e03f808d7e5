"""What changes a host: a new document to fetch, a sign of life, draining."""

from __future__ import annotations

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone

from apps.accounts.access import Actor
from apps.hosts.models import Host
from apps.lib import tokens, wake
from workers.errors import UserError


def ensure_local_host() -> Host:
    """The host that this installation itself runs on, with the token its agent has."""
    host_token = tokens.digest(settings.SLIPWAY.host_token.get_secret_value())
    host, made = Host.objects.get_or_create(name="local", defaults={"token_digest": host_token})
    if not made and host.token_digest != host_token:
        host.token_digest = host_token
        host.save(update_fields=["token_digest"])
    return host


def publish(host: Host) -> int:
    """Say that what `host` should run has changed. Call inside the transaction that changed it. Returns the generation."""
    Host.objects.filter(pk=host.pk).update(generation=models.F("generation") + 1)
    wake.publish(f"host:{host.pk}")
    return Host.objects.values_list("generation", flat=True).get(pk=host.pk)


def saw(host: Host, *, generation: int | None = None, version: str = "") -> None:
    """The agent called."""
    values: dict[str, object] = {"last_seen_at": timezone.now()}
    if generation is not None:
        values["seen_generation"] = generation
    if version:
        values["agent_version"] = version
    Host.objects.filter(pk=host.pk).update(**values)


@transaction.atomic
def drain_host(*, actor: Actor, host: Host, on: bool = True) -> Host:
    """A draining host takes no new deployments; what runs goes on. Operators only."""
    if actor.user is None or not actor.user.is_staff:
        raise UserError("host:user:operators-only", "Only operators may drain a host.", status=403)
    host.draining_since = timezone.now() if on else None
    host.save(update_fields=["draining_since"])
    return host
