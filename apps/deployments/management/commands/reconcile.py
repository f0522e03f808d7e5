"""The reconciler: runs until it is stopped."""

from __future__ import annotations

import logging
import signal
import threading
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import Error, close_old_connections, connection
from django.utils.module_loading import import_string

from apps.deployments.operating import measure_when_old
from apps.deployments.reconcile import interval, reconcile
from apps.projects.domain_checks import check_due

log = logging.getLogger(__name__)
UNHURRIED_SECONDS = 30.0
FIRST_SECONDS = 5.0  # After a start something may have been missed: the first round comes soon.


class Command(BaseCommand):
    help = __doc__ or ""

    def handle(self, *args: Any, **options: Any) -> None:
        stopping = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        threading.Thread(target=_unhurried, args=(stopping,), name="unhurried", daemon=True).start()
        for name, seconds in settings.PERIODIC.items():
            threading.Thread(target=_every, args=(seconds, name, stopping), name=name, daemon=True).start()
        while not stopping.is_set():
            try:
                reconcile()
                close_old_connections()
            except Error as error:
                log.warning("database away: %s", error)
                connection.close()
            stopping.wait(interval())


def _unhurried(stopping: threading.Event) -> None:
    """What waits for others (name servers, the engine) and must not hold up the rest."""
    while not stopping.wait(UNHURRIED_SECONDS):
        try:
            check_due()
            measure_when_old()
        except Error as error:
            log.warning("database away: %s", error)
        finally:
            connection.close()


def _every(seconds: float, name: str, stopping: threading.Event) -> None:
    """One of `settings.PERIODIC`, in a thread of its own: apps above this one have work of that kind too."""
    work, wait = import_string(name), min(seconds, FIRST_SECONDS)
    while not stopping.wait(wait):
        wait = seconds
        try:
            work()
        except Error as error:
            log.warning("%s: database away: %s", name, error)
        except Exception:
            log.exception("%s: tried again in %s s", name, seconds)
        finally:
            connection.close()
