"""A service that was made of a compose file before it was kept where that stands: the file is found by what it says.

Nothing changes with it; what the file says at this commit is what later ones are compared with.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from pathlib import Path

from apps.deployments.adopting import Composed
from apps.deployments.file_notes import Note
from apps.deployments.said import Said, said_of
from apps.projects.models import Service
from workers.build.compose.plan import ComposePlan, ComposeService
from workers.build.compose.read import read_compose
from workers.build.compose.run import Run
from workers.build.files import FolderFiles
from workers.errors import UserError
from workers.git_remote import without_credentials


def first_of(service: Service, top: Path) -> Composed | None:
    """None when no compose file above its folder builds the service from there, or several do."""
    run, source = Run(**service.compose), without_credentials(service.source_url)
    found = [
        said_of(plan, one, folder=plan.folder, source=source, told={})
        for plan in _plans(service.root_directory, top)
        for one in plan.made
        if _is_it(service, run, plan, one)
    ]
    return Composed(found[0], run, [_note(run, found[0])]) if len(found) == 1 else None


def _plans(folder: str, top: Path) -> Iterator[ComposePlan]:
    files = FolderFiles(top)
    while True:
        try:
            plan = read_compose(files, {}, folder=folder)
        except UserError:
            plan = None  # Whose it is cannot be told.
        if plan is not None:
            yield plan
        if not folder:
            return
        folder = posixpath.dirname(folder)


def _is_it(service: Service, run: Run, plan: ComposePlan, one: ComposeService) -> bool:
    there = (plan.file, one.name, one.image, one.context, one.dockerfile)
    return there == (run.file, run.name, "", service.root_directory, service.dockerfile)


def _note(run: Run, said: Said) -> Note:
    where = f"{said.folder}/{run.file}" if said.folder else run.file
    return Note("told", run.file, 0, f"this service follows {where} from now on. What is set here is as it was.")
