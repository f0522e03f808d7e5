"""Payloads as people may read them: indented, and without what is a secret by its name. Pure."""

from __future__ import annotations

import json
import re
from typing import Any

SECRET = re.compile(r"secret|token|password|private_key|authorization|credential", re.I)
HIDDEN = "(not shown)"
MOST_CHARACTERS = 200_000


def pretty(payload: str) -> str:
    """ "" when it is not kept."""
    try:
        found = json.loads(payload) if payload else None
    except (ValueError, RecursionError):
        return ""
    if found is None:
        return ""
    text = json.dumps(without_secrets(found), indent=2, ensure_ascii=False)
    return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}\n... and {len(text)} characters in all"


def without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {n: HIDDEN if _is_secret(n, inner) else without_secrets(inner) for n, inner in value.items()}
    if isinstance(value, list):
        return [without_secrets(inner) for inner in value]
    return value


def _is_secret(name: str, value: Any) -> bool:
    """`secret_scanning: true` is none."""
    return bool(SECRET.search(name)) and isinstance(value, str) and not value.startswith(("http://", "https://"))
