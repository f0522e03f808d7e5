"""Who we are to GitHub in a request: the App, an installation, a person. Not in charge of asking for tokens (`client`)."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import jwt
from django.db.models import Q
from django.utils import timezone

from apps.github import cache
from apps.github.app import App
from apps.github.errors import BadToken, Unreachable
from apps.github.models import Identity
from workers.errors import PlatformError

MARGIN = timedelta(minutes=1)  # A token is not used in its last minute: a clone or a slow answer may take that long.
LEASE = timedelta(seconds=60)  # Longer than GitHub is waited for with all tries.
TURNS, PAUSE_SECONDS = 50, 0.2  # So long others wait for a person's new token: ten seconds.


@dataclass(frozen=True, repr=False)
class Minted:
    """A token fresh from GitHub. `expires_at` None: it does not end by itself."""

    token: str
    expires_at: datetime | None
    refresh_token: str = ""


class Credential(Protocol):
    """`name` tells it from others, in the cache and in logs."""

    name: str

    def token(self) -> str: ...

    def renew(self, refused: str) -> bool:
        """GitHub did not take `refused`. True: `token` now gives another one."""


class AppCredential:
    """A JSON Web Token of ten minutes, signed with the App's key.

    https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app
    """

    def __init__(self, app: App) -> None:
        self.name = f"app:{app.app_id}"
        self._app = app

    def token(self) -> str:
        now = int(time.time())  # GitHub's clock may be behind ours by a minute.
        claims = {"iat": now - 60, "exp": now + 9 * 60, "iss": str(self._app.app_id)}
        try:
            return jwt.encode(claims, self._app.private_key, algorithm="RS256")
        except (jwt.PyJWTError, ValueError, TypeError):
            problem = type(self).__name__  # Nothing of the cause: its text may quote the key.
        raise PlatformError(
            "github:platform:key", f"The GitHub App's private key cannot be used ({problem}).",
            hint="Make a new key on the App's page at GitHub and connect the App anew with it.", retry=False,
        )  # fmt: skip

    def renew(self, refused: str) -> bool:
        return False


class KeptCredential:
    """A token of an installation, asked for when there is none and kept until a minute before its end."""

    def __init__(self, name: str, mint: Callable[[], Minted]) -> None:
        self.name = name
        self._mint = mint

    def token(self) -> str:
        kept = cache.get("token", self.name)
        if kept:
            told = json.loads(kept)
            if timezone.now() < datetime.fromisoformat(told["until"]):
                return str(told["token"])
        return self._fresh()

    def renew(self, refused: str) -> bool:
        cache.drop("token", self.name)
        return True

    def _fresh(self) -> str:
        minted = self._mint()
        until = (minted.expires_at or timezone.now() + timedelta(hours=1)) - MARGIN
        kept = json.dumps({"token": minted.token, "until": until.isoformat()})
        cache.put(kept, "token", self.name, seconds=(until - timezone.now()).total_seconds())
        return minted.token


class UserCredential:
    """A person's own token. One that ends is made new with its refresh token, which is good for one use."""

    def __init__(self, identity: Identity, refresh: Callable[[str], Minted]) -> None:
        self.name = f"user:{identity.github_id}"
        self._identity = identity
        self._refresh = refresh

    def token(self) -> str:
        row = self._identity
        if not row.token:
            raise BadToken(401, "There is no token of this person")
        if row.token_expires_at and timezone.now() >= row.token_expires_at - MARGIN:
            self.renew(row.token)
        return row.token

    def renew(self, refused: str) -> bool:
        """One asks GitHub, and holds no lock meanwhile: a refresh token that two use at once ends the sign-in. The others
        wait for what comes of it."""
        for _ in range(TURNS):
            row = self._identity = Identity.objects.get(pk=self._identity.pk)
            if row.token != refused or not row.refresh_token:
                return row.token != refused
            if until := _claimed(row):
                return self._renewed(row, until)
            time.sleep(PAUSE_SECONDS)
        raise Unreachable("another request still renews this sign-in")

    def _renewed(self, row: Identity, until: datetime) -> bool:
        """Kept only while the claim is ours: a sign-in meanwhile brings a newer token."""
        told: dict[str, Any] = {"refreshing_until": None}
        try:
            minted = self._refresh(row.refresh_token)
            told |= {"token": minted.token, "token_expires_at": minted.expires_at, "refreshed_at": timezone.now()}
            told |= {"refresh_token": minted.refresh_token or row.refresh_token, "listed_at": None}
        finally:
            Identity.objects.filter(pk=row.pk, refreshing_until=until).update(**told)
        self._identity = Identity.objects.get(pk=row.pk)
        return True


def _claimed(row: Identity) -> datetime | None:
    """Until when the row's token is ours to renew; None while it is somebody else's, or was renewed since it was read."""
    now = timezone.now()
    free = Q(refreshing_until=None) | Q(refreshing_until__lt=now)
    rows = Identity.objects.filter(free, pk=row.pk, refreshed_at=row.refreshed_at)
    return now + LEASE if rows.update(refreshing_until=now + LEASE) else None
