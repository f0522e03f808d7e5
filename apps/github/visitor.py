"""Somebody whom GitHub has just told us: who they are, and the token that came with it. Not yet anybody here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.utils import timezone
from pydantic import Field

from apps.github.answers import AccountTold
from apps.github.app import App
from apps.github.credentials import Credential
from apps.github.errors import Garbled


class PersonTold(AccountTold):
    """Of `/user`."""

    id: int = Field(gt=0)
    login: str = Field(min_length=1, max_length=100)
    name: str | None = None
    email: str | None = None


@dataclass(frozen=True, repr=False)
class Visitor:
    github_id: int
    login: str
    name: str
    email: str
    avatar_url: str
    token: str
    token_expires_at: datetime | None
    refresh_token: str

    def __repr__(self) -> str:
        return f"<Visitor {self.github_id}>"

    @property
    def credential(self) -> Credential:
        return _Fresh(self)


class _Fresh:
    """A token that was given a moment ago."""

    def __init__(self, visitor: Visitor) -> None:
        self.name = f"user:{visitor.github_id}"
        self._token = visitor.token

    def token(self) -> str:
        return self._token

    def renew(self, refused: str) -> bool:
        return False


def visitor_of(response: dict[str, Any], app: App) -> Visitor:
    """Out of what `/user` and the exchange of the code answered. An address is only what to write to: it may be shared,
    taken, or nobody's, so where GitHub shows none it is the one that GitHub keeps for that account."""
    try:
        told = PersonTold.model_validate(response)
    except ValueError:
        told = None
    if told is None:
        raise Garbled("who signed in")
    lasts = response.get("expires_in")
    until = timezone.now() + timedelta(seconds=lasts) if isinstance(lasts, int) and lasts > 0 else None
    host = urlsplit(app.web_url).hostname or "github.com"
    return Visitor(
        github_id=told.id,
        login=told.login,
        name=(told.name or told.login).strip()[:100] or told.login,
        email=(told.email or "").strip().lower() or f"{told.id}+{told.login.lower()}@users.noreply.{host}",
        avatar_url=told.avatar_url[:500],
        token=str(response["access_token"]),
        token_expires_at=until,
        refresh_token=str(response.get("refresh_token") or ""),
    )
