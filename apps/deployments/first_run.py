"""The first steps of a new installation: what is done, what is next. Read from what is there, so that it resumes by itself.

Not in charge of doing any of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from apps.accounts.access import Actor
from apps.accounts.installation import installation, is_operator
from apps.accounts.models import Installation, Membership, SignInLink
from apps.accounts.policy import Role
from apps.deployments.models import Deployment
from apps.deployments.states import Status
from apps.github.app import the_app
from apps.projects.models import Service

SAMPLE = "hello"


@dataclass(frozen=True)
class Step:
    name: str  # base, sample, app, way-back, github
    title: str
    is_done: bool


@dataclass(frozen=True)
class FirstRun:
    installation: Installation
    steps: list[Step]
    own: Service | None  # The first app of one's own that is live.

    @property
    def done(self) -> int:
        return sum(step.is_done for step in self.steps)

    @property
    def is_over(self) -> bool:
        return self.installation.checklist_dismissed_at is not None or self.done == len(self.steps)

    @property
    def next(self) -> Step | None:
        return next((step for step in self.steps if not step.is_done), None)


def sample_url() -> str:
    return f"file://{settings.SLIPWAY.home / 'samples' / 'hello-python'}"


def sample_of(actor: Actor) -> Service | None:
    rows = Service.objects.visible_to(actor).filter(slug=SAMPLE, source_url=sample_url())
    return rows.first()


def first_run(actor: Actor) -> FirstRun | None:
    """For operators; nobody else can finish these steps."""
    if not is_operator(actor):
        return None
    row = installation()
    live = Deployment.objects.filter(status=Status.LIVE, service__project__team__in=actor.teams)
    lives = list(live.select_related("service__project").order_by("live_at")[:50])
    own = next((one.service for one in lives if one.service.source_url != sample_url()), None)
    is_sample_live = any(one.service.source_url == sample_url() for one in lives)
    steps = [
        Step("base", "Choose where apps get their addresses", bool(row.base_domain)),
        Step("sample", "See a deployment", is_sample_live or own is not None),
        Step("app", "Deploy an app of your own", own is not None),
        Step("way-back", "Keep a way back in", has_way_back(actor)),
        Step("github", "Connect GitHub", the_app() is not None),
    ]
    return FirstRun(row, steps, own)


def has_way_back(actor: Actor) -> bool:
    """Another owner, or a link that lasts longer than those for signing in."""
    others = Membership.objects.filter(role=Role.OWNER, user__is_active=True, team__in=actor.teams)
    if others.exclude(user=actor.user).exists():
        return True
    lasting = timezone.now() + timedelta(days=2)
    return SignInLink.objects.filter(user=actor.user, used_at=None, expires_at__gt=lasting).exists()
