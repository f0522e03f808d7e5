"""What a project has of a compose file already, and what would change of it. Read only.

Not in charge of making what is new (`bringing`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from apps.accounts.models import Team
from apps.deployments.adopting import Composed, follow
from apps.deployments.file_notes import Note
from apps.deployments.following import Followed
from apps.deployments.importing import Found, composed
from apps.deployments.said import said_of
from apps.lib.hostnames import slug
from apps.projects.models import Service
from workers.build.compose.plan import ComposePlan
from workers.build.compose.run import run_of
from workers.errors import UserError
from workers.git_remote import without_credentials


@dataclass(frozen=True)
class Standing:
    """What a project has of a file: names that are `here`, those of them that would be `changed`, and names of values that
    were `told` before."""

    here: set[str] = field(default_factory=set)
    changed: dict[str, list[Note]] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)


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
            one_found = follow(row, row.environment, Composed(said, run_of(one)))
            if any(note.kind == "changed" for note in one_found.notes):
                found[one.name] = one_found
    return found


def standing(team: Team, project: str, found: Found) -> Standing:
    """For a page: what is wrong with the file, or missing, is said elsewhere."""
    here = siblings(team, project, found["where"])
    told = remembered(here)
    try:
        changed = changes(composed(found, told), here, found["where"]) if here else {}
    except UserError:
        changed = {}
    return Standing(set(here), {name: one.notes for name, one in changed.items()}, set(told))
