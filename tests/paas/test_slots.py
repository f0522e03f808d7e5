"""One process for several queues: none takes another's slots, whichever comes first."""

from __future__ import annotations

import secrets
import threading
import time
from typing import Any

import pytest
import redis
from celery import Celery
from celery.contrib.testing.worker import start_worker

from paas.slots import SlotPool, give_slots


def until(condition: Any, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("slots", [{"full": 2, "other": 1}, {"other": 1, "full": 2}])
def test_a_full_queue_takes_no_slot_of_another(settings: Any, slots: dict[str, int]) -> None:
    app, prefix = Celery("queues", broker=settings.CELERY_BROKER_URL, set_as_current=False), f"{secrets.token_hex(4)}:"
    app.conf.update(task_acks_late=True, worker_prefetch_multiplier=1, task_ignore_result=True)
    app.conf.broker_transport_options = {"global_keyprefix": prefix}
    began: list[str] = []
    may_end = threading.Event()

    @app.task(name="slow", shared=False)
    def slow() -> None:
        began.append("slow")
        may_end.wait(20)

    @app.task(name="quick", shared=False)
    def quick() -> None:
        began.append("quick")

    with start_worker(app, perform_ping_check=False, **give_slots(app, slots)):
        for _ in range(6):
            slow.apply_async(queue="full")
        until(lambda: len(began) == 2)
        quick.apply_async(queue="other")
        until(lambda: "quick" in began)
        assert began == ["slow", "slow", "quick"]
        assert redis.Redis.from_url(settings.REDIS_URL).llen(f"{prefix}full") == 4
        may_end.set()
        until(lambda: began.count("slow") == 6)


def test_what_was_taken_beyond_its_slots_waits_for_one() -> None:
    app = Celery("queues", set_as_current=False)
    app.conf.slots = {"full": 1, "other": 1}
    pool = SlotPool(2, app=app)
    may_end = threading.Event()
    began: list[str] = []

    def run(_name: str, queue: str, _request: object) -> None:
        began.append(queue)
        may_end.wait(20)

    for queue in ("full", "full", "other"):
        pool.on_apply(run, ("task", queue, {"delivery_info": {"routing_key": queue}}), {})
    until(lambda: len(began) == 2)
    assert sorted(began) == ["full", "other"]
    may_end.set()
    pool.on_stop()
    assert sorted(began) in (["full", "full", "other"], ["full", "other"])
