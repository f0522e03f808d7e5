"""What forms of pages share: errors of actions are shown at the field that caused them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django import forms

from workers.errors import UserError


@contextmanager
def said_at(form: forms.BaseForm, field: str = "", **codes: str) -> Iterator[None]:
    """A refusal inside the block becomes an error of `field`, or of the field that `codes` gives for a part of its code.

    `said_at(form, "source_url", branch="branch")` shows `source:user:branch-missing` at the branch. 403 and 404 go on
    upwards: they are no matter of what was typed.
    """
    try:
        yield
    except UserError as error:
        if error.status in (403, 404):
            raise
        at = next((name for part, name in codes.items() if part.replace("_", "-") in error.code), field)
        form.add_error(at or None, forms.ValidationError(f"{error.message} {error.hint}".strip(), code=error.code))


def status_of(form: forms.BaseForm) -> int:
    """200 for a form as it is first shown, 422 for one that was refused, 429 where it must only be sent later."""
    if not form.is_bound or not form.errors:
        return 200
    told = [error for errors in form.errors.as_data().values() for error in errors]
    return 429 if any(str(error.code).endswith(":busy") for error in told) else 422


def uuid_of(text: str | None) -> UUID | None:
    """An id that an address carries, or None for anything else."""
    try:
        return UUID(text or "")
    except ValueError:
        return None


def words_of(text: str | None, longest: int = 100) -> str:
    """What was typed to be looked for: short, and without what PostgreSQL has no letter for."""
    return (text or "").replace("\x00", "").strip()[:longest]
