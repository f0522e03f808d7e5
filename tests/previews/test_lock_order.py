"""Whoever makes, changes and removes previews takes locks in one order: services, the preview, its environment, the host."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import IntegrityError, OperationalError, connection
from django.utils import timezone

from apps.deployments import actions as deployments
from apps.deployments.environments import delete_environment
from apps.github.models import Connection
from apps.previews import actions, periodic
from apps.previews.models import Preview
from apps.projects.models import Environment, Service
from tests.apps.cast import Shop
from tests.previews.pulls import Pulls
from workers.errors import SlipwayError, Stopped

TURNS, CROWD = 15, 4


@pytest.mark.django_db(transaction=True)
def test_nobody_waits_for_each_other_for_ever(pulls: Pulls, shop: Shop, make_service: Callable[[str], Service]) -> None:
    other = make_service("api")
    Connection.objects.create(service=other, repository=pulls.repository)
    pulls.turn_on(other)
    services = [shop.service, other]

    def preview() -> Preview:
        return pulls.preview(random.choice([12, 13]))  # noqa: S311

    def environment() -> Environment:
        return Environment.objects.filter(kind="preview").order_by("?")[0]

    def tidy() -> None:
        Preview.objects.filter(pk=preview().pk).update(expires_at=timezone.now() - timedelta(seconds=1))
        periodic.tidy()

    def delete() -> None:
        where = environment()
        delete_environment(actor=pulls.actor, environment=where, confirm=where.slug)

    def push() -> None:
        pulls.tell("synchronize", random.choice([12, 13]), random.random())  # noqa: S311

    def deploy() -> None:
        deployments.deploy(actor=pulls.actor, service=random.choice(services), environment=environment())  # noqa: S311

    acts: list[Callable[[], object]] = [
        push, push, deploy, delete, tidy,
        lambda: pulls.close(random.choice([12, 13])),  # noqa: S311
        lambda: pulls.tell("reopened", random.choice([12, 13])),  # noqa: S311
        lambda: actions.keep(actor=pulls.actor, preview=preview()),
        lambda: actions.delete(actor=pulls.actor, preview=preview()),
        lambda: pulls.turn_on(random.choice(services), is_on=random.random() > 0.3),  # noqa: S311
    ]  # fmt: skip
    told: Counter[str] = Counter()

    def act(seed: int) -> None:
        chosen = random.Random(seed)  # noqa: S311 - only which comes next
        for _ in range(TURNS):
            one = chosen.choice(acts)
            try:
                one()
                told["went through"] += 1
            except (SlipwayError, Stopped, Preview.DoesNotExist, IndexError, IntegrityError) as error:
                told[type(error).__name__] += 1
            except OperationalError as error:
                told[f"{acts.index(one)}: {error}"] += 1
        connection.close()

    push()
    crowd = [threading.Thread(target=act, args=[seed]) for seed in range(CROWD)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    assert not [what for what in told if "deadlock" in what], told
    assert told["went through"] > TURNS, told
