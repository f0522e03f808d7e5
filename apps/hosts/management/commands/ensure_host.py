"""Make the host that this installation runs on known, with the token that its agent has. Part of every start."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.hosts.actions import ensure_local_host
from apps.projects.models import Service
from workers.errors import PlatformError


class Command(BaseCommand):
    help = __doc__ or ""

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            Service.objects.first()  # Its secrets tell whether a database of one's own belongs to these keys.
        except PlatformError as error:
            raise CommandError(f"{error.message} {error.hint}") from error
        ensure_local_host()
