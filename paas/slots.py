"""Several Celery queues in one process, each with slots of its own: however full one is, the others go on.

Not in charge of which queues there are (`paas.worker`), nor of what their tasks do.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from celery import Celery, bootsteps
from celery.concurrency.base import apply_target
from celery.concurrency.thread import ApplyResult, TaskPool
from celery.worker.consumer import Consumer, Tasks
from kombu.common import ignore_errors


class SlotPool(TaskPool):
    """Threads for each queue. After a reconnect more of a queue may have been taken than run: that waits here."""

    def __init__(self, *args: Any, app: Celery, **options: Any) -> None:
        super().__init__(*args, app=app, **options)
        self._threads = {queue: ThreadPoolExecutor(count, queue) for queue, count in app.conf.slots.items()}

    def on_stop(self) -> None:
        for threads in self._threads.values():
            threads.shutdown(cancel_futures=True)
        super().on_stop()

    def on_apply(self, target: Any, args: Any = None, kwargs: Any = None, **options: Any) -> ApplyResult:
        """`args` are those of Celery's tracer: the task's name, its id, and the message with the queue it came by."""
        threads = self._threads[args[2]["delivery_info"]["routing_key"]]
        told = (options.get("callback"), options.get("accept_callback"))
        return ApplyResult(threads.submit(apply_target, target, args, kwargs, *told))


class OwnChannels(bootsteps.StartStopStep):
    """Takes each queue but the first, which is the worker's own, by a channel whose prefetch is the queue's slots.

    Messages are acknowledged when their task is done: what can not run yet stays in Valkey, where it is counted.
    """

    requires = (Tasks,)

    def __init__(self, consumer: Consumer, **options: Any) -> None:
        self._consumers: list[Any] = []
        super().__init__(consumer, **options)

    def start(self, consumer: Consumer) -> None:
        """Once for every connection."""
        (_, first), *others = consumer.app.conf.slots.items()
        consumer.qos.value = first  # Celery made it of all slots; it raises it by one for each task that is due later.
        consumer.qos.update()
        self._consumers = [_consume(consumer, queue, count) for queue, count in others]

    def stop(self, consumer: Consumer) -> None:
        for one in self._consumers:
            ignore_errors(consumer, one.cancel)  # type: ignore[no-untyped-call]


def _consume(consumer: Consumer, queue: str, count: int) -> Any:
    amqp, channel = consumer.app.amqp, consumer.connection.channel()
    channel.basic_qos(0, count, False)
    made = amqp.TaskConsumer(channel, queues=[amqp.queues[queue]], on_decode_error=consumer.on_decode_error)
    made.on_message = consumer.create_task_handler()
    made.consume()
    return made


def give_slots(app: Celery, slots: dict[str, int]) -> dict[str, Any]:
    """What a worker of these queues is made with, besides what any is."""
    app.conf.slots = slots
    app.steps["consumer"].add(OwnChannels)
    return {"queues": list(slots)[:1], "pool": SlotPool, "concurrency": sum(slots.values())}
