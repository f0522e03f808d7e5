"""Oneself (profile, password, sessions), invitations, and what is set for a whole team."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from apps.accounts import invitations, joining, links, profile, teams
from apps.accounts.access import Actor, team_for
from apps.accounts.api import router as account_router
from apps.accounts.bearer import actor_of, one, require_full_scope
from apps.accounts.models import Invitation
from apps.accounts.schemas import MemberOut, TeamIn, TeamOut
from apps.accounts.schemas_people import (
    AcceptIn,
    InvitationIn,
    InvitationOut,
    NewInvitationOut,
    PasswordIn,
    PersonOut,
    ProfileIn,
    RecoveryOut,
)
from apps.lib.api import Page, PageQuery, created, paged

router = Router(tags=["account"])


@account_router.patch("/auth/me", response=PersonOut, operation_id="change_me", summary="Change your profile")
def change_me(request: HttpRequest, told: ProfileIn) -> Any:
    """Your name and email. What is left out stays."""
    return profile.change_profile(actor=actor_of(request), name=told.name, email=told.email)


@router.post("/auth/password", response={204: None}, operation_id="change_password", summary="Change your password")
def change_password(request: HttpRequest, told: PasswordIn) -> None:
    """Every session ends, and every sign-in link that was not used. API tokens go on."""
    profile.change_password(actor=actor_of(request), old=told.old, new=told.new)


@router.post(
    "/auth/sign-out-everywhere",
    response={204: None},
    operation_id="sign_out_everywhere",
    summary="End all of your sessions",
)
def sign_out_everywhere(request: HttpRequest) -> None:
    """Every session of yours ends, and every sign-in link that was not used. API tokens go on; each is revoked by itself."""
    profile.sign_out_everywhere(actor=actor_of(request))


@router.post(
    "/auth/recovery-link", response=RecoveryOut, operation_id="make_recovery_link", summary="Make a recovery link"
)
def make_recovery_link(request: HttpRequest) -> Any:
    """For operators: signs you in once within a year. Shown this once; the one made before ends."""
    return {"url": links.make_recovery_link(actor=actor_of(request))}


@account_router.patch("/teams/{uuid:team_id}", response=TeamOut, operation_id="rename_team", summary="Rename a team")
def rename_team(request: HttpRequest, team_id: UUID, told: TeamIn) -> Any:
    """Its name changes; its slug stays. For owners."""
    actor = actor_of(request)
    return teams.rename_team(actor=actor, team=team_for(actor, team_id), name=told.name)


@account_router.delete(
    "/teams/{uuid:team_id}", response={204: None}, operation_id="delete_team", summary="Delete a team"
)
def delete_team(request: HttpRequest, team_id: UUID, confirm: str = "") -> None:
    """With its activity and invitations. `confirm` is its name. Refused while it has projects. For owners."""
    actor = actor_of(request)
    teams.delete_team(actor=actor, team=team_for(actor, team_id), confirm=confirm)


@router.get(
    "/teams/{uuid:team_id}/invitations",
    response=Page[InvitationOut],
    operation_id="list_invitations",
    summary="List open invitations",
)
def list_invitations(request: HttpRequest, team_id: UUID, query: Query[PageQuery]) -> Any:
    """Those that can still be accepted. Never their links."""
    return paged(invitations.open_invitations(team_for(actor_of(request), team_id)), query)


@router.post(
    "/teams/{uuid:team_id}/invitations",
    response={201: NewInvitationOut},
    operation_id="create_invitation",
    summary="Invite somebody",
)
def create_invitation(request: HttpRequest, response: HttpResponse, team_id: UUID, told: InvitationIn) -> Any:
    """A link for one address, with or without an account: single use, seven days, never above your own role.

    It is shown this once, for you to hand over.
    """
    actor = actor_of(request)
    row, url = invitations.invite(actor=actor, team=team_for(actor, team_id), email=told.email, role=told.role)
    row.url = url
    created(response, "get_invitation", team_id, row.pk)
    return row


@router.get(
    "/teams/{uuid:team_id}/invitations/{uuid:invitation_id}",
    response=InvitationOut,
    operation_id="get_invitation",
    summary="Get an invitation",
)
def get_invitation(request: HttpRequest, team_id: UUID, invitation_id: UUID) -> Any:
    """One invitation of a team, without its link."""
    return _invitation_for(actor_of(request), team_id, invitation_id)


@router.delete(
    "/teams/{uuid:team_id}/invitations/{uuid:invitation_id}",
    response={204: None},
    operation_id="revoke_invitation",
    summary="Take an invitation back",
)
def revoke_invitation(request: HttpRequest, team_id: UUID, invitation_id: UUID) -> None:
    """Its link no longer works."""
    actor = actor_of(request)
    invitations.revoke(actor=actor, invitation=_invitation_for(actor, team_id, invitation_id))


@router.post(
    "/invitations/accept", response=MemberOut, operation_id="accept_invitation", summary="Accept an invitation"
)
def accept_invitation(request: HttpRequest, told: AcceptIn) -> Any:
    """For people who have an account with its address. Others open the link and make one."""
    actor = actor_of(request)
    require_full_scope(actor, "accept invitations")
    return joining.accept(actor=actor, token=told.token.rpartition("/")[2])


def _invitation_for(actor: Actor, team_id: UUID, invitation_id: UUID) -> Invitation:
    rows = Invitation.objects.filter(team=team_id, team__in=actor.teams).select_related("invited_by", "team")
    return one(rows, "invitation", invitation_id)
