"""The projects' page: every service of a person's teams as a card, failing ones first. A fixed number of queries.

Which come first is judged of all of them by little; only the cards of one page are read whole.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.accounts.access import Actor
from apps.deployments import board_rows
from apps.deployments.icons import icon_of
from apps.deployments.links import Link, links_of
from apps.deployments.metrics_cards import Sparkline, sparklines
from apps.deployments.models import Deployment
from apps.deployments.presentation import Health, Past, health_of, past
from apps.deployments.queries import address_of
from apps.deployments.standings import is_at_work, kinds_of
from apps.deployments.states import Status
from apps.lib.asked_often import asked_often
from apps.projects.models import Domain, Project, Service, scoped

Services = QuerySet[Service]
PAGE = 24
FIRST = {"fail": 0, "warn": 1, "work": 2, "live": 3, "rest": 4}


@dataclass(frozen=True)
class Card:
    """A service as the board shows it. `ribbon` is oldest first; `links` are told on a project's page alone."""

    service: Service
    health: Health
    live: Deployment | None
    latest: Deployment | None
    urls: list[str]
    ribbon: list[Past]
    spark: Sparkline | None = None
    links: Sequence[Link] = ()

    @property
    def url(self) -> str:
        return self.urls[0] if self.urls else ""


@dataclass(frozen=True)
class Board:
    """One page of cards. `worst` is the state of all that were asked for, as an icon tells it."""

    cards: list[Card]
    empty: list[Project]
    total: int
    page: int
    worst: str

    @property
    def next(self) -> int | None:
        return self.page + 1 if self.page * PAGE < self.total else None

    @property
    def previous(self) -> int | None:
        return self.page - 1 if self.page > 1 else None


def board(
    actor: Actor, *, words: str = "", team: UUID | None = None, project: UUID | None = None, page: int = 1
) -> Board:
    """`words` are looked for in names, branches and host names."""
    wanted = _wanted(actor, words, team, project)
    kinds = kinds_of(wanted, "project__name", "name")
    order = sorted(kinds, key=lambda one: FIRST[one[1]])  # By name where the state is the same.
    shown = [pk for pk, _ in order[(page - 1) * PAGE : page * PAGE]]
    empty = _empty(actor, team) if page == 1 and not words and project is None else []
    worst = icon_of([*(kind for _, kind in kinds), *(["work"] if is_at_work(wanted) else [])])
    return Board(_cards(shown, project), empty, len(order), page, worst)


def _wanted(actor: Actor, words: str, team: UUID | None, project: UUID | None) -> Services:
    rows = scoped(Service, actor, "project__team")
    if team is not None:
        rows = rows.filter(project__team=team)
    if project is not None:
        rows = rows.filter(project=project)
    for word in words.split():
        hosts = Domain.objects.filter(service=OuterRef("pk"), host__icontains=word)
        named = Q(name__icontains=word) | Q(project__name__icontains=word) | Q(branch__icontains=word)
        rows = rows.filter(named | Exists(hosts))
    return rows


def _cards(shown: list[UUID], project: UUID | None) -> list[Card]:
    services = {row.pk: row for row in board_rows.services(shown)}
    found = board_rows.newest_and_live(shown)
    latest = {row.service_id: row for row in found}
    live = {row.service_id: row for row in found if row.status == Status.LIVE}
    states = {row.service_id: row for row in board_rows.states(shown)}
    urls: dict[UUID, list[str]] = defaultdict(list)
    for domain in board_rows.domains(shown):
        urls[domain.service_id].append(address_of(domain))
    ribbons, sparks = _ribbons(shown), sparklines(shown)
    links = links_of(project, [row.release_id for row in live.values() if row.release_id]) if project else {}
    return [
        Card(
            services[pk],
            health_of(live.get(pk), latest.get(pk), states.get(pk)),
            live.get(pk),
            latest.get(pk),
            urls[pk],
            ribbons[pk],
            sparks.get(pk),
            links.get(pk, ()),
        )
        for pk in shown
        if pk in services
    ]


def _ribbons(shown: list[UUID]) -> dict[UUID, list[Past]]:
    """The last few of each."""
    found: dict[UUID, list[Past]] = defaultdict(list)
    for service, *told in board_rows.past(shown):
        found[service].append(past(*told))
    return found


def _empty(actor: Actor, team: UUID | None) -> list[Project]:
    return _without_services([each for each in actor.teams if team in (None, each)])


@asked_often
def _without_services(teams: list[UUID]) -> QuerySet[Project]:
    return Project.objects.filter(team__in=teams, services=None).select_related("team").order_by("name")
