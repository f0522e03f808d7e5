"""What is asked before the services of a compose file are made, and what its page shows of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from django import forms

from apps.deployments import composing, suggested
from apps.deployments.composed_here import Standing


class ComposeForm(forms.Form):
    """Only where they go is asked; the values that the file leaves open are rows beside it."""

    project = forms.CharField(max_length=40, help_text="An existing one of the team is used.")

    def __init__(self, data: Mapping[str, str] | None = None, *, initial: dict[str, str] | None = None) -> None:
        """On its page stands another form that has the same field."""
        super().__init__(data, initial=initial, auto_id="id_compose_%s")


def told(compose: Mapping[str, Any] | None, sent: Mapping[str, str]) -> dict[str, str]:
    """The values that were filled in. What the file says itself is its own to change."""
    asked = _asked(compose) if compose else {}
    rows = suggested.told(asked, sent)
    return {name: value for name, value in {**rows.plain, **rows.secrets}.items() if value != asked[name]}


def project_of(found: Mapping[str, Any], usual: str) -> str:
    """Where the services go: as asked for, as the file says, or `usual`."""
    return found.get("project") or (found.get("compose") or {}).get("name") or usual


def page_of(
    compose: Mapping[str, Any] | None,
    project: str,
    form: ComposeForm | None,
    sent: Mapping[str, str],
    standing: Standing,
) -> dict[str, Any]:
    """The context of `deployments/_compose.html`; `form` is what was sent. Nothing without a compose file."""
    if not compose:
        return {"compose": None}
    shown = composing.for_page(compose)
    for one in shown["services"]:
        one["is_here"] = one["name"] in standing.here
        one["notes"] = standing.changed.get(one["name"], ())
    left = [one for one in shown["services"] if one["is_made"]]
    return {
        "compose": shown,
        "compose_form": form or ComposeForm(initial={"project": project}),
        "compose_rows": _rows(compose, sent if form else None, standing.told),
        "is_again": bool(standing.here),
        "possible": len(left),
        "fresh": sum(not one["is_here"] for one in left),
        "changes": sum(bool(one["notes"]) for one in left),
    }


def _rows(compose: Mapping[str, Any], sent: Mapping[str, str] | None, told: Collection[str]) -> list[suggested.Row]:
    """A secret's default is not shown, and nothing that was told before."""
    secret = {one["name"] for one in compose["asked"] if one.get("is_secret")}
    found = suggested.rows(_asked(compose), sent)
    found = [replace(row, is_secret=row.is_secret or row.name in secret) for row in found]
    kept = {one["name"]: "the file's own" for one in compose["asked"] if one["has_default"]}
    found = [replace(row, placeholder=row.placeholder or kept[row.name]) if row.name in kept else row for row in found]
    again = [replace(row, value=row.value if sent else "", placeholder="as it was given before") for row in found]
    return [other if row.name in told else row for row, other in zip(found, again, strict=True)]


def _asked(compose: Mapping[str, Any]) -> dict[str, str]:
    return {one["name"]: one["default"] for one in compose["asked"]}
