"""Which services of a project use which: by the variables that each serves with in production, and by what its compose
file says it depends on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from apps.deployments.models import Release
from apps.lib.asked_often import asked_often
from apps.projects.given import Source
from apps.projects.models import Service


@dataclass(frozen=True)
class Link:
    """A service that another one uses."""

    service: UUID
    name: str


def links_of(project: UUID, releases: list[UUID]) -> dict[UUID, list[Link]]:
    """Service -> those it uses, by name; `releases` are the live ones. Itself and what is gone are left out."""
    rows = _services(project)
    there = {slug: Link(pk, name) for pk, slug, name, _ in rows}
    composed = {(compose["file"], compose["name"]): slug for _, slug, _, compose in rows if compose}
    named = {
        pk: {composed.get((compose["file"], one), "") for one in compose.get("depends_on", ())}
        for pk, _, _, compose in rows
    }
    for service, sources in _sources(releases):
        named[service] |= {key.partition(".")[0] for told in sources.values() for key in Source.of(told).refers_to}
    return {
        service: [there[slug] for slug in sorted(slugs) if slug in there and there[slug].service != service]
        for service, slugs in named.items()
    }


@asked_often
def _services(project: UUID) -> QuerySet[Service, tuple[UUID, str, str, dict[str, Any]]]:
    return Service.objects.filter(project=project).values_list("pk", "slug", "name", "compose")


@asked_often
def _sources(releases: list[UUID]) -> QuerySet[Release, tuple[UUID, dict[str, Any]]]:
    return Release.objects.filter(pk__in=releases).values_list("service_id", "variable_sources")
