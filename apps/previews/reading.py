"""What pages and the API show of previews, in a fixed number of queries. Read only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from apps.deployments.models import Deployment
from apps.deployments.presentation import Pill, pill_of
from apps.deployments.queries import address_of
from apps.deployments.states import Status
from apps.github.app import the_app
from apps.previews.models import Part, Preview, State
from apps.projects.models import Domain, Service


@dataclass(frozen=True)
class Standing:
    """A service of a preview. `url` is "" until it is live there."""

    service: Service
    pill: Pill
    state: State
    reason: str = ""
    url: str = ""
    newest: Deployment | None = None

    @property
    def status(self) -> str:
        """A deployment's status, or why there is none."""
        return self.state or (self.newest.status if self.newest else Status.PENDING)


@dataclass(frozen=True)
class Shown:
    preview: Preview
    pull_url: str
    commit_url: str
    services: list[Standing] = field(default_factory=list)

    @property
    def pill(self) -> Pill:
        """One word for all of it: what a person has to do comes first."""
        row = self.preview
        if row.waits_for_approval:
            return Pill("warn", "Waits for approval")
        if row.environment_id is None:
            refused = any(told.state == State.REFUSED for told in self.services)
            return Pill("warn", "Not deployed") if refused and row.is_open else Pill("rest", "Removed")
        kinds = [told.pill for told in self.services if told.state == State.DEPLOYED]
        return min(kinds, key=lambda pill: FIRST[pill.kind], default=Pill("rest", "Nothing deployed"))


FIRST = {"fail": 0, "warn": 1, "work": 2, "live": 3, "rest": 4}
PILLS = {
    State.WAITING: Pill("warn", "Waits for approval"),
    State.REFUSED: Pill("warn", "Not deployed"),
    State.REMOVED: Pill("rest", "Removed"),
}

Key = tuple[UUID, UUID]  # environment, service


def shown(previews: Iterable[Preview]) -> list[Shown]:
    """In their order. Three queries for any number of them."""
    rows = list(previews)
    parts: dict[UUID, list[Part]] = defaultdict(list)
    for part in Part.objects.filter(preview__in=rows).select_related("service").order_by("service__name"):
        parts[part.preview_id].append(part)
    environments = [row.environment_id for row in rows if row.environment_id]
    newest = _newest(environments)
    urls = _urls(environments)
    app = the_app()
    web = app.web_url if app else "https://github.com"
    return [
        Shown(
            row,
            pull_url=f"{web}/{row.repository.full_name}/pull/{row.number}",
            commit_url=f"{web}/{row.repository.full_name}/pull/{row.number}/commits/{row.head_sha}",
            services=[_standing(row, part, newest, urls) for part in parts[row.pk]],
        )
        for row in rows
    ]


def _newest(environments: list[UUID]) -> dict[Key, Deployment]:
    rows = Deployment.objects.filter(environment__in=environments).order_by("environment", "service", "-number")
    return {(row.environment_id, row.service_id): row for row in rows.distinct("environment", "service")}


def _urls(environments: list[UUID]) -> dict[Key, str]:
    found: dict[Key, str] = {}
    for row in Domain.objects.filter(environment__in=environments).order_by("is_generated", "created_at"):
        found.setdefault((row.environment_id, row.service_id), address_of(row))
    return found


def _standing(row: Preview, part: Part, newest: dict[Key, Deployment], urls: dict[Key, str]) -> Standing:
    state = State(part.state)
    key = (row.environment_id, part.service_id) if row.environment_id else None
    last = newest.get(key) if key else None
    url = urls.get(key, "") if key and last is not None else ""
    if state != State.DEPLOYED:
        return Standing(part.service, PILLS[state], state, part.reason, url if state == State.WAITING else "", last)
    reason = last.error_message if last and last.status == Status.FAILED else ""
    return Standing(part.service, pill_of(last) if last else Pill("work", "Waiting"), state, reason, url, last)
