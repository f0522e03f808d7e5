"""Payloads as they are kept: as they came, and cut when they are large. Pure."""

from __future__ import annotations

import json
from typing import Any

MOST_BYTES = 1_000_000
ITEMS, CHARACTERS = 100, 2000
LEAST = frozenset({"ref", "before", "after", "created", "deleted", "forced", "action", "repository", "installation"})


def cut(payload: dict[str, Any], body: bytes) -> tuple[str, bool]:
    """The text to keep, and whether something was left out. Lists are never kept in part: they would look whole."""
    if len(body) <= MOST_BYTES:
        is_plain = body.lstrip().startswith(b"{") and b"\0" not in body  # Else it came in a form, or in UTF-16.
        return body.decode("utf-8", "replace") if is_plain else json.dumps(payload), False
    for items, characters in ((ITEMS, CHARACTERS), (10, 200)):
        kept = json.dumps(_shorter(payload, items, characters))
        if len(kept) <= MOST_BYTES:
            return kept, True
    least = {name: _shorter(payload[name], 10, 200) for name in LEAST if name in payload}
    kept = json.dumps(least)
    return (kept if len(kept) <= MOST_BYTES else "{}"), True


def _shorter(value: Any, items: int, characters: int) -> Any:
    if isinstance(value, dict):
        return {name[:200]: _shorter(inner, items, characters) for name, inner in value.items()}
    if isinstance(value, list):
        return [_shorter(inner, items, characters) for inner in value] if len(value) <= items else []
    if isinstance(value, str) and len(value) > characters:
        return value[:characters] + "..."
    return value
