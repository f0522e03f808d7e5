"""All services of a compose file in one call."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router, Status

from apps.accounts.bearer import actor_of
from apps.accounts.policy import Permission
from apps.deployments import bringing, composed_here, composing
from apps.deployments.importing import composed, look_at_address, look_at_repository
from apps.deployments.models import Deployment
from apps.deployments.schemas_source import ComposeIn, ComposeOut
from apps.github.choices import choice_named
from apps.projects.api import team_meant

router = Router(tags=["services"])


@router.post(
    "/compose",
    response={200: ComposeOut, 201: ComposeOut},
    operation_id="create_composed",
    summary="Create and deploy a compose file's services",
)
def create_composed(request: HttpRequest, told: ComposeIn) -> Any:
    """One service for each of the file that is not refused, in one transaction: all are being deployed, or nothing has
    changed. Those that the project has from this file already are kept; those of an image take what changed in it, and
    what is built takes it with the next push. 200 when there was nothing to make; `dry_run` only tells."""
    actor = actor_of(request)
    team = team_meant(actor, told.team_id)
    actor.require(Permission.WRITE_SERVICE, team.pk)
    asked = {**told.model_dump(exclude={"variables", "team_id", "dry_run"}), "dockerfile": "", "start_command": ""}
    choice = choice_named(actor, told.repository) if told.repository else None
    variables = told.variables
    if choice:
        found = look_at_repository(actor, choice, asked, variables=variables)
    else:
        found = look_at_address(actor, asked, variables=variables)
    values = {**composed_here.remembered(composed_here.siblings(team, told.project, found["where"])), **variables}
    plan = composed(found, values)
    brought = bringing.create_composed(
        actor=actor,
        team=team,
        project=told.project,
        plan=plan,
        where=found["where"],
        told=values,
        repository=choice,
        trigger="api" if actor.scope else "manual",
        dry_run=told.dry_run,
    )
    rows = {
        row.pk: row for row in Deployment.objects.with_names().filter(pk__in=[one.pk for one in brought.deployments])
    }
    told_of = {
        "deployments": [rows[one.pk] for one in brought.deployments],
        "added": brought.added,
        "changed": {name: [note.words for note in notes] for name, notes in brought.changed.items()},
        "kept": brought.kept,
        "compose": composing.shown(plan),
    }
    return Status(201 if rows else 200, told_of)
