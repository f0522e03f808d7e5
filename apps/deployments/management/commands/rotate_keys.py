"""Encrypt every stored value anew with the first of SLIPWAY_VARIABLE_KEYS. Then the older keys may be taken away."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from apps.deployments.models import Release
from apps.projects.models import Service, Variable


class Command(BaseCommand):
    help = __doc__ or ""

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        count = 0
        kept = ((Variable, "value"), (Service, "source_token"), (Service, "source_key"), (Release, "variables"))
        for model, field in kept:
            # The base manager also has the variables that were deleted and may come back.
            rows = model._base_manager.select_for_update().only(field)
            for row in rows.iterator():
                # By `update`: a release is never saved again, and its values stay what they are.
                model._base_manager.filter(pk=row.pk).update(**{field: getattr(row, field)})
                count += 1
        self.stdout.write(f"{count} values are encrypted with the newest key.")
