"""What people see of feedback: links to GitHub, what it was told last, what waits and why. Read only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote
from uuid import UUID

from django.db.models import Q, QuerySet

from apps.accounts.access import Actor, not_found
from apps.accounts.installation import is_operator, require_operator
from apps.deployments.models import Deployment
from apps.feedback.models import Line, News, Told, ToldPull
from apps.github.app import the_app
from apps.github.models import Connection, Repository
from apps.lib.asked_often import asked_often

MOST = 200


@dataclass(frozen=True)
class Links:
    """Of a deployment of a connected service. `told` None: GitHub was told nothing of it."""

    repository: str
    commit: str
    deployments: str = ""
    pull: str = ""
    told: Told | None = None


def links_of(deployment: Deployment) -> Links | None:
    """None: it is not from GitHub. Three queries, or one when it is not."""
    told = next(iter(_told(deployment.pk)), None)
    connected = [] if told else _connected_to(deployment.service_id, deployment.created_at)
    repository = told.repository if told else next(iter(connected), None)
    app = the_app() if repository else None
    if repository is None or app is None:
        return None
    home = f"{app.web_url}/{quote(repository.full_name)}"
    return Links(
        repository=repository.full_name,
        commit=f"{home}/commit/{quote(deployment.commit)}" if deployment.commit else "",
        deployments=f"{home}/deployments" if told and told.github_id else "",
        pull=f"{home}/pull/{told.pull_number}" if told and told.pull_number else "",
        told=told,
    )


@asked_often
def _told(deployment: UUID) -> QuerySet[Told]:
    return Told.objects.filter(deployment=deployment).select_related("repository").order_by("pk")[:1]


@asked_often
def _connected_to(service: UUID, at: datetime) -> QuerySet[Repository]:
    rows = Repository.objects.filter(connections__service=service).filter(connections__created_at__lte=at)
    return rows.order_by("pk")[:1]


@dataclass(frozen=True)
class Waiting:
    """One thing that GitHub is still to be told, or that was given up. Names and times only."""

    id: UUID
    what: str
    repository: str
    is_over: bool
    error: str
    attempts: int
    next_try_at: datetime | None
    created_at: datetime


def waiting() -> list[Waiting]:
    """Of all teams, oldest first; what was given up comes last."""
    lines = {line.installation_id: line for line in Line.objects.all()}
    found: list[Waiting] = []
    for rows in (Told.objects.all(), ToldPull.objects.all()):
        wanted = rows.filter(Q(is_due=True) | ~Q(over_reason="")).select_related("repository")
        found += [_waiting(row, lines) for row in wanted.order_by("-is_due", "created_at")[:MOST]]
    return sorted(found, key=lambda row: (row.is_over, row.created_at))[:MOST]


def _waiting(row: Told | ToldPull, lines: dict[UUID, Line]) -> Waiting:
    line = lines.get(row.repository.installation_id) if row.repository.installation_id else None
    paused = line.paused_until if line and line.is_paused and row.is_due else None
    return Waiting(
        id=row.pk,
        what=str(row) if isinstance(row, Told) else f"Comment on pull request {row.number}",
        repository=row.repository.full_name,
        is_over=not row.is_due,
        error=row.over_reason or (line.pause_reason if line and paused else "") or row.last_error,
        attempts=row.attempts,
        next_try_at=max(filter(None, (row.next_try_at, paused)), default=None) if row.is_due else None,
        created_at=row.created_at,
    )


def news_for(actor: Actor, news_id: UUID, *, on_page: bool = False) -> News:
    """For operators; members of a team that it concerns get 403 by the API, others 404."""
    row: News | None = Told.objects.filter(pk=news_id).select_related("repository").first()
    row = row or ToldPull.objects.filter(pk=news_id).select_related("repository").first()
    if row is None or (not is_operator(actor) and (on_page or not _concerns(row, actor))):
        raise not_found("news for GitHub")
    require_operator(actor, "send what waits for GitHub")
    return row


def _concerns(row: News, actor: Actor) -> bool:
    mine = Connection.objects.filter(repository=row.repository_id, service__project__team__in=actor.teams)
    own = isinstance(row, Told) and row.deployment is not None and row.deployment.service.team_id in actor.teams
    return own or mine.exists()
