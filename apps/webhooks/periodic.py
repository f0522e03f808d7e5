"""What the reconciler runs for this app (`settings.PERIODIC`): with Valkey away, or a message lost, nothing stays undone."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db.models import Q
from django.db.models.functions import Now

from apps.webhooks import handling
from apps.webhooks.claiming import LEASE
from apps.webhooks.models import Delivery, Outcome, State

GRACE = timedelta(seconds=3)  # A worker that was woken is at them sooner.
ROWS_KEPT = timedelta(days=180)


def take_up() -> None:
    """Deliveries that nobody came for: handled here, because there may be nobody to wake. A worker that is at a long
    row of them is left alone: a third at it would only take the processor from those that are taken in."""
    waiting = Delivery.objects.free().filter(Q(created_at__lt=Now() - GRACE) | Q(attempts__gt=0))
    begun = Delivery.objects.filter(state=State.WAITING, free_at__gt=Now() + LEASE - GRACE)
    if waiting.exists() and not begun.exists():
        handling.handle_waiting()


def forget() -> None:
    """Payloads after the days of a setting; rows after half a year, but for the newest push of each service."""
    days = timedelta(days=settings.SLIPWAY.delivery_days)
    old = Delivery.objects.exclude(state=State.WAITING).filter(created_at__lt=Now() - days)
    old.exclude(payload="").update(payload="")
    newest = Outcome.objects.exclude(service=None).order_by("service", "-created_at").distinct("service")
    kept = set(newest.values_list("delivery_id", flat=True))
    gone = old.filter(created_at__lt=Now() - max(ROWS_KEPT, days))
    for key in [key for key in gone.values_list("pk", flat=True)[:5000] if key not in kept]:
        Delivery.objects.filter(pk=key).delete()
