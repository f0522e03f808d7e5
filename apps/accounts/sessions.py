"""The browsers that a person is signed in with, and the end of one of them. The end of all is in `profile`.

Ending one takes Django's session away: its next request asks to sign in, its sockets close within seconds.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from apps.accounts.access import Actor, not_found
from apps.accounts.bearer import person_of, require_full_scope
from apps.accounts.models import User, UserSession

SEEN_SECONDS = 600  # How often a session that is in use says so.
MOST = 100
WAY = "slipway-way"  # In a session: how its person signed in, when not by password or link.


def sessions_of(user: User) -> list[UserSession]:
    """Those that still work, used last first. Two queries."""
    rows = list(UserSession.objects.filter(user=user).order_by("-seen_at", "-created_at")[:MOST])
    keys = [row.session_key for row in rows]
    found = Session.objects.filter(session_key__in=keys, expire_date__gt=timezone.now())
    expected = user.get_session_auth_hash()
    alive = {row.session_key for row in found if row.get_decoded().get(HASH_SESSION_KEY) == expected}
    return [row for row in rows if row.session_key in alive]


def marked(rows: list[UserSession], request: HttpRequest) -> list[UserSession]:
    """With `is_this` on the one that asks."""
    for row in rows:
        row.is_this = row.session_key == request.session.session_key  # type: ignore[attr-defined]
    return rows


@transaction.atomic
def end_session(*, actor: Actor, session_id: UUID) -> UserSession:
    """One of the person's own."""
    require_full_scope(actor, "end sessions")
    row = UserSession.objects.filter(user=person_of(actor), pk=session_id).first()
    if row is None:
        raise not_found("session")
    Session.objects.filter(session_key=row.session_key).delete()
    row.delete()
    return row


def forget_sessions(user: User) -> None:
    """After `session_epoch` rose, none of them works any more: nothing of them is kept."""
    rows = UserSession.objects.filter(user=user)
    Session.objects.filter(session_key__in=rows.values("session_key")).delete()
    rows.delete()


def remember(sender: Any, request: HttpRequest, user: User, **_: Any) -> None:
    """Django says that somebody signed in, by whichever way."""
    if request.session.session_key is None:  # Another person was signed in before: the key is made when it is saved.
        request.session.create()
    UserSession.objects.filter(user=user).exclude(session_key__in=Session.objects.values("session_key")).delete()
    _note(request, user)


def seen(request: HttpRequest) -> None:
    """At most one query in ten minutes for each session and process."""
    key = request.session.session_key
    if key and isinstance(request.user, User) and cache.add(f"seen:{key}", 1, SEEN_SECONDS):
        _note(request, request.user)


def _note(request: HttpRequest, user: User) -> None:
    key = str(request.session.session_key)
    told = {
        "user": user,
        "way": request.session.get(WAY, ""),
        "agent": agent_of(request.headers.get("User-Agent", "")),
        "address": request.META.get("REMOTE_ADDR") or None,
        "seen_at": timezone.now(),
    }
    UserSession.objects.update_or_create(session_key=key, defaults=told)
    cache.set(f"seen:{key}", 1, SEEN_SECONDS)


BROWSERS = [("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari")]
SYSTEMS = [
    ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS", "macOS"),
    ("CrOS", "ChromeOS"), ("Linux", "Linux"),
]  # fmt: skip


def agent_of(header: str) -> str:
    """`Firefox on Linux`, which a person knows again; else the beginning of what the browser calls itself."""
    browser = next((name for sign, name in BROWSERS if sign in header), "")
    system = next((name for sign, name in SYSTEMS if sign in header), "")
    return " on ".join(filter(None, (browser, system))) or header[:60].strip()
