"""Whoever deletes a service waits for those who are just writing of it, and takes what they wrote along."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from django.db import connection, transaction
from django.utils import timezone

from apps.deployments import actions, environments, logs
from apps.deployments.models import Build, Deployment, DeploymentStep, LogChunk, LogStream
from apps.hosts.models import Host, ServiceState
from apps.projects.models import Service
from tests.apps.cast import Person, Shop


def lines_of_its_build(shop: Shop) -> None:
    logs.append(LogStream.objects.get(deployment=shop.live), [logs.Line("late")])


def a_step(shop: Shop) -> None:
    DeploymentStep.objects.create(deployment=shop.live, name="drain", status="running", started_at=timezone.now())


def a_state(shop: Shop) -> None:
    ServiceState.objects.all().delete()
    where = {"service": shop.service, "environment": shop.service.environment, "host": Host.objects.default()}
    ServiceState.objects.create(reported_at=timezone.now(), **where)


def write(say: Callable[[Shop], None], shop: Shop, begun: threading.Event, go_on: threading.Event) -> None:
    with transaction.atomic():
        say(shop)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        begun.set()
        assert go_on.wait(60)
    connection.close()


def delete_service(alice: Person, shop: Shop) -> None:
    actions.delete_service(actor=alice.actor, service=shop.service, confirm=shop.service.name)


def withdraw(alice: Person, shop: Shop) -> None:
    environments.withdraw(shop.service, shop.service.environment)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("say", [lines_of_its_build, a_step, a_state])
@pytest.mark.parametrize("delete", [delete_service, withdraw])
def test_it_takes_along_what_was_written_meanwhile(
    alice: Person, shop: Shop, say: Callable[[Shop], None], delete: Callable[[Person, Shop], None]
) -> None:
    begun, go_on = threading.Event(), threading.Event()
    writer = threading.Thread(target=write, args=(say, shop, begun, go_on))
    writer.start()
    assert begun.wait(60)
    failed: list[Exception] = []

    def act() -> None:
        try:
            delete(alice, shop)
        except Exception as error:  # noqa: BLE001 - told by the test
            failed.append(error)
        finally:
            connection.close()

    deleting = threading.Thread(target=act)
    deleting.start()
    until_it_waits(deleting)
    go_on.set()
    writer.join()
    deleting.join()
    assert failed == []
    assert not Deployment.objects.filter(pk=shop.live.pk).exists()
    assert not LogChunk.objects.filter(stream__deployment=shop.live.pk).exists()
    if delete is delete_service:
        assert not Service.objects.filter(pk=shop.service.pk).exists() and not Build.objects.exists()


def until_it_waits(deleting: threading.Thread) -> None:
    """For a lock of the other one, or has ended without."""
    deadline = time.monotonic() + 60
    while deleting.is_alive() and time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
            if cursor.fetchone()[0]:
                return
        time.sleep(0.02)
