"""What our admin pages have in common. Not in charge of what happens: their actions call the product's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from workers.errors import SlipwayError

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
else:  # The parameter is for the type checker only.
    _ModelAdmin = admin.ModelAdmin


class ChangeOnly(_ModelAdmin):
    """Rows are made and removed by the product, which knows what must follow; an operator changes some fields."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ReadOnly(ChangeOnly):
    """Rows to look at. Its actions are offered to those who may see it; they check the rest themselves."""

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def for_each(request: HttpRequest, rows: QuerySet[Any], done: str, action: Callable[[Any], object]) -> None:
    """Run `action` for every row: one message for those that went well, one for each that did not, with the reason."""
    well = 0
    for row in rows:
        try:
            action(row)
            well += 1
        except SlipwayError as error:
            messages.error(request, f"{row}: {error.message} {error.hint}".strip())
    if well:
        messages.success(request, f"{well} {done}.")
