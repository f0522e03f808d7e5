"""Joining a team by an invitation: who is signed in, or somebody new. Not in charge of whom it lets in (`invitations`)."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from apps.accounts.access import Actor
from apps.accounts.actions import record
from apps.accounts.invitations import invitation_behind
from apps.accounts.models import Invitation, Membership, User
from workers.errors import UserError


@transaction.atomic
def accept(*, actor: Actor, token: str) -> Membership:
    """The person who is signed in joins, when the invitation is theirs."""
    return accept_known(actor=actor, invitation=invitation_behind(token))


@transaction.atomic
def accept_known(*, actor: Actor, invitation: Invitation) -> Membership:
    """As `accept`, of an invitation that was looked at."""
    if actor.user is None or actor.user.email.lower() != invitation.email.lower():
        raise UserError(
            "invitation:user:other-address", f"This invitation is for {invitation.email}.",
            hint="Sign in with that address.", status=409,
        )  # fmt: skip
    return _join(actor.user, invitation)


@transaction.atomic
def accept_as_new(*, token: str, name: str, password: str) -> User:
    """Somebody without an account makes it, with the address of the invitation, and joins."""
    return accept_known_as_new(invitation=invitation_behind(token), name=name, password=password)


@transaction.atomic
def accept_known_as_new(*, invitation: Invitation, name: str, password: str | None) -> User:
    """As `accept_as_new`, of an invitation that was looked at. Without a password there must be another way in."""
    if User.objects.filter(email__iexact=invitation.email).exists():
        raise UserError(
            "invitation:user:has-account", f"{invitation.email} has an account here.", hint="Sign in first.", status=409
        )
    user = User.objects.create_user(invitation.email, password, name=name)
    _join(user, invitation)
    return user


def has_account(invitation: Invitation) -> bool:
    return User.objects.filter(email__iexact=invitation.email).exists()


def _join(user: User, invitation: Invitation) -> Membership:
    """Single use, also when two requests race."""
    if not Invitation.objects.filter(pk=invitation.pk, accepted_at=None).update(accepted_at=timezone.now()):
        raise UserError("invitation:user:ended", "This invitation was used already.", status=404)
    row, made = Membership.objects.get_or_create(user=user, team=invitation.team, defaults={"role": invitation.role})
    if user.is_let_in and made and _answers(invitation):  # From now on a person answers for them, and no list.
        User.objects.filter(pk=user.pk).update(is_let_in=False)
    if invitation.invited_by is not None and invitation.invited_by.is_staff:  # An operator vouches for the address.
        User.objects.filter(pk=user.pk).update(is_email_verified=True)
    record(actor=Actor(user), team_id=invitation.team_id, verb=f"joined as {row.role}", subject=user)
    return row


def _answers(invitation: Invitation) -> bool:
    """Somebody whom a list let in cannot free themselves or another of that list."""
    return invitation.invited_by is not None and not invitation.invited_by.is_let_in
