"""What is put off until nothing is built."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from celery.signals import worker_shutdown

from apps.deployments import tasks
from workers.build.limits_linger import later, settle_now, stay


@pytest.fixture
def done() -> Iterator[list[str]]:
    yield []
    stay()


def test_it_is_done_once_when_a_worker_ends(done: list[str]) -> None:
    later(lambda: done.append("settled"))
    assert tasks.settle_limits in [receiver() for _, receiver in worker_shutdown.receivers]
    worker_shutdown.send(sender=None)
    settle_now()
    assert done == ["settled"]


def test_it_is_not_done_when_the_next_build_came(done: list[str]) -> None:
    later(lambda: done.append("settled"))
    stay()
    settle_now()
    assert done == []


def test_it_is_done_once_for_builds_that_ended_together(done: list[str]) -> None:
    later(lambda: done.append("first"))
    later(lambda: done.append("second"))
    settle_now()
    assert done == ["second"]
