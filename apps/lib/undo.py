"""What was done, told on the next page, with a way to undo it where there is a true one.

Not in charge of undoing: the button sends a form to an address that does it under its own rights.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.messages.storage.base import Message
from django.http import HttpRequest

MARK = "undo:"


@dataclass(frozen=True)
class Undo:
    """A form of one button: where it is sent, what it says, what it carries. Never a secret: it stands in the page."""

    url: str
    fields: dict[str, str]
    label: str = "Undo"


def told(request: HttpRequest, text: str, *, undo: Undo | None = None) -> None:
    """`text` as a toast of the next page."""
    tags = MARK + json.dumps([undo.url, undo.fields, undo.label]) if undo else ""
    messages.info(request, text, extra_tags=tags)


def undo_of(message: Message) -> Undo | None:
    tags: Any = message.extra_tags or ""
    if not tags.startswith(MARK):
        return None
    url, fields, label = json.loads(tags.removeprefix(MARK))
    return Undo(url, fields, label)
