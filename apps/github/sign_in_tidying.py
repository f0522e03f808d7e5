"""What the reconciler runs for the sign-in: states of sign-ins that were begun and never ended."""

from __future__ import annotations

import time

from social_django.models import Nonce

KEPT_SECONDS = 3600  # Six times as long as a state is good for.


def forget_states() -> None:
    Nonce.objects.filter(timestamp__lt=int(time.time()) - KEPT_SECONDS).delete()
