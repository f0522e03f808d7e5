"""What addresses of pages carry besides a path."""

from __future__ import annotations


def whole_number(text: str | None) -> int | None:
    """A number that is not negative, or None for anything else: a mistyped address shows the page as it is."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 16 else None
