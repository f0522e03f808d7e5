"""What the services of a file are to each other: who starts first, who has a volume, whose end is waited for. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from workers.build.compose.plan import ComposeService, Finding
from workers.build.compose.tree import Tree


def ends_of(services: Mapping[str, Tree]) -> dict[str, Tree]:
    """Services that are to run once: another waits there until they ended."""
    found = {}
    for service in services.values():
        for name, how in service.at("depends_on").map.items():
            if how.at("condition").text == "service_completed_successfully":
                found[name] = how
    return found


def ordered(services: list[ComposeService]) -> tuple[list[ComposeService], list[Finding]]:
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
                    findings.append(Finding("ignored", one.name, "depends_on", one.file, one.line, why))
            made.append(replace(one, depends_on=kept))
            done.add(one.name)
            del waiting[one.name]
    return made, findings


def without_shared_volumes(services: list[ComposeService]) -> tuple[list[ComposeService], list[Finding]]:
    """A volume belongs to one service: the first one has it."""
    owners: dict[str, str] = {}
    found, findings = [], []
    for one in services:
        taken = [volume for volume in one.volumes.values() if owners.get(volume, one.name) != one.name]
        if taken and one.is_made:
            why = f"The volume {taken[0]} is one of {owners[taken[0]]} already, and belongs to one service. Give it another."
            findings.append(Finding("refused", one.name, "volumes", one.file, one.line, why))
            one = replace(one, is_made=False)
        owners |= {volume: one.name for volume in one.volumes.values() if one.is_made}
        found.append(one)
    return found, findings
