"""Who is in a team, and as what: nobody reaches above their own role, and a team keeps an owner."""

from __future__ import annotations

from django.db import transaction

from apps.accounts.access import Actor
from apps.accounts.actions import record
from apps.accounts.models import Membership, Team, User
from apps.accounts.policy import RANK, Permission, Role
from workers.errors import UserError


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
