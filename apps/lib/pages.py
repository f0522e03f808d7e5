"""Cursor pages over (created_at, id), newest first: stable while rows are added."""

from __future__ import annotations

import base64
import uuid
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet

from workers.errors import UserError

M = TypeVar("M", bound=Model)
LIMIT = 50


def page(rows: QuerySet[M], *, cursor: str = "", limit: int = LIMIT) -> tuple[list[M], str]:
    """At most `limit` rows after `cursor`, and the next cursor ("" on the last page)."""
    ordered: QuerySet[Any] = rows.order_by("-created_at", "-id")
    if cursor:
        at, pk = _read(cursor)
        ordered = ordered.filter(Q(created_at__lt=at) | Q(created_at=at, id__lt=pk))
    return cut(list(ordered[: limit + 1]), limit)


def cut(found: list[M], limit: int = LIMIT) -> tuple[list[M], str]:
    """The same of rows that were read already, one more than the page shows."""
    more = len(found) > limit
    return found[:limit], _write(found[limit - 1]) if more else ""


def _write(row: Any) -> str:
    return base64.urlsafe_b64encode(f"{row.created_at.isoformat()}|{row.pk}".encode()).decode().rstrip("=")


def _read(cursor: str) -> tuple[datetime, uuid.UUID]:
    try:
        at, pk = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().split("|")
        return datetime.fromisoformat(at), uuid.UUID(pk)
    except ValueError as error:
        raise UserError(
            "api:user:bad-cursor", "That cursor is not one of ours.", hint="Take it from `next_cursor`.", status=422
        ) from error
