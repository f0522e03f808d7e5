"""New keys for what is stored encrypted: everything is written anew with the newest one. All of it or nothing."""

from __future__ import annotations

from django.apps import apps
from django.db import transaction
from django.db.models import Model

from apps.lib.encryption import EncryptedJSONField, EncryptedTextField


@transaction.atomic
def rotate_all() -> int:
    """How many values were encrypted with the first of SLIPWAY_VARIABLE_KEYS. Then the older keys may be taken away."""
    return sum(_rotate(model) for model in apps.get_models())


def _rotate(model: type[Model]) -> int:
    """Every encrypted column that there is, so that none is forgotten."""
    kept = [f.name for f in model._meta.concrete_fields if isinstance(f, EncryptedTextField | EncryptedJSONField)]
    if not kept:
        return 0
    # The base manager also has the variables that were deleted and may come back.
    rows = model._base_manager.select_for_update().only(*kept)
    for row in rows.iterator():
        # By `update`: a release is never saved again, and its values stay what they are.
        model._base_manager.filter(pk=row.pk).update(**{name: getattr(row, name) for name in kept})
    return rows.count() * len(kept)
