"""Making a team, by those who may; renaming and deleting it. Not in charge of who is in it (`apps.accounts.members`)."""

from __future__ import annotations

from django.db import transaction

from apps.accounts.access import Actor
from apps.accounts.actions import make_team, record
from apps.accounts.bearer import person_of
from apps.accounts.installation import is_operator
from apps.accounts.models import Team
from apps.accounts.newcomers import policy, whom_to_ask
from apps.accounts.policy import Permission, TeamMakers
from workers.errors import UserError


@transaction.atomic
def rename_team(*, actor: Actor, team: Team, name: str) -> Team:
    """Its name changes; its slug stays."""
    actor.require(Permission.MANAGE_TEAM, team.pk)
    wanted = name.strip()
    if not 1 <= len(wanted) <= 60:
        raise UserError("team:user:name", "A team's name has 1 to 60 characters.", status=422)
    before, team.name = team.name, wanted
    team.save(update_fields=["name"])
    record(actor=actor, team_id=team.pk, verb="renamed the team", subject=team, before=before)
    return team


@transaction.atomic
def delete_team(*, actor: Actor, team: Team, confirm: str) -> None:
    """For ever, with its activity and invitations. Refused while it has projects: what serves must be deleted by name."""
    actor.require(Permission.MANAGE_TEAM, team.pk)
    if confirm != team.name:
        raise UserError(
            "team:user:confirm", f"{team.name} is deleted with its activity, and its members lose it.",
            hint=f"Confirm with its name, {team.name}.", status=409,
        )  # fmt: skip
    kept = why_kept(team)
    if kept is not None:
        raise kept
    team.delete()


def why_kept(team: Team) -> UserError | None:
    """What speaks against deleting it, whatever is confirmed."""
    if not team.projects.exists():  # By its reverse name: projects stand above accounts.
        return None
    sentence = f"{team.name} still has projects."
    return UserError("team:user:has-projects", sentence, hint="Delete each project first.", status=409)


def may_make_teams(actor: Actor) -> bool:
    return is_operator(actor) or policy().team_makers == TeamMakers.EVERYONE


def create_team(*, actor: Actor, name: str) -> Team:
    """A team of the actor's own."""
    require_team_maker(actor)
    return make_team(user=person_of(actor), name=name)


def require_team_maker(actor: Actor) -> None:
    if not may_make_teams(actor):
        raise UserError(
            "team:user:operators-only", "Only operators make teams here.",
            hint=f"Ask {whom_to_ask(for_people=True)} for one, or for an invitation to one.", status=403,
        )  # fmt: skip
