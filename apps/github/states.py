"""What a browser takes to GitHub and brings back: a random word, good once, for an hour, in the session that got it."""

from __future__ import annotations

import secrets
import time
from typing import Any

from django.http import HttpRequest

KEY = "github-states"
SECONDS = 3600
MOST = 10  # Of one session: pages that were opened and left.


def give(request: HttpRequest, purpose: str, **data: str) -> str:
    """A fresh word that stands for `data`."""
    word = secrets.token_urlsafe(24)
    kept = [row for row in _kept(request) if row["at"] > time.time() - SECONDS][-MOST + 1 :]
    request.session[KEY] = [*kept, {"word": word, "purpose": purpose, "at": int(time.time()), "data": data}]
    return word


def take(request: HttpRequest, purpose: str, word: str | None) -> dict[str, str] | None:
    """What the word stands for, once; None for one that is not this session's, or too old, or for something else."""
    rows = _kept(request)
    found = next((row for row in rows if row["purpose"] == purpose and _is_same(row["word"], word or "")), None)
    if found is None:
        return None
    request.session[KEY] = [row for row in rows if row is not found]
    return dict(found["data"]) if found["at"] > time.time() - SECONDS else None


def _is_same(one: str, other: str) -> bool:
    return secrets.compare_digest(one.encode(), other.encode())


def _kept(request: HttpRequest) -> list[dict[str, Any]]:
    return list(request.session.get(KEY, []))
