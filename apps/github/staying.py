"""Whether those whom a list let in still stand on it: looked at every hour, and soon after their token was renewed.

Who does not any more loses sessions, sign-in links and API tokens. An outage of GitHub ends nobody's access; a token that
is not taken any more proves nothing of the list, so that it only has its person sign in anew.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from apps.accounts.ending import end_access, end_sessions
from apps.accounts.models import ApiToken, UserSession
from apps.accounts.newcomers import Allowed, Policy, policy
from apps.accounts.policy import SignIn
from apps.github.admission import is_listed, is_named, matches
from apps.github.answers import AccountTold
from apps.github.app import the_app
from apps.github.client import Client, at, installation_client, user_client
from apps.github.errors import NotThere, Refused, Unreachable
from apps.github.models import Identity, Installation
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
    stays = _is_still_listed(row, told)
    if stays is False:
        end_access(row.user, why=f"{row.login} is no longer on the list of people at GitHub who may sign in")
        return
    if stays is None:
        end_sessions(row.user)
    Identity.objects.filter(pk=row.pk).update(listed_at=timezone.now())


def _is_still_listed(row: Identity, told: Policy) -> bool | None:
    """By the name that they have now. None: GitHub takes their token no more, and shows our App too little."""
    if is_named(AccountTold(id=row.github_id, login=""), told.allowed):
        return True
    asker = user_client(row)
    try:
        person = asker.get("/user", AccountTold)
    except (NotThere, Refused):
        return _is_listed_for_app(row.github_id, told.allowed)
    return person.id == row.github_id and is_listed(person, asker, told.allowed)


def _is_listed_for_app(github_id: int, allowed: tuple[Allowed, ...]) -> bool | None:
    """Without a token of theirs, which they are not named for by their id. None: our App is not shown enough to know."""
    answers = [_is_member(entry, github_id) for entry in allowed if not (entry.type == "User" and entry.id)]
    return True if True in answers else None if None in answers else False


def _is_member(entry: Allowed, github_id: int) -> bool | None:
    """Of an organisation with our App, which may see members there."""
    for place in Installation.objects.filter(account_type="Organization", deleted_at=None, suspended_at=None):
        org = AccountTold(id=place.account_id, login=place.account_login, type="Organization")
        if matches(entry, org) and place.permissions.get("members"):
            return _shows_member(installation_client(place), org, github_id)
    return None


def _shows_member(asker: Client, org: AccountTold, github_id: int) -> bool | None:
    """By the names of both as they are now: another's name would prove nothing."""
    try:
        if asker.get(at("/orgs/{}", org.login), AccountTold).id != org.id:
            return None
        person = asker.get(at("/user/{}", github_id), AccountTold)
    except (NotThere, Refused):
        return None
    try:
        return asker.request("GET", at("/orgs/{}/members/{}", org.login, person.login)).status == 204
    except NotThere:
        return False
    except Refused:
        return None
