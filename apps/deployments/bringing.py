"""The services of a compose file, made at once; when the file is read again, those that are new to the project.

Not in charge of what is shown of them before (`composing`), and of what a push changes (`steps.follow`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import Any

from django.db import transaction

from apps.accounts.access import Actor
from apps.accounts.models import Team
from apps.accounts.policy import Permission
from apps.deployments.actions import create_app, deploy
from apps.deployments.adopting import Composed, follow, store
from apps.deployments.file_notes import Note
from apps.deployments.following import Followed
from apps.deployments.importing import Found, composed
from apps.deployments.models import Deployment
from apps.deployments.said import Said, said_of
from apps.github.choices import Choice
from apps.lib.hostnames import slug
from apps.projects.models import Service
from workers.build.compose.plan import ComposePlan, ComposeService
from workers.build.compose.run import run_of
from workers.errors import UserError
from workers.git_remote import without_credentials

SOURCE = ("source_url", "source_token", "source_key", "source_host_key", "branch")


@dataclass(frozen=True)
class Standing:
    """What a project has of a file: names that are `here`, those of them that would be `changed`, and names of values that
    were `told` before."""

    here: set[str] = field(default_factory=set)
    changed: dict[str, list[Note]] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Brought:
    """What became of the services of a file, by name: `added`, `changed` (those of an image, whose entry changed), and
    `kept` as they are. Deployments are those of the first two, in the order in which they start."""

    deployments: list[Deployment]
    added: list[str]
    changed: dict[str, list[Note]]
    kept: list[str]


def siblings(team: Team, project: str, where: Mapping[str, str]) -> dict[str, Service]:
    """The services of the project that came from this file, by their names in it."""
    rows = Service.objects.filter(project__team=team, project__slug=slug(project)).exclude(compose={})
    source, folder = place_of(where)
    return {row.compose["name"]: row for row in rows.select_related("project__team") if _is_of(row, source, folder)}


def place_of(where: Mapping[str, str]) -> tuple[str, str]:
    """Address, without what opens it, and folder of the file."""
    return without_credentials(where["source_url"]), where["root_directory"].strip("/")


def _is_of(row: Service, source: str, folder: str) -> bool:
    """One from before this was kept is known by its address, and one of an image by its name alone."""
    if said := row.compose_said:
        return folder == said["folder"] and source in (said["source"], row.source_url)
    return source == row.source_url or not row.source_url


def remembered(here: Mapping[str, Service]) -> dict[str, str]:
    """What was told of the file's open values when these were made. Holds secrets."""
    return {name: value for row in here.values() for name, value in row.compose_said.get("told", {}).items()}


def changes(plan: ComposePlan, here: Mapping[str, Service], where: Mapping[str, str]) -> dict[str, Followed]:
    """Of those that come from an image: what is built takes its changes with a push."""
    source, folder = place_of(where)
    found = {}
    for one in plan.made:
        row = here.get(one.name)
        if row is not None and row.image and row.compose_said:
            said = said_of(plan, one, folder=folder, source=source, told=row.compose_said["told"])
            one_found = follow(row, row.environment, Composed(said, run_of(plan, one)))
            if any(note.kind == "changed" for note in one_found.notes):
                found[one.name] = one_found
    return found


def standing(team: Team, project: str, found: Found) -> Standing:
    """For a page: what is wrong with the file, or missing, is said elsewhere."""
    here = siblings(team, project, found["where"])
    told = remembered(here)
    try:
        plan = composed(found, told) if here else None
    except UserError:
        plan = None
    changed = changes(plan, here, found["where"]) if plan else {}
    return Standing(set(here), {name: one.notes for name, one in changed.items()}, set(told))


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
    here = siblings(team, project, where)
    changed = changes(plan, here, where)
    source, folder = place_of(where)
    make = partial(create_app, actor=actor, team=team, project=project, trigger=trigger)
    made = []
    for one in plan.made if not dry_run else ():
        said, row = said_of(plan, one, folder=folder, source=source, told=told), here.get(one.name)
        if row is None:
            made.append(make(**_app(plan, one, said, where), repository=None if one.image else repository))
        elif one.name in changed:
            store(row, row.environment, changed[one.name], replace(said, told=row.compose_said["told"]))
            made.append(deploy(actor=actor, service=changed[one.name].service, trigger=trigger))
        elif not row.compose_said:
            Service.objects.filter(pk=row.pk).update(compose_said=asdict(said))  # Followed from now on.
    added = [one.name for one in plan.made if one.name not in here]
    kept = [one.name for one in plan.made if one.name in here and one.name not in changed]
    return Brought(made, added, {name: found.notes for name, found in changed.items()}, kept)


def _app(plan: ComposePlan, one: ComposeService, said: Said, where: Mapping[str, str]) -> dict[str, Any]:
    """What `create_app` wants."""
    source = {} if one.image else {name: where[name] for name in SOURCE if name in where}
    secrets = {name: value for name, value in said.environment.items() if name in one.secret_names}
    return {
        "service": one.name,
        "settings": {**source, **said.settings, "compose": asdict(run_of(plan, one)), "compose_said": asdict(said)},
        "variables": {name: value for name, value in said.environment.items() if name not in secrets},
        "secrets": secrets,
        "volumes": {name: path for path, name in one.volumes.items()},
    }


def _check_ready(plan: ComposePlan) -> None:
    for one in plan.missing:
        raise UserError(
            "compose:user:needs-value", f"{plan.file}, line {one.line}: it needs a value for {one.name}.",
            hint="Give it with the import.", status=422,
        )  # fmt: skip
    if not plan.made:
        raise UserError(
            "compose:user:nothing-left", f"Every service of {plan.file} is refused or left out.",
            hint="Change what it says at the lines that are named, and look again.", status=422,
        )  # fmt: skip
