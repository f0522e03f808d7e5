"""A compose file as the services that Slipway makes of it. Pure: nothing is built, pulled or asked.

Not in charge of making the services.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

from workers.build.compose.env_files import EnvFiles
from workers.build.compose.extends import Extender
from workers.build.compose.plan import ComposePlan, ComposeService, Finding
from workers.build.compose.reading import Reading
from workers.build.compose.service import read_service
from workers.build.compose.tree import Tree, read_tree
from workers.build.compose.values import Values
from workers.build.compose.variables import EXAMPLES, without_secrets
from workers.build.files import Files
from workers.errors import UserError

NAMES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
OVERRIDES = tuple(name.replace(".y", ".override.y") for name in NAMES)
MOST_SERVICES = 50
TOP = frozenset({"services", "volumes", "version", "name"})
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
    """None where there is no compose file. `secret` are names of `variables` that do not sound so. `folder` is where `files`
    stand in their repository, when they do not know. `check` is asked between the parts of the work, and may raise.

    Raises `UserError` for a file that is none, with its line; what is wrong with one service is among the findings.
    """
    name = files.first(*NAMES)
    if not name:
        return None
    env_files = EnvFiles(files, check, {name: files.text(name)})
    values = Values(variables, _usual(env_files), secret)
    top = read_tree(env_files.texts[name], name, values.put_in)
    where = files.repository[1] if folder is None else folder
    findings = _of_file(top, name, files)
    extender = Extender(_services(top, name), name)
    trees = extender.whole()
    services, ends = [], _ends(trees)
    for service, tree in trees.items():
        check()
        reading = Reading(service, name, where, env_files, top, values)
        if problem := extender.problems.get(service):
            reading.refuse("extends", problem.line, problem.why)
        if (line := ends.get(service)) is not None:
            why = f"Line {line} waits for its end, but services go on. Make its command the release command there."
            reading.refuse("depends_on", tree.line, why)
        services.append(read_service(reading, tree))
        findings += reading.findings
    services, shared = _without_shared_volumes(services, name)
    ordered, order = _ordered(services, name)
    found, asked = [*findings, *shared, *order], list(values.asked.values())
    called = "" if top.at("name").is_secret else top.at("name").text
    return ComposePlan(name, called, ordered, found, asked, values.missing(), env_files.texts)


def _usual(env_files: EnvFiles) -> dict[str, str]:
    """Values of the file's variables for which nobody told others."""
    path = env_files.files.first(".env", *(f".env{end}" for end in EXAMPLES))
    told = env_files.read(path) if path else {}
    return told if path == ".env" else {name: value for name, value in without_secrets(told).items() if value}


def _services(top: Tree, name: str) -> dict[str, Tree]:
    found = top.at("services").map
    if not found or len(found) > MOST_SERVICES:
        why = f"has more than {MOST_SERVICES} services" if found else "has no services"
        raise UserError(
            "compose:user:services", f"{name} {why}.", hint="Mend the file, or deploy without it.", status=422
        )
    return found


def _ends(services: Mapping[str, Tree]) -> dict[str, int]:
    """Services that are to run once: another waits until they ended, at this line."""
    found = {}
    for service in services.values():
        for name, how in service.at("depends_on").map.items():
            if how.at("condition").text == "service_completed_successfully":
                found[name] = how.line
    return found


def _of_file(top: Tree, name: str, files: Files) -> list[Finding]:
    """What is not followed of the file as a whole."""
    found = []
    for key, tree in top.map.items():
        if key == "include":
            raise UserError(
                "compose:user:include", f"{name}, line {tree.line}: what it includes is not read.",
                hint="Write the services into this file.", status=422,
            )  # fmt: skip
        if key == "name" and tree.is_secret:
            found.append(Finding("ignored", "", key, name, tree.line, "A secret in it could be read by everybody."))
        if key not in TOP and not key.startswith("x-"):
            why = AT_TOP.get(key, "Slipway does not follow this key.")
            found.append(Finding("ignored", "", key, name, tree.line, why))
    for other in OVERRIDES:
        if files.exists(other):
            found.append(Finding("ignored", "", "file", other, 1, "It is for working on the code, and is not read."))
    return found


def _ordered(services: list[ComposeService], name: str) -> tuple[list[ComposeService], list[Finding]]:
    """Each behind those that it depends on. A circle cannot be begun anywhere: it is cut, and said."""
    by_name = {one.name: one for one in services}
    made, findings, done = [], list[Finding](), set[str]()
    waiting = dict(by_name)
    while waiting:
        free = [one for one in waiting.values() if not (set(one.depends_on) & waiting.keys()) - {one.name}]
        for one in free or [next(iter(waiting.values()))]:
            kept = [other for other in one.depends_on if other in done and by_name[other].is_made]
            for other in dict.fromkeys(one.depends_on):
                if other not in kept:
                    why = f"{other[:60]!r} is not made before it, so it is not waited for."
                    findings.append(Finding("ignored", one.name, "depends_on", name, one.line, why))
            made.append(replace(one, depends_on=kept))
            done.add(one.name)
            del waiting[one.name]
    return made, findings


def _without_shared_volumes(services: list[ComposeService], name: str) -> tuple[list[ComposeService], list[Finding]]:
    """A volume belongs to one service: the first one has it."""
    owners: dict[str, str] = {}
    found, findings = [], []
    for one in services:
        taken = [volume for volume in one.volumes.values() if owners.get(volume, one.name) != one.name]
        if taken and one.is_made:
            why = f"The volume {taken[0]} is one of {owners[taken[0]]} already, and belongs to one service. Give it another."
            findings.append(Finding("refused", one.name, "volumes", name, one.line, why))
            one = replace(one, is_made=False)
        owners |= {volume: one.name for volume in one.volumes.values() if one.is_made}
        found.append(one)
    return found, findings
