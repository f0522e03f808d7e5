"""Which optional steps an image goes through before its release: the installation's, and what its service asks for."""

from __future__ import annotations

from django.conf import settings

from apps.projects.models import Service

STRICTNESS = ("off", "warn", "block")


def scan_policy(service: Service) -> str:
    """What becomes of known flaws: the stricter of the installation's policy and the service's own."""
    return max(settings.SLIPWAY.scan, service.scan_policy or "off", key=STRICTNESS.index)


def asked_steps(service: Service) -> set[str]:
    return {*settings.SLIPWAY.image_steps, *(["scan"] if scan_policy(service) != "off" else [])}
