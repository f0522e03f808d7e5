"""The icon of a page: failed, building, live or idle. Of production, or of the environment that the page shows."""

from __future__ import annotations

from collections.abc import Iterable

from apps.deployments.standings import is_at_work, kinds_of
from apps.projects.models import Environment, Service

ORDER = (("fail", "failed"), ("work", "building"), ("warn", "failed"), ("live", "live"))


def icon_of(kinds: Iterable[str]) -> str:
    """The worst of them."""
    found = set(kinds)
    return next((icon for kind, icon in ORDER if kind in found), "idle")


def icon_at(service: Service, environment: Environment) -> str:
    """What serves there, and whether something is on its way; one that failed leaves the icon to what goes on serving."""
    rows = Service.objects.filter(pk=service.pk)
    kinds = [*kinds_of(rows, environment.slug).values()]
    return icon_of([*kinds, "work"] if is_at_work(rows, environment.slug) else kinds)
