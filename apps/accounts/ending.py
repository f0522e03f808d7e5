"""The end of somebody's ways in: sessions, sign-in links, API tokens. Not in charge of who may end them."""

from __future__ import annotations

from django.db import models, transaction
from django.utils import timezone

from apps.accounts.access import SYSTEM
from apps.accounts.actions import record
from apps.accounts.models import ApiToken, ApiTokenQuerySet, Membership, SignInLink, User
from apps.accounts.sessions import forget_sessions


def end_links(user: User) -> None:
    """Every sign-in link of a person that was not used yet, the one for bad days too."""
    SignInLink.objects.filter(user=user, used_at=None).update(used_at=timezone.now())


@transaction.atomic
def end_sessions(user: User) -> None:
    """In every browser; and what a new one could be had with."""
    User.objects.filter(pk=user.pk).update(session_epoch=models.F("session_epoch") + 1)
    user.refresh_from_db()
    forget_sessions(user)
    end_links(user)


@transaction.atomic
def end_access(user: User, *, why: str) -> None:
    """Of somebody who may not come in any more: tokens too. Memberships stay."""
    end_sessions(user)
    ApiTokenQuerySet(ApiToken).filter(user=user, revoked_at=None).end()
    for team_id in Membership.objects.filter(user=user).values_list("team_id", flat=True):
        record(actor=SYSTEM, team_id=team_id, verb="ended the access of", subject=user, why=why)
