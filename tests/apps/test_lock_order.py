"""Everybody who changes deployments takes locks in one order: many at once wait for each other and never deadlock."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import IntegrityError, OperationalError, connection
from django.db.models.functions import Now
from django.utils import timezone

from apps.accounts.access import Actor
from apps.deployments import actions, outcome, reconcile, reports
from apps.deployments.lease import AGENT, claim
from apps.deployments.models import Build, Deployment
from apps.deployments.states import ACTIVE, Status
from apps.deployments.steps.release import freeze
from apps.hosts.actions import publish
from apps.hosts.models import Host
from apps.projects.models import Service
from tests.apps.cast import Person, Shop
from workers import desired
from workers.errors import SlipwayError, Stopped, UserError

SECONDS, AT_MOST, ENOUGH, CROWD = 6.0, 60.0, 50, 4


def _newest(service: Service) -> Deployment:
    return Deployment.objects.filter(service=service).select_related("service__project").latest("created_at")


def _work(service: Service) -> None:
    """A worker: the waiting one is built and published, or fails."""
    waiting = Deployment.objects.filter(service=service, status=Status.PENDING).first()
    row = waiting and claim(waiting.key, start=Status.PENDING, during=Status.BUILDING, step="fetch")
    if row is None:
        return
    if random.random() < 0.3:
        outcome.failed(row, UserError("build:user:x", "No."))
        return
    build = Build.objects.create(service=service, commit="c" * 40, fingerprint="f" * 64, digest=f"sha256:{row.pk}")
    outcome.built(row, build)
    again = claim(row.key, start=Status.DEPLOYING, during=Status.DEPLOYING, step="release")
    if again is not None:
        freeze(again, build)
        outcome.publish_rollout(again, seconds=60)


def _report(service: Service) -> None:
    row = _newest(service)
    step = desired.StepReport(
        deployment=str(row.pk), fence=row.fence, step=random.choice(["start", "switch", "drain"]),
        status=random.choice(["succeeded", "failed"]), at=timezone.now(),
        error=desired.ErrorReport(code="deploy:user:x", message="No."),
    )  # fmt: skip
    reports.take(Host.objects.default(), step)


def _expire(service: Service) -> None:
    late = Now() - timedelta(minutes=5)
    Deployment.objects.filter(service=service, status__in=ACTIVE).update(lease_owner=AGENT, lease_expires_at=late)
    reconcile.take_back_expired()


@pytest.mark.django_db(transaction=True)
def test_nobody_waits_for_each_other_for_ever(alice: Person, shop: Shop) -> None:
    services = [shop.service, actions.create_app(
        actor=alice.actor, team=shop.team, project=shop.project.name, service="api",
        settings={"source_url": "https://git.example/api.git"},
    ).service]  # fmt: skip
    acts: list[Callable[[Service], object]] = [
        lambda s: actions.deploy(actor=Actor(alice.user), service=s),
        lambda s: actions.deploy(actor=Actor(alice.user), service=s, reuse_build=True),
        lambda s: actions.cancel(actor=Actor(alice.user), deployment=_newest(s)),
        lambda s: actions.rollback(actor=Actor(alice.user), deployment=_newest(s)),
        lambda s: actions.resume_auto_deploy(actor=Actor(alice.user), service=s),
        lambda s: publish(Host.objects.default()),
        lambda s: actions.add_domain(
            actor=Actor(alice.user), service=s, environment=s.environment, host=f"d{random.random()}.example.com"
        ),
        _work, _report, _expire,
    ]  # fmt: skip
    told: Counter[str] = Counter()
    began = time.monotonic()

    def act(seed: int) -> None:
        chosen = random.Random(seed)  # noqa: S311 - only which comes next
        while time.monotonic() - began < (SECONDS if told["went through"] > ENOUGH else AT_MOST):
            one = chosen.choice(acts)
            try:
                one(chosen.choice(services))
                told["went through"] += 1
            except (SlipwayError, Stopped, Deployment.DoesNotExist, IntegrityError) as error:
                told[type(error).__name__] += 1
            except OperationalError as error:
                told[f"{acts.index(one)}: {error}"] += 1
        connection.close()

    crowd = [threading.Thread(target=act, args=[n]) for n in range(CROWD)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    assert not [what for what in told if "deadlock" in what], told
    assert told["went through"] > ENOUGH, told
