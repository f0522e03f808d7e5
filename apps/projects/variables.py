"""What people do with variables: set, change, delete, bring back. Not in charge of what a release gets of them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.accounts.access import Actor
from apps.accounts.actions import record
from apps.accounts.policy import Permission
from apps.lib.dotenv import check_variable
from apps.projects.models import Environment, Project, Service, Variable
from workers.errors import UserError

MOST = 500  # in one scope
UNDO = timedelta(minutes=10)


@transaction.atomic
def set_variables(
    *,
    actor: Actor,
    project: Project,
    values: dict[str, str],
    service: Service | None = None,
    environment: Environment | None = None,
    for_previews: bool = False,
    secret: bool | None = None,
    secrets: Collection[str] = (),
) -> list[Variable]:
    """Write variables in one scope. `secret` None keeps what a variable was, and makes new ones plain; those named in
    `secrets` become secret whatever it is.

    A secret never becomes plain again: that would make its value readable.
    """
    actor.require(Permission.WRITE_VARIABLES, project.team_id)
    scope: dict[str, Any] = {"service": service, "environment": environment, "for_previews": for_previews}
    if environment is not None and for_previews:
        raise UserError(
            "variables:user:two-scopes", "A variable is for one environment or for all previews.",
            hint="Leave out one of them.", status=422,
        )  # fmt: skip
    there = _locked(project, **scope)
    for name, value in values.items():
        check_variable(name, value)
    _check_count(len({*there, *values}))
    rows = []
    for name, value in values.items():
        row = there.get(name) or Variable(project=project, name=name, **scope)
        row.value = value
        row.is_secret = row.is_secret or bool(secret) or name in secrets
        rows.append(_saved(row, actor))
    if rows:
        _record(actor, rows[0], "set variables", sorted(values))
    return rows


@transaction.atomic
def change_variable(
    *, actor: Actor, variable: Variable, name: str | None = None, value: str | None = None, secret: bool = False
) -> Variable:
    """Another name, another value, or secret from now on. None keeps what it was: a secret is renamed unseen."""
    actor.require(Permission.WRITE_VARIABLES, variable.project.team_id)
    there = _beside(variable)
    if variable.name not in there:
        raise _gone()
    row, before = there[variable.name], variable.name
    row.name = row.name if name is None else name
    row.value = row.value if value is None else value
    row.is_secret = row.is_secret or secret
    check_variable(row.name, row.value)
    if row.name != before and row.name in there:
        raise _taken(row.name)
    _record(actor, row, "set variables", sorted({before, row.name}))
    return _saved(row, actor)


@transaction.atomic
def delete_variable(*, actor: Actor, variable: Variable) -> None:
    """For ten minutes it can be brought back; then nothing of it is left here."""
    actor.require(Permission.WRITE_VARIABLES, variable.project.team_id)
    if Variable.objects.filter(pk=variable.pk).update(deleted_at=timezone.now()):
        _record(actor, variable, "removed variables", [variable.name])


@transaction.atomic
def restore_variable(*, actor: Actor, variable: Variable) -> Variable:
    """Undo of a deletion. Refused when its time is over, or another one has its name now."""
    actor.require(Permission.WRITE_VARIABLES, variable.project.team_id)
    there = _beside(variable)
    deleted = Variable.with_deleted.filter(pk=variable.pk, deleted_at__gt=timezone.now() - UNDO)
    if variable.name in there:
        raise _taken(variable.name)
    _check_count(len(there) + 1)
    if not deleted.update(deleted_at=None):
        raise _gone()
    _record(actor, variable, "brought variables back", [variable.name])
    variable.refresh_from_db(from_queryset=Variable.with_deleted.all())
    return variable


def forget_deleted() -> int:
    """Those whose time for Undo is over."""
    count, _ = Variable.with_deleted.filter(deleted_at__lt=timezone.now() - UNDO).delete()
    return count


def _beside(row: Variable) -> dict[str, Variable]:
    """Those of its scope, locked."""
    return _locked(row.project, service=row.service, environment=row.environment, for_previews=row.for_previews)


def _locked(project: Project, **scope: Any) -> dict[str, Variable]:
    """The variables of a scope by name, with the project's row locked: one writer at a time keeps the rules true."""
    Project.objects.select_for_update(of=("self",)).get(pk=project.pk)
    rows = Variable.objects.filter(project=project, **scope)
    return {row.name: row for row in rows.select_related("project", "service", "environment")}


def _saved(row: Variable, actor: Actor) -> Variable:
    row.updated_by, row.updated_by_name = actor.user, actor.label[:100]
    row.save()
    return row


def _record(actor: Actor, row: Variable, verb: str, names: list[str]) -> None:
    """Names only: a value is in no history."""
    subject = row.service or row.project
    record(actor=actor, team_id=row.project.team_id, verb=verb, subject=subject, names=names, scope=row.scope)


def _check_count(count: int) -> None:
    if count > MOST:
        raise UserError(
            "variables:user:too-many", f"These would be {count} variables in one scope; {MOST} is the most.",
            hint="Remove some, or put them into one JSON value or a file.", status=422,
        )  # fmt: skip


def _taken(name: str) -> UserError:
    return UserError(
        "variables:user:name-taken", f"There is a variable {name} in this scope already.",
        hint="Choose another name, or remove that one first.", status=409,
    )  # fmt: skip


def _gone() -> UserError:
    return UserError(
        "variables:user:gone", "This variable was removed.", hint="Set it again; look at the activity for who did it.",
        status=409,
    )  # fmt: skip
