"""Who a person is at GitHub: kept, renewed, linked to an account that is signed in, taken away again.

An identity is found by GitHub's numeric id and by nothing else; it never finds its account by a name or an address.
"""

from __future__ import annotations

import base64
import logging

from django.db import connection, transaction
from django.utils import timezone

from apps.accounts.access import Actor, not_found
from apps.accounts.actions import record
from apps.accounts.bearer import person_of, require_full_scope
from apps.accounts.models import Membership, User
from apps.github import client
from apps.github.app import the_app
from apps.github.errors import Garbled, Unreachable
from apps.github.models import Identity
from apps.github.visitor import Visitor
from workers.errors import UserError

log = logging.getLogger(__name__)


def identity_of(github_id: int) -> Identity | None:
    return Identity.objects.select_related("user").filter(github_id=github_id).first()


def one_at_a_time(github_id: int) -> None:
    """Two sign-ins of one new person make one account. Until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('slipway.github'), hashtext(%s))", [str(github_id)])


@transaction.atomic
def keep(user: User, visitor: Visitor) -> Identity:
    """The identity with what is newest of it. The caller has made sure that it is this person's."""
    told = {
        "user": user,
        "login": visitor.login,
        "avatar_url": visitor.avatar_url,
        "token": visitor.token,
        "token_expires_at": visitor.token_expires_at,
        "refresh_token": visitor.refresh_token,
        "refreshed_at": timezone.now(),
        "listed_at": timezone.now(),
        "refreshing_until": None,  # What is asked for meanwhile is of the token before.
    }
    return Identity.objects.update_or_create(github_id=visitor.github_id, defaults=told)[0]


@transaction.atomic
def link(user: User, visitor: Visitor) -> Identity:
    """GitHub becomes another way to sign in to an account that is signed in."""
    found, own = identity_of(visitor.github_id), Identity.objects.filter(user=user).first()
    if found is not None and found.user_id != user.pk:
        raise UserError(
            "sign-in:user:belongs-to-another", f"{visitor.login} is linked to another account here.",
            hint="Sign in with GitHub to use that account, or unlink it on that account's profile first.", status=409,
        )  # fmt: skip
    if own is not None and own.github_id != visitor.github_id:
        raise UserError(
            "sign-in:user:linked-already", f"Your account is linked to {own.login} at GitHub, and not to {visitor.login}.",
            hint="Unlink it on your profile first.", status=409,
        )  # fmt: skip
    row = keep(user, visitor)
    if found is None:
        _tell(Actor(user), "linked GitHub", visitor.login)
    return row


def unlink(*, actor: Actor) -> None:
    """The account loses this way in, when there is another. GitHub is asked to take the token back."""
    require_full_scope(actor, "unlink GitHub")
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=person_of(actor).pk)
        row = Identity.objects.filter(user=user).first()
        if row is None:
            raise not_found("linked GitHub account")
        if not user.has_usable_password():
            raise UserError(
                "sign-in:user:only-way", "GitHub is your only way to sign in.", hint="Set a password first.", status=409
            )
        row.delete()
        _tell(actor, "unlinked GitHub", row.login)
    _take_back(row.token)


def _tell(actor: Actor, verb: str, login: str) -> None:
    user = person_of(actor)
    for team_id in Membership.objects.filter(user=user).values_list("team_id", flat=True):
        record(actor=actor, team_id=team_id, verb=verb, subject=user, login=login)


def _take_back(token: str) -> None:
    """https://docs.github.com/en/rest/apps/oauth-applications#delete-an-app-token. Not worth a failure: it is gone here."""
    app = the_app()
    if app is None or not token:
        return
    who = base64.b64encode(f"{app.client_id}:{app.client_secret}".encode()).decode()
    try:
        client.send(
            "DELETE", f"{app.api_url}/applications/{app.client_id}/token", json={"access_token": token},
            headers={"Accept": client.JSON, "Authorization": f"Basic {who}"},
        )  # fmt: skip
    except (Unreachable, Garbled) as error:
        log.warning("a token of an unlinked account was not taken back: %s", error.message)
