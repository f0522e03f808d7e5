"""Answers of the API that are kept for requests which come again."""

from __future__ import annotations

from django.db import models

from apps.accounts.models import User
from apps.lib.models import Base


class IdempotencyKey(Base):
    """The answer that was given to a request with this key, so that a repeated one gets it again. Kept for a day."""

    user = models.ForeignKey(User, on_delete=models.CASCADE)
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.JSONField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="idempotency_key_once")]

    def __str__(self) -> str:
        return self.key
