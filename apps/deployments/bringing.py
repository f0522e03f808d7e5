"""The services of a compose file, made at once; when the file is read again, those that are new to the project.

Not in charge of what is shown of them before (`composing`), and of what a push changes (`steps.follow`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

from django.db import transaction

from apps.accounts.access import Actor
from apps.accounts.actions import record
from apps.accounts.models import Team
from apps.accounts.policy import Permission
from apps.deployments.actions import create_app, deploy
from apps.deployments.adopting import store
from apps.deployments.composed_here import changes, place_of, siblings
from apps.deployments.file_notes import Note
from apps.deployments.following import Followed
from apps.deployments.models import Deployment
from apps.deployments.said import Said, said_of
from apps.github.choices import Choice
from apps.lib.hostnames import slug
from apps.projects.models import Project, Service
from workers.build.compose.plan import ComposePlan, ComposeService
from workers.build.compose.run import run_of
from workers.errors import UserError

SOURCE = ("source_url", "source_token", "source_key", "source_host_key", "branch")


@dataclass(frozen=True)
class Brought:
    """What became of the services of a file, by name: `added`, `changed` (those of an image, whose entry changed), and
    `kept` as they are. Deployments are those of the first two, in the order in which they start."""

    deployments: list[Deployment]
    added: list[str]
    changed: dict[str, list[Note]]
    kept: list[str]


@transaction.atomic
def create_composed(
    *,
    actor: Actor,
    team: Team,
    project: str,
    plan: ComposePlan,
    where: Mapping[str, str],
    told: Mapping[str, str],
    repository: Choice | None = None,
    trigger: str = "manual",
    dry_run: bool = False,
) -> Brought:
    """All that were not refused and are not here yet, each with its deployment; or none of them. Those of an image that
    are here take what changed in the file, and are deployed; everything else of the project stays.

    `where` is the source of those that are built: address, branch, and what opens it. `told` are a person's values.
    """
    actor.require(Permission.WRITE_SERVICE, team.pk)
    _check_ready(plan)
    list(Project.objects.select_for_update(of=("self",)).filter(team=team, slug=slug(project)))
    here = siblings(team, project, where)
    changed = changes(plan, here, where)
    make = partial(create_app, actor=actor, team=team, project=project, trigger=trigger)
    made = []
    for one in plan.made if not dry_run else ():
        said, row = _said(plan, one, where, told, repository), here.get(one.name)
        if row is None:
            made.append(make(**_app(one, said, where), repository=None if one.image else repository))
        elif one.name in changed:
            made.append(_change(actor, row, changed[one.name], said, trigger))
        else:
            _remember(row, said)
    added = [one.name for one in plan.made if one.name not in here]
    kept = [one.name for one in plan.made if one.name in here and one.name not in changed]
    return Brought(made, added, {name: found.notes for name, found in changed.items()}, kept)


def _said(
    plan: ComposePlan, one: ComposeService, where: Mapping[str, str], told: Mapping[str, str], repository: Choice | None
) -> Said:
    source, folder = place_of(where)
    said = said_of(plan, one, folder=folder, source=source, told=told)
    if not one.image:
        return said
    opens = {"github_id": repository.github_id} if repository else {}
    return replace(said, opens={**{name: where[name] for name in SOURCE if name in where}, **opens})


def _change(actor: Actor, row: Service, found: Followed, said: Said, trigger: str) -> Deployment:
    store(row, row.environment, found, said)
    fields = [*found.changed, "compose"]
    record(actor=actor, team_id=row.team_id, verb="changed the settings", subject=row, fields=fields)
    return deploy(actor=actor, service=found.service, trigger=trigger)


def _remember(row: Service, said: Said) -> None:
    """How the file is read again is as it was told last; what is built takes that with the next push. One that was not
    followed is from now on."""
    known = row.compose_said or asdict(said)
    now = {**known, "told": said.told, "opens": said.opens}
    if now != row.compose_said:
        Service.objects.filter(pk=row.pk).update(compose_said=now)


def _app(one: ComposeService, said: Said, where: Mapping[str, str]) -> dict[str, Any]:
    """What `create_app` wants."""
    source = {} if one.image else {name: where[name] for name in SOURCE if name in where}
    secrets = {name: value for name, value in said.environment.items() if name in one.secret_names}
    return {
        "service": one.name,
        "settings": {**source, **said.settings, "compose": asdict(run_of(one)), "compose_said": asdict(said)},
        "variables": {name: value for name, value in said.environment.items() if name not in secrets},
        "secrets": secrets,
        "volumes": {name: path for path, name in one.volumes.items()},
    }


def _check_ready(plan: ComposePlan) -> None:
    for one in plan.missing:
        raise UserError(
            "compose:user:needs-value", f"{one.file}, line {one.line}: it needs a value for {one.name}.",
            hint="Give it with the import.", status=422,
        )  # fmt: skip
    if not plan.made:
        raise UserError(
            "compose:user:nothing-left", f"Every service of {plan.file} is refused or left out.",
            hint="Change what it says at the lines that are named, and look again.", status=422,
        )  # fmt: skip
