"""Which variables a release of a service gets, from which scope, and what they come to. Read only.

Not in charge of writing them (`apps.projects.variables`) or of what a reference means (`apps.projects.references`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet

from apps.lib.asked_often import asked_often
from apps.projects.domain_checks import BEST_FIRST
from apps.projects.models import Domain, Environment, EnvironmentKind, Service, Variable
from apps.projects.references import Given, Resolver, has_mark, references_in
from workers.errors import UserError


@dataclass(frozen=True)
class Source:
    """Where a value of a release came from: a scope in words, and what it refers to (`db.URL`)."""

    scope: str
    refers_to: tuple[str, ...] = ()

    @classmethod
    def of(cls, told: Any) -> Source:
        """As a release keeps it; older releases tell the scope alone."""
        return cls(told["scope"], tuple(told["refers_to"])) if isinstance(told, dict) else cls(told)

    @property
    def words(self) -> str:
        """`service, refers to db.URL`."""
        return f"{self.scope}, refers to {', '.join(self.refers_to)}" if self.refers_to else self.scope

    def as_dict(self) -> dict[str, object]:
        return {"scope": self.scope, "refers_to": list(self.refers_to)}


@dataclass
class Gift:
    """All that a release is given. `problems` are references that lead nowhere: nothing is given under those names."""

    values: dict[str, str] = field(default_factory=dict, repr=False)
    sources: dict[str, Source] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=list)
    problems: dict[str, UserError] = field(default_factory=dict)
    rows: dict[str, Variable] = field(default_factory=dict)  # The one of each name that wins.


def gift_of(service: Service, environment: Environment) -> Gift:
    """What the next release of `service` in `environment` gets. One query, or three more when there are references."""
    kind = (environment.is_preview, environment.is_isolated)
    rows = _for_release(service.project_id, service.pk, environment.pk, *kind)
    for row in rows:  # Their scopes are these two or none: no need to read them again.
        row.environment = environment if row.environment_id else None
        row.service = service if row.service_id else None
    gift = Gift(rows={row.name: row for row in rows})
    if any(has_mark(row.value) for row in gift.rows.values()):
        resolver = resolver_of(service.project_id, environment)
    else:
        resolver = Resolver({service.slug: _given(gift.rows)}, {})
    for name, row in gift.rows.items():
        gift.sources[name] = Source(row.scope, tuple(references_in(row.value)))
        try:
            found = resolver.resolve(service.slug, name)
        except UserError as error:
            gift.problems[name] = error
            continue
        gift.values[name] = found.value
        if found.is_secret:
            gift.secrets.append(name)
    gift.secrets.sort()
    return gift


@asked_often
def _for_release(project: UUID, service: UUID, place: UUID, is_preview: bool, is_isolated: bool) -> QuerySet[Variable]:
    kind = EnvironmentKind.PREVIEW if is_preview else EnvironmentKind.STAGING
    environment = Environment(pk=place, kind=kind, is_isolated=is_isolated)
    return Variable.objects.for_release(Service(pk=service, project_id=project), environment)


def resolver_of(project_id: UUID, environment: Environment) -> Resolver:
    """All services of a project with what each is given in `environment`."""
    slugs = dict(Service.objects.filter(project_id=project_id).values_list("pk", "slug"))
    given: dict[str, dict[str, Given]] = {slug: {} for slug in slugs.values()}
    for row in Variable.objects.in_environment(project_id, environment):
        # The widest scope comes first, so that a narrower one takes its place.
        for slug in given if row.service_id is None else [slugs[row.service_id]]:
            given[slug][row.name] = Given(row.value, row.is_secret)
    hosts: dict[str, str] = {}
    for domain in Domain.objects.filter(service__in=slugs, environment=environment).order_by(*BEST_FIRST):
        hosts.setdefault(slugs[domain.service_id], domain.host)
    return Resolver(given, {slug: public_address(host) for slug, host in hosts.items()})


def public_address(host: str) -> dict[str, str]:
    """`URL`, `HOST` and `PORT` at which people reach a host name."""
    url = settings.SLIPWAY.public_url(host)
    parts = urlsplit(url)
    return {"URL": url, "HOST": host, "PORT": str(parts.port or (443 if parts.scheme == "https" else 80))}


def problems_of(rows: list[Variable], services: list[Service], environment: Environment) -> dict[str, UserError]:
    """What would refuse the next release of any of `services`, among the variables just written."""
    names = {row.name for row in rows if has_mark(row.value)}
    if not names or not services:
        return {}
    resolver = resolver_of(services[0].project_id, environment)
    found: dict[str, UserError] = {}
    for service in services:
        for name in names & set(resolver.given.get(service.slug, {})):
            try:
                resolver.resolve(service.slug, name)
            except UserError as error:
                found.setdefault(name, error)
    return found


def _given(rows: dict[str, Variable]) -> dict[str, Given]:
    return {name: Given(row.value, row.is_secret) for name, row in rows.items()}
