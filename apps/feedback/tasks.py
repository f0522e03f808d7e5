"""Celery's tasks: wake-ups by name after something changed. The reconciler finds the same when one is lost."""

from __future__ import annotations

import threading
from uuid import UUID

from celery import shared_task

from apps.feedback import noticing, outbox

_sending = threading.Lock()  # GitHub may be slow: of this worker's threads only one ever waits for it.


@shared_task
def tell(deployment_id: str) -> None:
    noticing.notice(UUID(deployment_id))
    send()


@shared_task
def tell_pull(repository_id: str, number: int) -> None:
    noticing.notice_pull((UUID(repository_id), number))
    send()


@shared_task
def send() -> None:
    if _sending.acquire(blocking=False):
        try:
            outbox.drain()
        finally:
            _sending.release()
