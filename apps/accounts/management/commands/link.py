"""Print a one-time link that signs the owner in; makes the owner when there is none. `--setup`: the setup link instead."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from apps.accounts.actions import make_placeholder_owner, owner
from apps.accounts.links import make_link


class Command(BaseCommand):
    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--setup", action="store_true", help="the setup link; nothing once the owner is set up")

    def handle(self, *args: Any, **options: Any) -> None:
        user = owner()
        if options["setup"]:
            if user is None or not user.has_usable_password():
                self.stdout.write(make_link(user=None))
            return
        self.stdout.write(make_link(user=user or make_placeholder_owner()))
