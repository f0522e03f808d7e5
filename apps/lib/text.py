"""Text of repositories and apps as a database can hold it."""

from __future__ import annotations


def storable(text: str) -> str:
    """Without NUL and lone surrogates (undecodable bytes of file names): PostgreSQL refuses both."""
    return text.encode("utf-8", "replace").decode().replace("\0", "")
