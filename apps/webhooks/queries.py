"""What pages read of deliveries and pushes: each in a fixed number of queries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.db.models import Prefetch, Q, QuerySet
from django.http import QueryDict
from django.utils import timezone

from apps.accounts.access import Actor, not_found
from apps.deployments.models import Deployment
from apps.lib.asked_often import asked_often
from apps.projects.models import Environment, EnvironmentKind, Service
from apps.webhooks.models import CatchUp, Delivery, Hook, Kind, Outcome, State
from apps.webhooks.push import PULL
from apps.webhooks.tracking import Tracked
from apps.webhooks.verdicts import NOT_TAKEN

NEWS = timedelta(days=30)


def deliveries() -> QuerySet[Delivery]:
    """Without what they said, with what became of them."""
    outcomes = Outcome.objects.select_related("service__project", "environment", "deployment").order_by("created_at")
    return Delivery.objects.defer("payload").prefetch_related(Prefetch("outcomes", outcomes))


@dataclass(frozen=True)
class Search:
    """What deliveries are narrowed to. `text` is looked for in ids, repositories, refs, commits and errors."""

    text: str = ""
    event: str = ""
    state: str = ""

    @classmethod
    def of(cls, told: QueryDict) -> Search:
        state = told.get("state", "")
        return cls(told.get("q", "").strip()[:120], told.get("event", "")[:60], state if state in State.values else "")

    @property
    def query(self) -> str:
        told = {"q": self.text, "event": self.event, "state": self.state}
        return urlencode({name: value for name, value in told.items() if value})

    def of_rows(self, rows: QuerySet[Delivery]) -> QuerySet[Delivery]:
        if self.event:
            rows = rows.filter(event=self.event)
        if self.state:
            rows = rows.filter(state=self.state)
        if self.text:
            found = Q(delivery_id__icontains=self.text) | Q(repository_name__icontains=self.text)
            found |= Q(ref__icontains=self.text) | Q(error__icontains=self.text)
            found |= Q(pk__in=Outcome.objects.filter(commit__startswith=self.text.lower()).values("delivery"))
            rows = rows.filter(found)
        return rows


def delivery_for(actor: Actor, delivery_id: UUID) -> Delivery:
    row = Delivery.objects.visible_to(actor).filter(pk=delivery_id).select_related("replay_of", "hook").first()
    if row is None:
        raise not_found("delivery")
    found: Delivery = row
    return found


def events_seen() -> list[str]:
    return list(Delivery.objects.order_by("event").values_list("event", flat=True).distinct()[:100])


def catching_up() -> tuple[CatchUp | None, list[CatchUp]]:
    """The last look, and the last ones that found something."""
    rows = CatchUp.objects.order_by("-looked_at")
    return rows.first(), list(rows.filter(Q(deliveries__gt=0) | Q(pushes__gt=0))[:5])


@dataclass(frozen=True)
class PushStanding:
    """What a service's page says of its pushes: one that waits, and one that was not deployed since the last deployment."""

    held: Outcome | None = None
    skipped: Outcome | None = None


def standing_of(service: Service, environment: Environment | None = None) -> PushStanding:
    """In production, or in another environment."""
    one = Tracked(service, None if environment is None or environment.is_production else environment)
    told = _told_in(service.pk, one.environment.pk) if one.environment else _told_of(service.pk)
    newest = next(iter(told), None)
    if newest is None:
        return PushStanding()
    held = newest if newest.kind == Kind.HELD else _taken(one.row).filter(kind=Kind.HELD).first()
    if newest.kind != Kind.SKIPPED:
        return PushStanding(held)
    here = {"environment": one.environment} if one.environment else {"environment__kind": EnvironmentKind.PRODUCTION}
    deployed = Deployment.objects.filter(service=service, **here).order_by("-created_at")
    last = deployed.values_list("created_at", flat=True).first()
    moment = newest.settled_at or newest.created_at
    is_news = moment > timezone.now() - NEWS and (last is None or moment > last)
    return PushStanding(held, newest if is_news else None)


def _taken(row: dict[str, object]) -> QuerySet[Outcome]:
    rows = Outcome.objects.filter(**row).exclude(code__in=NOT_TAKEN).exclude(ref__startswith=PULL)
    return rows.order_by("-created_at")


@asked_often
def _told_of(service: UUID) -> QuerySet[Outcome]:
    return _taken({"service": service, "environment": None})[:1]


@asked_often
def _told_in(service: UUID, environment: UUID) -> QuerySet[Outcome]:
    return _taken({"service": service, "environment": environment})[:1]


def pushes_of(service: Service | UUID) -> QuerySet[Outcome]:
    """Of branches and tags; what became of pull requests is told with their previews."""
    rows = Outcome.objects.filter(service=service).exclude(ref__startswith=PULL)
    return rows.select_related("environment", "deployment", "delivery").defer("delivery__payload")


def hook_of(service: Service) -> Hook | None:
    return Hook.objects.filter(service=service).first()


def url_of_hook(hook: Hook) -> str:
    return f"{settings.SLIPWAY.url}/api/webhooks/{hook.forge}/{hook.pk}"
