"""`/auth/me`, teams, members and activity."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from apps.accounts import members, teams
from apps.accounts.access import Actor, team_for
from apps.accounts.bearer import actor_of, one, person_of, require_full_scope
from apps.accounts.models import ActivityEvent, Membership, Team
from apps.accounts.schemas import (
    ActivityOut,
    ActivityQuery,
    MemberIn,
    MemberOut,
    MeOut,
    RoleIn,
    TeamIn,
    TeamOut,
)
from apps.lib.api import Page, PageQuery, created, paged

router = Router(tags=["account"])


def membership_for(actor: Actor, team: UUID, pk: UUID) -> Membership:
    rows = Membership.objects.filter(team=team, team__in=actor.teams).select_related("user")
    return one(rows, "member", pk)


@router.get("/auth/me", response=MeOut, operation_id="get_me", summary="Who am I")
def get_me(request: HttpRequest) -> Any:
    """The person behind the token, its scope, and the teams they are in."""
    actor = actor_of(request)
    user = person_of(actor)
    teams = Team.objects.filter(id__in=actor.teams).order_by("name")
    return {
        **{name: getattr(user, name) for name in ("id", "name", "email")},
        "is_operator": user.is_staff,
        "scope": actor.scope,
        "teams": [
            {"id": team.pk, "name": team.name, "slug": team.slug, "role": actor.roles[team.pk]} for team in teams
        ],
    }


@router.get("/teams", response=Page[TeamOut], operation_id="list_teams", summary="List teams")
def list_teams(request: HttpRequest, query: Query[PageQuery]) -> Any:
    """The teams you are in, newest first."""
    return paged(Team.objects.filter(id__in=actor_of(request).teams), query)


@router.post("/teams", response={201: TeamOut}, operation_id="create_team", summary="Create a team")
def create_team(request: HttpRequest, response: HttpResponse, told: TeamIn) -> Any:
    """A team of your own. A token needs the scope `admin`."""
    actor = actor_of(request)
    require_full_scope(actor, "create teams")
    team = teams.create_team(actor=actor, name=told.name)
    created(response, "get_team", team.pk)
    return team


@router.get("/teams/{uuid:team_id}", response=TeamOut, operation_id="get_team", summary="Get a team")
def get_team(request: HttpRequest, team_id: UUID) -> Any:
    """One team you are in."""
    return team_for(actor_of(request), team_id)


@router.get(
    "/teams/{uuid:team_id}/members", response=Page[MemberOut], operation_id="list_members", summary="List members"
)
def list_members(request: HttpRequest, team_id: UUID, query: Query[PageQuery]) -> Any:
    """Who is in a team, and as what."""
    team = team_for(actor_of(request), team_id)
    return paged(Membership.objects.filter(team=team).select_related("user"), query)


@router.post(
    "/teams/{uuid:team_id}/members", response={201: MemberOut}, operation_id="add_member", summary="Add a member"
)
def add_member(request: HttpRequest, response: HttpResponse, team_id: UUID, told: MemberIn) -> Any:
    """A person who has an account joins the team. Only an address that an operator vouches for names somebody (they set
    it up, invited it, or ticked it in the admin); everybody else is invited."""
    actor = actor_of(request)
    row = members.add_member(actor=actor, team=team_for(actor, team_id), email=told.email, role=told.role)
    created(response, "get_member", team_id, row.pk)
    return row


@router.get(
    "/teams/{uuid:team_id}/members/{uuid:member_id}",
    response=MemberOut,
    operation_id="get_member",
    summary="Get a member",
)
def get_member(request: HttpRequest, team_id: UUID, member_id: UUID) -> Any:
    """One member of a team."""
    return membership_for(actor_of(request), team_id, member_id)


@router.patch(
    "/teams/{uuid:team_id}/members/{uuid:member_id}",
    response=MemberOut,
    operation_id="change_member",
    summary="Change a role",
)
def change_member(request: HttpRequest, team_id: UUID, member_id: UUID, told: RoleIn) -> Any:
    """Nobody gives more than they have; a team keeps an owner."""
    actor = actor_of(request)
    return members.change_role(actor=actor, membership=membership_for(actor, team_id, member_id), role=told.role)


@router.delete(
    "/teams/{uuid:team_id}/members/{uuid:member_id}",
    response={204: None},
    operation_id="remove_member",
    summary="Remove a member",
)
def remove_member(request: HttpRequest, team_id: UUID, member_id: UUID) -> None:
    """Remove somebody, or leave. Their open pages lose the team within seconds."""
    actor = actor_of(request)
    membership = membership_for(actor, team_id, member_id)
    require_full_scope(actor, "change members")
    members.remove_member(actor=actor, membership=membership)


@router.get("/activity", response=Page[ActivityOut], operation_id="list_activity", summary="List activity")
def list_activity(request: HttpRequest, query: Query[ActivityQuery]) -> Any:
    """Who did what in your teams, newest first."""
    rows = ActivityEvent.objects.filter(team__in=actor_of(request).teams)
    if query.team_id:
        rows = rows.filter(team=query.team_id)
    if query.subject_id:
        rows = rows.filter(subject_id=query.subject_id)
    if query.subject_type:
        rows = rows.filter(subject_type=query.subject_type)
    if query.actor:
        rows = rows.filter(actor_name=query.actor)
    return paged(rows, query)
