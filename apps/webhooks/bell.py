"""Wakes whoever handles deliveries, without keeping the sender waiting: a thread does it, and many rings become one.

A lost ring does no harm: `periodic` looks into the table.
"""

from __future__ import annotations

import logging
import os
import threading
from functools import lru_cache

from celery import current_app

log = logging.getLogger(__name__)
REST_SECONDS = 0.05  # Between two messages: one wakes a worker that handles all that waits.


class Bell:
    def __init__(self) -> None:
        self._rung = threading.Event()
        threading.Thread(target=self._send, name="bell", daemon=True).start()

    def ring(self) -> None:
        self._rung.set()

    def _send(self) -> None:
        rest = threading.Event()
        while True:
            self._rung.wait()
            self._rung.clear()
            try:
                current_app.send_task("apps.webhooks.tasks.handle", queue="quick")
            except Exception as error:  # noqa: BLE001 - whatever the broker raises, the delivery is in the table
                log.warning("nobody woken for deliveries (%s); the reconciler takes them up", type(error).__name__)
            rest.wait(REST_SECONDS)


@lru_cache(maxsize=1)
def _bell(pid: int) -> Bell:
    """One a process: a thread does not outlive a fork."""
    return Bell()


def ring() -> None:
    _bell(os.getpid()).ring()
