"""Rows of projects as an actor may have them: 404 for strangers, 403 for members without the right."""

from __future__ import annotations

from typing import TypeVar
from uuid import UUID

from django.db import models
from django.db.models import QuerySet

from apps.accounts.access import Actor, not_found
from apps.accounts.policy import Permission
from apps.lib.asked_often import asked_often
from apps.lib.models import Base
from apps.projects.models import Domain, Environment, Project, Registry, Service, Variable, Volume, scoped

M = TypeVar("M", bound=Base)


def project_for(actor: Actor, project_id: UUID) -> Project:
    rows: QuerySet[Project] = scoped(Project, actor, "team").select_related("team")
    return _found(rows, project_id, "project")


def service_for(actor: Actor, service_id: UUID) -> Service:
    for row in _services(actor.teams, service_id):
        return row
    raise not_found("service")


@asked_often
def _services(teams: list[UUID], service_id: UUID) -> QuerySet[Service]:
    return Service.objects.filter(project__team__in=teams, pk=service_id).select_related("project__team")


def service_for_writer(actor: Actor, service_id: UUID, permission: Permission) -> Service:
    service = service_for(actor, service_id)
    actor.require(permission, service.team_id)
    return service


def environment_for(actor: Actor, environment_id: UUID) -> Environment:
    rows: QuerySet[Environment] = scoped(Environment, actor, "project__team").select_related("project__team")
    return _found(rows, environment_id, "environment")


def domain_for(actor: Actor, domain_id: UUID) -> Domain:
    rows: QuerySet[Domain] = scoped(Domain, actor, "service__project__team")
    rows = rows.select_related("service__project__team", "environment")
    return _found(rows, domain_id, "domain")


def variable_for(actor: Actor, variable_id: UUID) -> Variable:
    rows: QuerySet[Variable] = scoped(Variable, actor, "project__team")
    return _found(rows.select_related("project__team", "service", "environment"), variable_id, "variable")


def variable_for_writer(actor: Actor, variable_id: UUID, *, deleted: bool = False) -> Variable:
    """With `deleted` also one that was removed and can still be brought back."""
    manager: models.Manager[Variable] = Variable.with_deleted if deleted else Variable.objects
    rows = manager.filter(project__team__in=actor.teams)
    row = _found(rows.select_related("project__team", "service", "environment"), variable_id, "variable")
    actor.require(Permission.WRITE_VARIABLES, row.project.team_id)
    return row


def project_for_writer(actor: Actor, project_id: UUID, permission: Permission) -> Project:
    project = project_for(actor, project_id)
    actor.require(permission, project.team_id)
    return project


def volume_for(actor: Actor, volume_id: UUID) -> Volume:
    rows: QuerySet[Volume] = scoped(Volume, actor, "project__team").filter(discarded_at=None)
    return _found(rows.select_related("project__team", "service", "environment"), volume_id, "volume")


def registry_for(actor: Actor, registry_id: UUID) -> Registry:
    rows: QuerySet[Registry] = scoped(Registry, actor, "team").select_related("team")
    return _found(rows, registry_id, "registry")


def _found(rows: QuerySet[M], pk: UUID, what: str) -> M:
    row = rows.filter(pk=pk).first()
    if row is None:
        raise not_found(what)
    return row
