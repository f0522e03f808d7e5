"""Renaming and deleting a team. Making one, and its members, are in `actions`."""

from __future__ import annotations

from django.db import transaction

from apps.accounts.access import Actor
from apps.accounts.actions import record
from apps.accounts.models import Team
from apps.accounts.policy import Permission
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
