"""A compose file as the services that Slipway makes of it. Pure: nothing is built, pulled or asked.

Not in charge of making the services.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Collection, Iterator, Mapping

from workers.build.compose.env_files import EnvFiles
from workers.build.compose.loading import Loader
from workers.build.compose.plan import ComposePlan, ComposeService, Finding
from workers.build.compose.reading import Reading
from workers.build.compose.service import read_service
from workers.build.compose.siblings import ends_of, ordered, without_shared_volumes
from workers.build.compose.tree import Tree
from workers.build.compose.values import Values
from workers.build.files import Files
from workers.errors import UserError

NAMES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
OVERRIDES = tuple(name.replace(".y", ".override.y") for name in NAMES)
MOST_SERVICES = 50
TOP = frozenset({"services", "volumes", "version", "name", "include"})
AT_TOP = {
    "networks": "All services of an environment share one network, and reach each other by their names.",
    "secrets": "No file is put into a container: give the value as a secret of the service.",
    "configs": "No file is put into a container: put it into the image.",
}


def read_compose(
    files: Files,
    variables: Mapping[str, str],
    *,
    secret: Collection[str] = (),
    folder: str | None = None,
    check: Callable[[], None] = lambda: None,
) -> ComposePlan | None:
    """None where there is no compose file. `secret` are names of `variables` that do not sound so. `files` are the folder
    in which it is looked for; with `folder` they are the repository, and that is the folder. `check` is asked between the
    parts of the work, and may raise.

    Raises `UserError` for a file that is none, with its line; what is wrong with one service is among the findings.
    """
    whole, where = files.repository if folder is None else (files, folder)
    path = whole.first(*(posixpath.join(where, one) for one in NAMES))
    if not path:
        return None
    loader = Loader(EnvFiles(whole, check, {}), where)
    loader.env_files.whole(path)  # The first of `texts`: what is too large is said of it.
    values = loader.with_beside([".env"], Values(variables, {}, set(secret)))
    name = posixpath.basename(path)
    top = loader.whole([name], ".", values)
    services, findings = _read(loader, top, name)
    services, shared = without_shared_volumes(services)
    services, order = ordered(services)
    found = [*_of_files(loader), *findings, *shared, *order]
    called = "" if top.at("name").is_secret else top.at("name").text
    asked, missing = values.open, values.missing()
    return ComposePlan(name, where, called, services, found, asked, missing, loader.paths, loader.env_files.texts)


def _read(loader: Loader, top: Tree, name: str) -> tuple[list[ComposeService], list[Finding]]:
    services, findings = [], []
    trees = _services(top, name)
    ends = ends_of(trees)
    for service, tree in trees.items():
        loader.env_files.check()
        reading = Reading(service, loader.folder, loader.env_files, top, loader.values[service])
        if service in loader.problems:
            reading.findings.append(loader.problems[service])
        if at := ends.get(service):
            why = f"{at.file}, line {at.line} waits for its end, but services go on."
            reading.refuse("depends_on", tree, f"{why} Make its command the release command there.")
        services.append(read_service(reading, tree))
        findings += reading.findings
    return services, findings


def _services(top: Tree, name: str) -> dict[str, Tree]:
    found = top.at("services").map
    if not found or len(found) > MOST_SERVICES:
        why = f"has more than {MOST_SERVICES} services" if found else "has no services"
        raise UserError(
            "compose:user:services", f"{name} {why}.", hint="Mend the file, or deploy without it.", status=422
        )
    return found


def _of_files(loader: Loader) -> Iterator[Finding]:
    """What is not followed of the files as a whole."""
    for top in loader.tops:
        for key, tree in top.map.items():
            if key == "name" and tree.is_secret:
                yield Finding("ignored", "", key, tree.file, tree.line, "A secret in it could be read by everybody.")
            if key not in TOP and not key.startswith("x-"):
                why = AT_TOP.get(key, "Slipway does not follow this key.")
                yield Finding("ignored", "", key, tree.file, tree.line, why)
    for other in OVERRIDES:
        if loader.env_files.has(posixpath.join(loader.folder, other)):
            yield Finding("ignored", "", "file", other, 1, "It is for working on the code, and is not read.")
