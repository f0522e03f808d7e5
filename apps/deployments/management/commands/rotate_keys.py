"""Encrypt every stored value anew with the first of SLIPWAY_VARIABLE_KEYS. Then the older keys may be taken away."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from apps.lib.rotation import rotate_all


class Command(BaseCommand):
    help = __doc__ or ""

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{rotate_all()} values are encrypted with the newest key.")
