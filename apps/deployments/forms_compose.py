"""What is asked before the services of a compose file are made, and what its page shows of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django import forms

from apps.deployments import composing, suggested


class ComposeForm(forms.Form):
    """Only where they go is asked; the values that the file leaves open are rows beside it."""

    project = forms.CharField(max_length=40, help_text="An existing one of the team is used.")

    def __init__(self, data: Mapping[str, str] | None = None, *, initial: dict[str, str] | None = None) -> None:
        """On its page stands another form that has the same field."""
        super().__init__(data, initial=initial, auto_id="id_compose_%s")


def told(compose: Mapping[str, Any] | None, sent: Mapping[str, str]) -> dict[str, str]:
    """The values that were filled in."""
    rows = suggested.told(_asked(compose) if compose else {}, sent)
    return {**rows.plain, **rows.secrets}


def page_of(
    compose: Mapping[str, Any] | None, project: str, form: ComposeForm | None, sent: Mapping[str, str]
) -> dict[str, Any]:
    """The context of `deployments/_compose.html`; `form` is what was sent. Nothing without a compose file."""
    if not compose:
        return {"compose": None}
    return {
        "compose": composing.for_page(compose),
        "compose_form": form or ComposeForm(initial={"project": compose["name"] or project}),
        "compose_rows": _rows(compose, sent if form else None),
        "made": sum(one["is_made"] for one in compose["services"]),
    }


def _rows(compose: Mapping[str, Any], sent: Mapping[str, str] | None) -> list[suggested.Row]:
    """A secret's default is not shown."""
    found = suggested.rows(_asked(compose), sent)
    kept = {one["name"] for one in compose["asked"] if one["has_default"]}
    return [replace(row, placeholder=row.placeholder or "the file's own") if row.name in kept else row for row in found]


def _asked(compose: Mapping[str, Any]) -> dict[str, str]:
    return {one["name"]: one["default"] for one in compose["asked"]}
