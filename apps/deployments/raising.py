"""Limits of a service that a failure can meet: what holds, and the most that an operator lets anybody have. Asks nobody."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from django.conf import settings

from apps.deployments.resources import build_memory_mb, build_seconds
from apps.projects.models import Service
from apps.projects.models.service import BUILD_MEMORY_MB, BUILD_SECONDS, MEMORY_MB
from workers.build.mends_limits import memory_told


class Limit(NamedTuple):
    """`most` is what a setting can hold at all, `allowed` what an operator allows by the setting that `ceiling` names."""

    label: str
    in_force: Callable[[Service], float]
    most: int
    told: Callable[[int], str] = memory_told
    ceiling: str = ""
    allowed: Callable[[], int] | None = None

    def raised(self, service: Service, asked: str) -> int | None:
        """`asked`, within what is allowed and never more than the double; None when no more can be had so."""
        now = round(self.in_force(service))
        value = min(int(asked) if asked.isdecimal() else 0, 2 * now, self.most)
        value = min(value, self.allowed()) if self.allowed else value
        return value if value > now else None

    def ceiling_of(self, service: Service) -> str:
        return self.ceiling if self.allowed and self.in_force(service) >= self.allowed() else ""


LIMITS = {
    "build_memory_mb": Limit(
        "build memory",
        build_memory_mb,
        BUILD_MEMORY_MB,
        ceiling="SLIPWAY_BUILD_MEMORY_MAX_MB",
        allowed=lambda: settings.SLIPWAY.build_memory_ceiling_mb,
    ),
    "build_timeout_seconds": Limit(
        "build time limit",
        build_seconds,
        BUILD_SECONDS,
        lambda seconds: f"{seconds} s",
        "SLIPWAY_BUILD_TIMEOUT_MAX_SECONDS",
        lambda: settings.SLIPWAY.build_timeout_ceiling_seconds,
    ),
    "memory_mb": Limit("memory", lambda service: service.memory_mb, MEMORY_MB),
}
