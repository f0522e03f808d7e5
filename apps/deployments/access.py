"""Deployments and releases as an actor may have them: 404 for strangers, 403 for members without the right."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from apps.accounts.access import Actor, not_found, teams_of
from apps.accounts.models import Team
from apps.accounts.policy import Permission
from apps.deployments.models import Deployment, Release
from apps.lib.asked_often import asked_often
from apps.projects.models import scoped


def deployment_for(actor: Actor, deployment_id: UUID) -> Deployment:
    for row in _deployments(actor.teams, deployment_id):
        return row
    raise not_found("deployment")


@asked_often
def _deployments(teams: list[UUID], deployment_id: UUID) -> QuerySet[Deployment]:
    return Deployment.objects.filter(service__project__team__in=teams, pk=deployment_id).with_names()


def deployment_for_writer(actor: Actor, deployment_id: UUID) -> Deployment:
    row = deployment_for(actor, deployment_id)
    actor.require(Permission.DEPLOY, row.service.team_id)
    return row


def release_for(actor: Actor, release_id: UUID) -> Release:
    rows = scoped(Release, actor, "service__project__team").select_related("service__project__team", "build")
    row: Release | None = rows.filter(pk=release_id).first()
    if row is None:
        raise not_found("release")
    return row


def teams_for_writer(actor: Actor) -> list[Team]:
    """Those in which the actor may make services; 403 when there are none."""
    mine = teams_of(actor)
    teams = [team for team in mine if actor.can(Permission.WRITE_SERVICE, team.pk)]
    if not teams:
        if not mine:
            raise not_found()
        actor.require(Permission.WRITE_SERVICE, mine[0].pk)
    return teams
