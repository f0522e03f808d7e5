"""What every table has: an unguessable key and the moment it was made."""

from __future__ import annotations

import uuid

from django.db import models


class Base(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        abstract = True

    @property
    def key(self) -> str:
        """The id as text."""
        return str(self.pk)

    @property
    def short_id(self) -> str:
        return self.key[:8]
