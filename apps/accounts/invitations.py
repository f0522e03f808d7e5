"""Inviting people by a link: bound to an address, single use, seven days, never a role above the inviter's own.

The link is handed over by the inviter; nothing is sent by mail.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from apps.accounts.access import Actor, not_found
from apps.accounts.actions import record
from apps.accounts.models import Invitation, Membership, Team
from apps.accounts.policy import MATRIX, RANK, Permission, Role
from apps.lib import tokens
from workers.errors import UserError

LIFE = timedelta(days=7)


@transaction.atomic
def invite(*, actor: Actor, team: Team, email: str, role: str) -> tuple[Invitation, str]:
    """The invitation and its link, shown this once. An older open one for the same address ends."""
    actor.require(Permission.MANAGE_TEAM if role == Role.OWNER else Permission.MANAGE_MEMBERS, team.pk)
    address = _address(email)
    if Membership.objects.filter(team=team, user__email__iexact=address).exists():
        raise UserError("invitation:user:there", f"{address} is in this team already.", status=409)
    Invitation.objects.filter(team=team, email__iexact=address, accepted_at=None).update(revoked_at=timezone.now())
    token = tokens.make_token("invite")
    row = Invitation.objects.create(
        team=team, email=address, role=role, invited_by=actor.user, digest=tokens.digest(token),
        expires_at=timezone.now() + LIFE,
    )  # fmt: skip
    record(actor=actor, team_id=team.pk, verb=f"invited as {role}", subject=row, name=address)
    return row, f"{settings.SLIPWAY.url}/invitations/{token}"


def open_invitations(team: Team) -> QuerySet[Invitation]:
    rows: QuerySet[Invitation] = Invitation.objects.open().filter(team=team)
    return rows.select_related("invited_by").order_by("-created_at")


def invitation_for(actor: Actor, invitation_id: UUID) -> Invitation:
    row = Invitation.objects.filter(team__in=actor.teams, pk=invitation_id).select_related("team").first()
    if row is None:
        raise not_found("invitation")
    return row


@transaction.atomic
def revoke(*, actor: Actor, invitation: Invitation) -> None:
    """Its link no longer works."""
    actor.require(Permission.MANAGE_MEMBERS, invitation.team_id)
    found = Invitation.objects.filter(pk=invitation.pk, accepted_at=None, revoked_at=None)
    if found.update(revoked_at=timezone.now()):
        record(
            actor=actor, team_id=invitation.team_id, verb="took back the invitation of", subject=invitation,
            name=invitation.email,
        )  # fmt: skip


def invitation_behind(token: str) -> Invitation:
    """The open invitation of a link. Looking does not use it up. It ends when its inviter could not make it any more."""
    rows = Invitation.objects.open().select_related("team", "invited_by")
    row: Invitation | None = rows.filter(digest=tokens.digest(token)).first() if tokens.is_well_formed(token) else None
    return _standing(row)


def _standing(row: Invitation | None) -> Invitation:
    if row is None or not _still_stands(row):
        raise UserError(
            "invitation:user:ended",
            "This invitation was used already, taken back, or has ended.",
            hint="Ask for a new one: an owner or admin of the team makes it on the team's page.",
            status=404,
        )
    return row


def invitation_known(invitation_id: UUID) -> Invitation:
    """The open invitation whose link somebody followed before they went away to sign in."""
    row: Invitation | None = (
        Invitation.objects.open().select_related("team", "invited_by").filter(pk=invitation_id).first()
    )
    return _standing(row)


def _still_stands(invitation: Invitation) -> bool:
    row = Membership.objects.filter(team=invitation.team_id, user=invitation.invited_by).first()
    if row is None:
        return False
    role = Role(row.role)
    return Permission.MANAGE_MEMBERS in MATRIX[role] and RANK[Role(invitation.role)] <= RANK[role]


def _address(email: str) -> str:
    address = email.strip().lower()
    try:
        validate_email(address)
    except ValidationError as error:
        raise UserError(
            "invitation:user:address", f"{address[:80]!r} is not an email address.", hint="Check its spelling.",
            status=422,
        ) from error  # fmt: skip
    return address
