"""Make the host that this installation runs on known, with the token that its agent has. Part of every start."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from apps.hosts.actions import ensure_local_host


class Command(BaseCommand):
    help = __doc__ or ""

    def handle(self, *args: Any, **options: Any) -> None:
        ensure_local_host()
