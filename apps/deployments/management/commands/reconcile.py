"""The reconciler: runs until it is stopped."""

from __future__ import annotations

import logging
import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand
from django.db import Error, close_old_connections, connection

from apps.deployments.reconcile import interval, reconcile

log = logging.getLogger(__name__)


class Command(BaseCommand):
    help = __doc__ or ""

    def handle(self, *args: Any, **options: Any) -> None:
        stopping = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        while not stopping.is_set():
            try:
                reconcile()
                close_old_connections()
            except Error as error:
                log.warning("database away: %s", error)
                connection.close()
            stopping.wait(interval())
