"""The task that a bell wakes. What is to be done stands in the table; the message carries nothing."""

from __future__ import annotations

from celery import shared_task

from apps.webhooks.handling import handle_waiting


@shared_task
def handle() -> None:
    handle_waiting()
