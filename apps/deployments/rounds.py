"""The reconciler: threads beside the quick work, each doing one thing again and again until the process ends.

Not in charge of what is done in a round (`apps.deployments.reconcile`, `settings.PERIODIC`).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from django.conf import settings
from django.db import Error, connection
from django.utils.module_loading import import_string

from apps.deployments.disk_measuring import measure_when_old
from apps.deployments.reconcile import interval, reconcile
from apps.projects.domain_checks import check_due

log = logging.getLogger(__name__)
UNHURRIED_SECONDS = 30.0
FIRST_SECONDS = 5.0  # After a start something may have been missed: the first round comes soon.


def start() -> threading.Event:
    """Returns what ends them when it is set, each after its round."""
    stopping = threading.Event()
    _repeat(stopping, reconcile, "reconcile", seconds=interval(), first=0)
    # What waits for others (name servers, the engine) must not hold up the rest.
    _repeat(stopping, _unhurried, "unhurried", seconds=UNHURRIED_SECONDS, first=UNHURRIED_SECONDS)
    for name, seconds in settings.PERIODIC.items():
        _repeat(stopping, import_string(name), name, seconds=seconds, first=min(seconds, FIRST_SECONDS))
    return stopping


def _unhurried() -> None:
    check_due()
    measure_when_old()


def _repeat(stopping: threading.Event, work: Callable[[], object], name: str, *, seconds: float, first: float) -> None:
    """In a thread of its own. Whatever one round raises, the next one comes: nobody else would notice its end."""

    def rounds() -> None:
        wait = first
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

    threading.Thread(target=rounds, name=name, daemon=True).start()
