"""Take staged changes of variables back to what is live. Only those that belong to the service alone."""

from __future__ import annotations

from django.db import transaction

from apps.accounts.access import Actor
from apps.accounts.policy import Permission
from apps.deployments.models import Release
from apps.deployments.staged import staged_of
from apps.deployments.staged_changes import Change, source_of
from apps.projects.given import Gift, gift_of
from apps.projects.models import Environment, Service
from apps.projects.variables import delete_variable, set_variables
from workers.errors import UserError


@transaction.atomic
def discard_changes(*, actor: Actor, service: Service, environment: Environment | None = None) -> list[str]:
    """The names of the variables that are as the live release has them again. Settings are changed back by hand."""
    actor.require(Permission.WRITE_VARIABLES, service.team_id)
    where = environment or service.environment
    staged = staged_of(service, where, may_read=True)
    wanted = [change for change in staged.changes if change.can_discard]
    if not wanted or staged.live is None or staged.live.release is None:
        raise UserError(
            "changes:user:nothing-to-discard", "There is no change of this service's own variables to take back.",
            hint="Change settings, and variables of the project, back where they are set.", status=409,
        )  # fmt: skip
    gift = gift_of(service, where)
    for change in wanted:
        _take_back(actor, service, where, change, gift, staged.live.release)
    return [change.name for change in wanted]


def _take_back(actor: Actor, service: Service, where: Environment, change: Change, gift: Gift, live: Release) -> None:
    if change.kind == "new":
        delete_variable(actor=actor, variable=gift.rows[change.name])
        return
    is_here_only = source_of(live, change.name).scope != "service"
    set_variables(
        actor=actor,
        project=service.project,
        service=service,
        environment=where if is_here_only else None,
        values={change.name: _literal(live.variables[change.name])},
        secret=True if change.name in live.secret_names else None,
    )


def _literal(value: str) -> str:
    """What a release holds is no reference any more."""
    return value.replace("${{", "$${{")
