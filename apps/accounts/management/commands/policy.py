"""Print the matrix of roles and permissions."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from apps.accounts.policy import table


class Command(BaseCommand):
    help = __doc__ or ""

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(table())
