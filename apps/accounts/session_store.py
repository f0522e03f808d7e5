"""Django's sessions in the database, which every page reads. Not in charge of what stands in one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.utils import timezone

from apps.lib.asked_often import asked_often


@asked_often
def _sessions(key: str, now: datetime) -> QuerySet[Session]:
    return Session.objects.filter(session_key=key, expire_date__gt=now)


class SessionStore(db.SessionStore):
    def _get_session_from_db(self) -> Any:
        """As Django's own: without one it forgets the key that was told."""
        found = next(iter(_sessions(str(self.session_key), timezone.now())), None)
        if found is None:
            self._session_key = None
        return found
