"""The variables that a repository's `.env.example` names, as rows of a form: what is filled in, what only hints."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from apps.projects.paste import SOUNDS_SECRET

HINT = re.compile(r"^$|^<.*>$|change|replace|example|your|xxx|\.\.\.|todo|secret|password", re.IGNORECASE)


@dataclass(frozen=True)
class Row:
    """`placeholder` is the repository's own example, shown where nothing is filled in."""

    number: int
    name: str
    value: str
    placeholder: str
    is_secret: bool


@dataclass(frozen=True)
class Told:
    plain: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)


def rows(examples: Mapping[str, str], told: Mapping[str, str] | None = None) -> list[Row]:
    """An example that can work as it is (`DEBUG=0`) is filled in; one that asks for a value of one's own is a hint."""
    return [_row(number, name, example, told) for number, (name, example) in enumerate(examples.items())]


def _row(number: int, name: str, example: str, told: Mapping[str, str] | None) -> Row:
    is_secret = bool(SOUNDS_SECRET.search(name.upper()))
    if told is not None:
        is_secret, value = bool(told.get(f"suggested-secret-{number}")), told.get(f"suggested-{number}", "")
        # A secret that was typed is not sent back to the page.
        return Row(number, name, "" if is_secret else value, example, is_secret)
    return Row(number, name, "" if is_secret or HINT.search(example) else example, example, is_secret)


def told(examples: Mapping[str, str], sent: Mapping[str, str]) -> Told:
    """What was filled in. An empty row sets nothing."""
    found = Told()
    for number, name in enumerate(examples):
        value = sent.get(f"suggested-{number}", "")
        if value:
            (found.secrets if sent.get(f"suggested-secret-{number}") else found.plain)[name] = value
    return found
