"""What people said, laid over a plan in the order of who is listened to; whom that is says `overrides`.

Each function gives the plan with the values, where they came from, and a reason for people.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

from workers.build.aptfile import read_aptfile
from workers.build.files import Files
from workers.build.foreign import Extras, extras_in
from workers.build.languages import php, rust
from workers.build.outside import OUTSIDE, builds_itself, who_builds
from workers.build.overrides import SERVICE, Overrides
from workers.build.plan import Origin, Plan
from workers.build.plan_origins import LABELS, said
from workers.build.procfile import read_procfile
from workers.build.static_site import static_start

# What a Procfile that was written for Heroku may name, and which is elsewhere or another thing here.
PROCESS_LINES: dict[str, Callable[[str], tuple[str, str]]] = {"php": php.process_line, "rust": rust.process_line}


def with_root(plan: Plan, told: Overrides) -> Plan:
    """One that the service's settings name is what was looked at."""
    origin = told.origins.get("root_directory", SERVICE)
    if origin == SERVICE:
        return plan
    return said(
        plan, "root_directory", origin, root_directory=str(PurePosixPath(told.settings.root_directory.strip("/")))
    )


def with_packages(plan: Plan, files: Files, told: Overrides) -> Plan:
    """What a person asked for, wherever, beside what the language needs. Also the version that a variable asks for."""
    extras = Extras() if plan.language in OUTSIDE else extras_in(told.settings.variables, plan.language)
    aptfile = Origin("file", "named by the Aptfile")
    asked = [
        *told.packages,
        *((name, Origin("variable", f"set by {' and '.join(extras.packages_by)}")) for name in extras.packages),
        *((name, aptfile) for name in read_aptfile(files)),
    ]
    if extras.version:
        plan = _with_version(plan, extras.version, Origin("variable", f"set by {extras.version_by}"))
    if not asked:
        return plan
    places = dict.fromkeys(origin.detail for _, origin in asked)
    origin = Origin(asked[0][1].kind, " and ".join(places))
    if builds_itself(plan.language):
        return _not_used(plan, "system_packages", origin)
    names = tuple(dict.fromkeys([*plan.system_packages, *(name for name, _ in asked)]))
    return said(plan, "system_packages", origin, shown=", ".join(names), system_packages=names)


def _with_version(plan: Plan, version: str, origin: Origin) -> Plan:
    if builds_itself(plan.language):
        return _not_used(plan, "version", origin)
    return said(plan, "version", origin, shown=version, version=version)


def with_procfile(plan: Plan, files: Files) -> Plan:
    """A Procfile's `web` wins over what was detected, but not over the command of a Dockerfile."""
    processes, changes = _processes(plan, files)
    release, web = processes.pop("release", ""), processes.pop("web", "")
    if release:
        origin = Origin("procfile", f"`release` in the Procfile{changes['release']}")
        plan = said(plan, "release", origin, release=release)
    if web and plan.language == "dockerfile":
        plan = said(plan, "start", Origin("dockerfile", "the Dockerfile's own, though the Procfile names another one"))
    elif web and plan.language not in OUTSIDE:  # Those read the Procfile themselves.
        origin = Origin("procfile", f"`web` in the Procfile{changes['web']}")
        plan = said(plan, "start", origin, start=web, static_dir="")
    for name in processes:
        plan = replace(plan, reasons=(*plan.reasons, f"process {name}: set in the Procfile{changes[name]}"))
    return replace(plan, processes=processes)


def _processes(plan: Plan, files: Files) -> tuple[dict[str, str], dict[str, str]]:
    """The Procfile's lines as they run here, and of each what was changed in it."""
    adapt = PROCESS_LINES.get(plan.language)
    adapted = {name: adapt(line) if adapt else (line, "") for name, line in read_procfile(files).items()}
    changes = {name: f", {change}" if change else "" for name, (_, change) in adapted.items()}
    return {name: line for name, (line, _) in adapted.items()}, changes


def with_settings(plan: Plan, told: Overrides) -> Plan:
    """A Dockerfile builds by itself: then only what is run can be told."""
    settings, origins = told.settings, told.origins
    if settings.language_version:
        plan = _with_version(plan, settings.language_version, origins["language_version"])
    build = {"install": "install_command", "build": "build_command", "static_dir": "static_dir"}
    for value, name in build.items():
        if name in origins and builds_itself(plan.language):
            plan = _not_used(plan, value, origins[name])
        elif name in origins:
            plan = said(plan, value, origins[name], **_changes(plan, value, getattr(settings, name), origins[name]))
    if settings.start_command:
        plan = said(plan, "start", origins["start_command"], start=settings.start_command, static_dir="")
    if settings.release_command:
        plan = said(plan, "release", origins["release_command"], release=settings.release_command)
    if settings.port:
        plan = said(plan, "port", origins["port"], shown=str(settings.port), port=settings.port)
    return plan


def _changes(plan: Plan, value: str, told: str, origin: Origin) -> dict[str, Any]:
    """What a told command or folder changes in the plan besides itself."""
    if value == "install":
        return {"install": told, "install_project": "", "dependency_files": ()}
    if value == "static_dir":
        start = plan.start if plan.static_dir else static_start(is_single_page=origin.detail.endswith("SPA_OUTPUT_DIR"))
        return {"static_dir": told, "start": start}
    return {value: told}


def _not_used(plan: Plan, value: str, origin: Origin) -> Plan:
    return replace(
        plan, reasons=(*plan.reasons, f"not used: {LABELS[value]} {origin.detail}: {who_builds(plan.language)} builds")
    )
