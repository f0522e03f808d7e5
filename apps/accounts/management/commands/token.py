"""Print a new API token of the owner, and nothing else."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from apps.accounts.access import Actor
from apps.accounts.actions import make_api_token, make_placeholder_owner, owner
from apps.accounts.policy import Scope


class Command(BaseCommand):
    help = __doc__ or ""

    def handle(self, *args: Any, **options: Any) -> None:
        user = owner() or make_placeholder_owner()
        name = f"printed on the host, {timezone.now():%Y-%m-%d %H:%M}"
        self.stdout.write(make_api_token(actor=Actor(user), name=name, scope=Scope.ADMIN)[1])
