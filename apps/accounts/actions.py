"""What people do with accounts: become the owner, make teams, make and revoke tokens; and the record of it all."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, models, transaction

from apps.accounts.access import Actor, not_found
from apps.accounts.models import ActivityEvent, ApiToken, ApiTokenQuerySet, Membership, Team, User
from apps.accounts.policy import Role, Scope
from apps.lib import tokens, wake
from apps.lib.hostnames import slug
from workers.errors import UserError


def record(*, actor: Actor, team_id: UUID, verb: str, subject: models.Model, name: str = "", **data: Any) -> None:
    """Append to the team's activity, in the caller's transaction; open pages of the team look again."""
    ActivityEvent.objects.create(
        team_id=team_id,
        actor=actor.user,
        actor_name=actor.label[:100],
        verb=verb,
        subject_type=subject._meta.model_name or "",
        subject_id=subject.pk,
        subject_name=(name or str(subject))[:200],
        data=data,
    )
    wake.tell_team(team_id)


PLACEHOLDER_EMAIL = "owner@localhost.invalid"


@transaction.atomic
def make_owner(*, name: str, email: str, password: str, team_name: str = "") -> User:
    """The first person, an operator too, with a team of their own. Refused once there is one with a password.

    An owner made by a command on the host has no password yet: then this gives them their name and password.
    """
    _one_at_a_time()
    user = owner()
    if user is not None and user.has_usable_password():
        raise UserError("setup:user:done", "This Slipway has an owner already.", hint="Sign in instead.", status=409)
    if user is None:
        user = User.objects.create_superuser(email=email, password=password, name=name, is_email_verified=True)
        make_team(user=user, name=team_name or f"{name}'s team")
        return user
    user.name, user.email, user.is_email_verified = name, email.lower(), True
    user.set_password(password)
    user.save()
    return user


@transaction.atomic
def make_placeholder_owner() -> User:
    """An owner for commands on the host, who has no password until the setup page is filled in."""
    _one_at_a_time()
    found = owner()
    if found is not None:
        return found
    user = User.objects.create_superuser(email=PLACEHOLDER_EMAIL, password=None, name="Owner")
    make_team(user=user, name="My team")
    return user


def _one_at_a_time() -> None:
    """Two setups sent at once make one owner."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('slipway.owner'))")


@transaction.atomic
def make_team(*, user: User, name: str) -> Team:
    base = slug(name) or "team"
    taken = set(Team.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    free = next(s for s in (base, *(f"{base[:36]}-{n}" for n in range(2, 10_000))) if s not in taken)
    team = Team.objects.create(name=name, slug=free)
    Membership.objects.create(user=user, team=team, role=Role.OWNER)
    record(actor=Actor(user), team_id=team.pk, verb="created the team", subject=team)
    return team


def owner() -> User | None:
    """The first owner: whom `make link` and `make token` speak for."""
    owners = User.objects.filter(memberships__role=Role.OWNER, is_active=True)
    return owners.order_by("-is_staff", "created_at").first()  # Never a newcomer while there is an operator.


@transaction.atomic
def make_api_token(
    *,
    actor: Actor,
    name: str,
    scope: str,
    expires_at: datetime | None = None,
    made_with: ApiToken | None = None,
) -> tuple[ApiToken, str]:
    """A new token of the actor's own and its text, shown this once. Never wider than the token that it is made with, and
    never there without it."""
    if actor.user is None:
        raise not_found()
    order = list(Scope)
    if actor.scope is not None and order.index(Scope(scope)) > order.index(Scope(actor.scope)):
        raise UserError(
            "token:user:too-wide", f"A {actor.scope} token cannot make a {scope} token.", hint="Sign in.", status=403
        )
    if made_with is not None:
        expires_at = _within(made_with, expires_at)
    text = tokens.make_token()
    row = ApiToken.objects.create(
        user=actor.user, name=name, scope=scope, prefix=text[:12], digest=tokens.digest(text), expires_at=expires_at,
        made_with=made_with,
    )  # fmt: skip
    return row, text


def _within(made_with: ApiToken, expires_at: datetime | None) -> datetime | None:
    """Locked until the transaction ends: revoking it at the same time finds what it made, or leaves it nothing to make."""
    row = ApiToken.objects.select_for_update().filter(pk=made_with.pk, revoked_at=None).first()
    if row is None:
        raise UserError("token:user:revoked", "The token of this request was revoked.", hint="Sign in.", status=401)
    return min(filter(None, (expires_at, row.expires_at)), default=None)


@transaction.atomic
def revoke_api_token(*, actor: Actor, token_id: UUID) -> ApiToken:
    """With every token that was made with it."""
    if actor.scope not in (None, Scope.ADMIN):
        raise UserError("access:user:forbidden", f"A {actor.scope} token cannot revoke tokens.", status=403)
    rows = ApiTokenQuerySet(ApiToken).filter(user=actor.user, pk=token_id)
    if not rows.exists():
        raise not_found("token")
    rows.end()
    return rows.get()
