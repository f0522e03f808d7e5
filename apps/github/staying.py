"""Whether those whom a list let in still stand on it: looked at every hour, and soon after their token was renewed.

Who does not any more loses sessions, sign-in links and API tokens. An outage of GitHub ends nobody's access.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from apps.accounts.ending import end_access
from apps.accounts.models import ApiToken, UserSession
from apps.accounts.newcomers import Policy, policy
from apps.accounts.policy import SignIn
from apps.github.admission import is_listed, is_named
from apps.github.answers import AccountTold
from apps.github.app import the_app
from apps.github.client import user_client
from apps.github.errors import NotThere, Refused, Unreachable
from apps.github.models import Identity
from workers.errors import SlipwayError

log = logging.getLogger(__name__)

EVERY = timedelta(hours=1)
MOST = 20  # In one run; the next goes on.


def look_again() -> None:
    """For the reconciler."""
    told = policy()
    if told.sign_in != SignIn.ALLOWED or the_app() is None:
        return
    for row in _due()[:MOST]:
        try:
            _look(row, told)
        except Unreachable as error:
            log.warning("who may stay was not looked at: %s", error.message)
            return
        except SlipwayError as error:
            log.warning("whether %s may stay was not looked at: %s", row.github_id, error.message)


def _due() -> QuerySet[Identity]:
    """Those with something to end, looked at longest ago first."""
    tokens = ApiToken.objects.filter(revoked_at=None)
    inside = Q(user__in=UserSession.objects.values("user")) | Q(user__in=tokens.values("user"))
    due = Q(listed_at=None) | Q(listed_at__lt=timezone.now() - EVERY)
    rows = Identity.objects.filter(inside, due, user__is_let_in=True, user__is_active=True)
    return rows.select_related("user").order_by(F("listed_at").asc(nulls_first=True))


def _look(row: Identity, told: Policy) -> None:
    if _is_still_listed(row, told):
        Identity.objects.filter(pk=row.pk).update(listed_at=timezone.now())
    else:
        end_access(row.user, why=f"{row.login} is no longer on the list of people at GitHub who may sign in")


def _is_still_listed(row: Identity, told: Policy) -> bool:
    """By the name that they have now. Who took the App's authorization back, or was suspended there, is not."""
    if is_named(AccountTold(id=row.github_id, login=""), told.allowed):
        return True
    asker = user_client(row)
    try:
        person = asker.get("/user", AccountTold)
    except (NotThere, Refused):
        return False
    return person.id == row.github_id and is_listed(person, asker, told.allowed)
