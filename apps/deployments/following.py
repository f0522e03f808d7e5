"""A compose file that is read again: what it says of a service now, laid over what it said before. Asks nobody.

A setting or variable follows the file as long as it is what the file said last; what a person changed stays. Nothing is
taken away here. Not in charge of reading the file (`steps.follow`) and of storing what is taken (`adopting`).
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import asdict, dataclass, field
from typing import Any

from apps.deployments.file_notes import Note, Telling
from apps.deployments.said import Said
from apps.projects.models import Service
from workers.build.compose.run import Run

WHERE = {"image", "root_directory", "dockerfile"}


@dataclass(frozen=True)
class Followed:
    """`service` is a copy as its file and its settings have it together, never saved as a whole. `variables` and
    `volumes` (folder -> name) are what is to be taken besides."""

    service: Service
    changed: list[str]
    variables: dict[str, str] = field(default_factory=dict, repr=False)
    volumes: dict[str, str] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)


def followed(service: Service, now: Said, run: Run, *, rows: Mapping[str, str], paths: set[str]) -> Followed:
    """`rows` are the service's variables as they are written, `paths` where volumes are mounted."""
    before, ran = Said(**service.compose_said), Run(**service.compose)
    known = before.settings.keys() & now.settings.keys()
    if bool(service.image) != ("image" in now.settings):
        known -= WHERE  # An image that is built now is another thing.
    said = {name: value for name, value in now.settings.items() if name in known}
    settings = {name: getattr(service, name) for name in known}
    taken, kept = merged(settings, before.settings, said)
    values, kept_values = merged(rows, before.environment, now.environment)
    new = {path: name for path, name in now.volumes.items() if name not in before.volumes.values()}
    fresh = {path: name for path, name in new.items() if path not in paths}
    made = copy(service)
    for name, value in taken.items():
        setattr(made, name, value)
    made.compose = asdict(run) | {"is_public": ran.is_public, "name": ran.name}
    tell = Telling(run, service)
    tell.of_settings(settings, taken, kept, said)
    tell.of_run(ran)
    tell.of_variables(before, now, values, kept_values)
    tell.of_the_rest(before, now, fresh)
    return Followed(made, sorted(taken), values, fresh, tell.notes)


def merged(
    current: Mapping[str, Any], before: Mapping[str, Any], now: Mapping[str, Any]
) -> tuple[dict[str, Any], list[str]]:
    """What of `now` is to be taken: what changed in the file, and is as the file said it last (or never was). And the names
    of what changed there, but was changed by a person, too."""
    nothing = object()
    changed = {name: value for name, value in now.items() if before.get(name, nothing) != value}
    free = {name for name in changed if current.get(name, nothing) == before.get(name, nothing)}
    taken = {name: value for name, value in changed.items() if name in free}
    return taken, [name for name, value in changed.items() if name not in free and current.get(name) != value]
