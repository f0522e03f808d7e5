"""What people do with accounts: become the owner, sign in by link, make and revoke tokens, change members."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, models, transaction
from django.utils import timezone

from apps.accounts.access import Actor, not_found
from apps.accounts.models import ActivityEvent, ApiToken, ApiTokenQuerySet, Membership, SignInLink, Team, User
from apps.accounts.policy import RANK, Permission, Role, Scope
from apps.lib import tokens, wake
from apps.lib.hostnames import slug
from workers.errors import UserError

LINK_LIFE = timedelta(hours=24)
RECOVERY_LIFE = timedelta(days=365)


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


def make_link(*, user: User | None, life: timedelta = LINK_LIFE) -> str:
    """The address of a one-time link; older unused ones for the same person end, but for one that is kept for bad days."""
    token, now = tokens.make_token("link"), timezone.now()
    with transaction.atomic():
        unused = SignInLink.objects.filter(user=user, used_at__isnull=True)
        lasting = unused if life > LINK_LIFE else unused.filter(expires_at__lte=now + LINK_LIFE)
        lasting.update(used_at=now)
        SignInLink.objects.create(user=user, digest=tokens.digest(token), expires_at=now + life)
    return f"{settings.SLIPWAY.url}/{'setup' if user is None else 'link'}/{token}"


def make_recovery_link(*, actor: Actor) -> str:
    """A one-time sign-in for oneself that lasts a year, to be kept with one's passwords. It ends the one made before."""
    if actor.user is None or not actor.user.is_staff:
        raise UserError("access:user:forbidden", "Only operators may make a recovery link.", status=403)
    if actor.scope not in (None, Scope.ADMIN):
        raise UserError("access:user:forbidden", f"A {actor.scope} token cannot make a recovery link.", status=403)
    return make_link(user=actor.user, life=RECOVERY_LIFE)


def link_for(token: str) -> SignInLink:
    """The unused link behind a token. Does not use it up."""
    now = timezone.now()
    row = SignInLink.objects.filter(digest=tokens.digest(token), used_at__isnull=True, expires_at__gt=now).first()
    if row is None:
        raise UserError(
            "setup:user:link-ended",
            "This link was used already or has ended.",
            hint="Print a new one on the host with `make -s link`.",
            status=404,
        )
    return row


def use_link(link: SignInLink) -> None:
    """Single use, also when two requests race."""
    if not SignInLink.objects.filter(pk=link.pk, used_at__isnull=True).update(used_at=timezone.now()):
        raise UserError("setup:user:link-ended", "This link was used already.", status=404)


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


@transaction.atomic
def change_role(*, actor: Actor, membership: Membership, role: str) -> Membership:
    """Nobody gives more than they have, or touches one above them; a team keeps an owner."""
    _check_reach(actor, membership, role)
    if membership.role == Role.OWNER and role != Role.OWNER:
        _keep_an_owner(membership)
    membership.role = role
    membership.save(update_fields=["role"])
    record(actor=actor, team_id=membership.team_id, verb=f"made {role}", subject=membership.user)
    return membership


@transaction.atomic
def add_member(*, actor: Actor, team: Team, email: str, role: str) -> Membership:
    """A person who has an account joins the team. Anybody may claim any address, so only verified ones name somebody."""
    actor.require(Permission.MANAGE_TEAM if role == Role.OWNER else Permission.MANAGE_MEMBERS, team.pk)
    user = User.objects.filter(email__iexact=email.strip(), is_email_verified=True).first()
    if user is None:
        raise UserError(
            "member:user:unknown", f"Nobody here has {email} as a verified address.",
            hint="Invite them instead: only who is handed the link can join.", status=422,
        )  # fmt: skip
    row, made = Membership.objects.get_or_create(user=user, team=team, defaults={"role": role})
    if not made:
        raise UserError("member:user:there", f"{user} is in this team already.", status=409)
    record(actor=actor, team_id=team.pk, verb=f"added as {role}", subject=user)
    return row


@transaction.atomic
def remove_member(*, actor: Actor, membership: Membership) -> None:
    """A person may leave; others need the right, and a team keeps an owner."""
    if membership.user_id != (actor.user.pk if actor.user else None):
        _check_reach(actor, membership, membership.role)
    if membership.role == Role.OWNER:
        _keep_an_owner(membership)
    record(actor=actor, team_id=membership.team_id, verb="removed from the team", subject=membership.user)
    membership.delete()


def _check_reach(actor: Actor, membership: Membership, role: str) -> None:
    actor.require(Permission.MANAGE_MEMBERS, membership.team_id)
    reach = RANK[actor.roles[membership.team_id]]
    if max(RANK[Role(role)], RANK[Role(membership.role)]) > reach:
        raise UserError("member:user:above", "You cannot give or change a role above your own.", status=403)


def _keep_an_owner(membership: Membership) -> None:
    owners = Membership.objects.select_for_update().filter(team_id=membership.team_id, role=Role.OWNER)
    if len(list(owners)) < 2:
        raise UserError(
            "member:user:last-owner", "A team keeps at least one owner.", hint="Make another owner first.", status=409
        )
