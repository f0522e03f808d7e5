"""The one question every entrance asks: may this actor do that in this team? Strangers get 404, readers 403."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from django.db.models import QuerySet

from apps.accounts.models import Membership, Team, User
from apps.accounts.policy import Permission, Role, allows
from apps.lib.asked_often import asked_often
from workers.errors import UserError


@dataclass(frozen=True, eq=False)
class Actor:
    """A person, with the scope of the token they came with. `scope` None: their own session.

    `user` None is Slipway itself (the reconciler, an automatic rollback).
    """

    user: User | None
    scope: str | None = None
    name: str = ""

    @cached_property
    def memberships(self) -> list[Membership]:
        """With their teams, by name; read once per request."""
        if self.user is None or not self.user.is_active:
            return []
        return _memberships(self.user.pk)

    @cached_property
    def roles(self) -> dict[UUID, Role]:
        """Team id -> role."""
        return {row.team_id: Role(row.role) for row in self.memberships}

    @property
    def teams(self) -> list[UUID]:
        return list(self.roles)

    @property
    def label(self) -> str:
        return self.name or (str(self.user) if self.user else "Slipway")

    def can(self, permission: Permission, team_id: UUID) -> bool:
        return allows(self.roles.get(team_id), permission, self.scope)

    def require(self, permission: Permission, team_id: UUID) -> None:
        """Nothing, or 404 for a stranger, or 403 for a member whose role or token is not enough."""
        role = self.roles.get(team_id)
        if role is None:
            raise not_found()
        if not allows(role, permission, self.scope):
            token = self.scope is not None and allows(role, permission)
            what = f"This token's scope ({self.scope})" if token else f"Your role ({role})"
            raise UserError(
                "access:user:forbidden",
                f"{what} does not include {permission.replace('_', ' ')}.",
                hint="Use a token with a wider scope." if token else "Ask an owner or admin of the team.",
                status=403,
            )


@asked_often
def _memberships(user: UUID) -> QuerySet[Membership]:
    return Membership.objects.filter(user=user).select_related("team").order_by("team__name")


SYSTEM = Actor(user=None, name="Slipway")


def not_found(what: str = "") -> UserError:
    """The same answer for what does not exist and for what is somebody else's."""
    return UserError(
        "access:user:not-found",
        f"There is no such {what}." if what else "There is nothing here.",
        hint="It may have been deleted, or you may not be a member of its team.",
        status=404,
    )


def teams_of(actor: Actor) -> list[Team]:
    return [row.team for row in actor.memberships]


def team_for(actor: Actor, team_id: UUID) -> Team:
    row = Team.objects.filter(id__in=actor.teams, pk=team_id).first()
    if row is None:
        raise not_found("team")
    return row


def membership_for(actor: Actor, membership_id: UUID) -> Membership:
    rows = Membership.objects.filter(team__in=actor.teams).select_related("team", "user")
    row = rows.filter(pk=membership_id).first()
    if row is None:
        raise not_found("member")
    return row
