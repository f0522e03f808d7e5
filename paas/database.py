"""Connections to PostgreSQL that notice when it answers nobody, so that a page says so instead of waiting for ever.

Silence alone is no reason, since a query may take its time: after `SILENCE` seconds of it the server is asked for another
connection, and only one that does not answer that either is given up. Of requests alone: the work behind them waits.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from contextvars import ContextVar
from time import monotonic
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.errors import ConnectionTimeout

SILENCE, ANSWER = 3.0, 2  # Seconds. PostgreSQL's client takes no less than 2 for an answer.
INTERVAL = 0.1
POOL = {"min_size": 1, "max_size": 24, "timeout": SILENCE + ANSWER, "reconnect_timeout": 5, "max_idle": 5}

of_a_request: ContextVar[bool] = ContextVar("of_a_request", default=False)
Application = Callable[[Any, Any, Any], Awaitable[None]]
Steps = Generator[Any, Any, Any]


class Requests:
    """The ASGI application within: what it asks the database is asked for somebody who waits."""

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        of_a_request.set(True)
        await self.application(scope, receive, send)


class Connection(psycopg.Connection[Any]):
    def wait(self, gen: Steps, interval: float = INTERVAL, timeout: float | None = None) -> Any:
        return super().wait(self._heard(gen) if of_a_request.get() else gen, interval, timeout)

    def _heard(self, steps: Steps) -> Steps:
        """The same steps, as long as the server is there."""
        heard, ready = monotonic(), None
        try:
            while True:
                ready = yield steps.send(ready)
                if not ready and monotonic() - heard > SILENCE:
                    self._ask()
                    ready, heard = 0, monotonic()
                elif ready:
                    heard = monotonic()
        except StopIteration as end:
            return end.value

    def _ask(self) -> None:
        told = make_conninfo(self.info.dsn, password=self.info.password, connect_timeout=ANSWER)
        try:
            psycopg.connect(told).close()
        except ConnectionTimeout:
            self.close()
            raise
        except psycopg.OperationalError:
            return  # It says why not, so it is there.
