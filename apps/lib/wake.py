"""Wake-ups through Valkey: a hint that there is something to do or to read. Never the truth, so a failure is only logged.

Not in charge of what is done then; the reconciler and polling readers make good what is lost here.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import Callable
from functools import lru_cache
from typing import Any
from uuid import UUID

import redis
from celery import Task
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import transaction
from redis.backoff import NoBackoff
from redis.retry import Retry

log = logging.getLogger(__name__)


@lru_cache(maxsize=1)
def valkey() -> redis.Redis:
    """This process's connection pool. Short time-outs and no pauses: nothing waits for a wake-up."""
    once_more = Retry(NoBackoff(), 1)  # For a connection that a restart ended; the client's own wait five seconds.
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=1, retry=once_more)


def key(*parts: object) -> str:
    """A key of this installation: `slipway:<instance>:<part>:...`."""
    return ":".join(["slipway", settings.SLIPWAY.instance, *map(str, parts)])


def after_commit(wake: Callable[[], object]) -> None:
    """Run `wake` once the transaction is in the database; its failure changes nothing and is logged."""

    def attempt() -> None:
        try:
            wake()
        except Exception as error:  # noqa: BLE001 - whatever the broker raises, the row is committed
            log.warning("wake-up not sent (%s: %s); the reconciler will find it", type(error).__name__, error)

    transaction.on_commit(attempt)


def enqueue(task: Task, *args: str) -> None:
    after_commit(lambda: task.apply_async(args=args))


def tell(group: str, message: dict[str, Any]) -> None:
    """Tell open pages that there is more to read in `group`. Does not wait for it to be sent."""
    layer: Any = get_channel_layer()

    async def send() -> None:
        try:
            await layer.group_send(group, message)
        except (redis.RedisError, OSError) as error:
            log.warning("page not told (%s: %s); it polls", type(error).__name__, error)

    after_commit(lambda: asyncio.run_coroutine_threadsafe(send(), _loop(os.getpid())))


def team_group(team_id: UUID) -> str:
    """The group of open pages that show something of a team."""
    return f"team.{team_id}"


def tell_team(team_id: UUID) -> None:
    """Something of the team is another than before: open pages of it look again."""
    tell(team_group(team_id), {"type": "state.changed"})


@lru_cache(maxsize=1)
def _loop(pid: int) -> asyncio.AbstractEventLoop:
    """One event loop a process for what is told from plain threads: the channel layer keeps its connection there."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="tell", daemon=True).start()
    return loop


def publish(channel: str, message: str = "") -> None:
    after_commit(lambda: valkey().publish(key(channel), message))
