"""From a folder to a plan: how it is built and started, and why.

`python -m workers.build.analyze DIR` prints the plan as JSON. Not in charge of fetching and of building.

Precedence: a Dockerfile, then the first of `LANGUAGES` that finds something to start, else the first that recognises the
folder; that one is taken at once when a Procfile or a person says what is started. Node stands behind the others because
their projects often have a package.json for their styles; Bun and Deno stand before it because they are told by files of
their own. Static files come late because nearly every project has an index.html, and shell scripts last because any
project may have one. A Procfile is laid over what was detected, and over everything what `overrides` says: settings of the
service, slipway.toml, RAILPACK_* and NIXPACKS_*.
"""

from __future__ import annotations

import json
import os
import re
import sys
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from workers.build.aptfile import read_aptfile
from workers.build.files import Files, FolderFiles
from workers.build.foreign import PREFIXES, extras_in
from workers.build.job import BuildSettings
from workers.build.languages import (
    bun,
    deno,
    dotnet,
    elixir,
    go,
    java,
    node,
    php,
    python,
    ruby,
    rust,
    shell,
    static,
)
from workers.build.overrides import SERVICE, Overrides, overrides_of
from workers.build.plan import Origin, Plan
from workers.build.plan_origins import LABELS, said, with_origins
from workers.build.procfile import read_procfile
from workers.build.static_site import static_start
from workers.build.variables import suggested_variables
from workers.errors import UserError

LANGUAGES = (
    python.detect,
    go.detect,
    rust.detect,
    java.detect,
    ruby.detect,
    php.detect,
    elixir.detect,
    dotnet.detect,
    deno.detect,
    bun.detect,
    node.detect,
    static.detect,
    shell.detect,
)
DEFAULT_PORT = 8000


def analyze(files: Files, settings: BuildSettings) -> Plan:
    """The plan for a folder. Raises `UserError` when nothing is recognised or nobody says how to start it."""
    told = overrides_of(files, settings)
    files, settings = told.files, told.settings
    plan = _with_root(_dockerfile(files, told) or _detected(files, settings), told)
    plan = _with_settings(_with_procfile(_with_packages(plan, files, told), files), told)
    return with_origins(_startable(_checked_static_dir(_with_suggestions(plan, files), files)))


def _dockerfile(files: Files, told: Overrides) -> Plan | None:
    path = str(PurePosixPath(told.settings.dockerfile or "Dockerfile"))
    origin = told.origins.get("dockerfile", Origin("detected", "it is there"))
    if not files.exists(path):
        if told.settings.dockerfile:
            raise UserError(
                "build:user:no-dockerfile",
                f"There is no file {path}, which is {origin.detail} as the Dockerfile.",
                hint="Correct the path, which starts at the root directory, or clear the setting.",
            )
        return None
    why = "it is there" if origin.kind == "detected" else f"it is {origin.detail}"
    reasons = (f"build: by {path}, because {why}",)
    plan = Plan("dockerfile", dockerfile=path, reasons=reasons, origins={"dockerfile": origin})
    port = _exposed(files.text(path))
    if not port:
        return said(plan, "port", Origin("default", "because the Dockerfile exposes none"), shown=str(DEFAULT_PORT))
    return said(plan, "port", Origin("dockerfile", "because the Dockerfile exposes it"), shown=str(port), port=port)


def _exposed(text: str) -> int:
    """The port of the last EXPOSE, which is the final stage's; 0 when there is none."""
    found = re.findall(r"^\s*EXPOSE\s+(\d{1,5})(?:/tcp)?(?:\s|$)", text, re.IGNORECASE | re.MULTILINE)
    return int(found[-1]) if found and int(found[-1]) < 65536 else 0


def _detected(files: Files, settings: BuildSettings) -> Plan:
    is_told = bool(settings.start_command or settings.static_dir or read_procfile(files))
    first = None
    for detect in LANGUAGES:
        plan = detect(files, settings)
        if plan is not None and (plan.start or is_told):
            return plan
        first = first or plan
    if first is None:
        raise UserError(
            "build:user:nothing-recognised",
            "Nothing in the root directory says how to build it. Looked for: Dockerfile; Python (requirements.txt, "
            "pyproject.toml, uv.lock, poetry.lock, manage.py, main.py, app.py); Node, Bun, Deno (package.json, bun.lock, "
            "deno.json); Go (go.mod); Rust (Cargo.toml); Java (pom.xml, build.gradle); Ruby (Gemfile, config.ru); PHP "
            "(composer.json, index.php); Elixir (mix.exs); .NET (*.csproj); index.html; start.sh; Procfile.",
            hint="Add one of these files, or set the service's root directory to the folder that has one.",
        )
    return first


def _with_root(plan: Plan, told: Overrides) -> Plan:
    """One that the service's settings name is what was looked at."""
    origin = told.origins.get("root_directory", SERVICE)
    if origin == SERVICE:
        return plan
    return said(
        plan, "root_directory", origin, root_directory=str(PurePosixPath(told.settings.root_directory.strip("/")))
    )


def _with_packages(plan: Plan, files: Files, told: Overrides) -> Plan:
    """What a person asked for, wherever, beside what the language needs. Also the version that a variable asks for."""
    extras = extras_in(told.settings.variables, plan.language)
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
    if plan.language == "dockerfile":
        return _not_used(plan, "system_packages", origin)
    names = tuple(dict.fromkeys([*plan.system_packages, *(name for name, _ in asked)]))
    return said(plan, "system_packages", origin, shown=", ".join(names), system_packages=names)


def _with_version(plan: Plan, version: str, origin: Origin) -> Plan:
    if plan.language == "dockerfile":
        return _not_used(plan, "version", origin)
    return said(plan, "version", origin, shown=version, version=version)


def _with_procfile(plan: Plan, files: Files) -> Plan:
    """A Procfile's `web` wins over what was detected, but not over the command of a Dockerfile."""
    processes = read_procfile(files)
    release, web = processes.pop("release", ""), processes.pop("web", "")
    if release:
        plan = said(plan, "release", Origin("procfile", "`release` in the Procfile"), release=release)
    if web and plan.language == "dockerfile":
        plan = said(plan, "start", Origin("dockerfile", "the Dockerfile's own, though the Procfile names another one"))
    elif web:
        plan = said(plan, "start", Origin("procfile", "`web` in the Procfile"), start=web, static_dir="")
    for name in processes:
        plan = replace(plan, reasons=(*plan.reasons, f"process {name}: set in the Procfile"))
    return replace(plan, processes=processes)


def _with_settings(plan: Plan, told: Overrides) -> Plan:
    """A Dockerfile builds by itself: then only what is run can be told."""
    settings, origins = told.settings, told.origins
    if settings.language_version:
        plan = _with_version(plan, settings.language_version, origins["language_version"])
    build = {"install": "install_command", "build": "build_command", "static_dir": "static_dir"}
    for value, name in build.items():
        if name in origins and plan.language == "dockerfile":
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
    return replace(plan, reasons=(*plan.reasons, f"not used: {LABELS[value]} {origin.detail}: the Dockerfile builds"))


def _with_suggestions(plan: Plan, files: Files) -> Plan:
    variables, source = suggested_variables(files)
    if not variables:
        return plan
    found = f"suggested variables: {len(variables)}, because {source} names them"
    return replace(plan, suggested_variables=variables, reasons=(*plan.reasons, found))


def _startable(plan: Plan) -> Plan:
    """The plan with `web` among its processes. A Procfile without `web` is a service without a route."""
    if plan.start:
        return replace(plan, processes={"web": plan.start, **plan.processes})
    if plan.processes or plan.language == "dockerfile":
        return plan
    kind = plan.framework or plan.language.capitalize()
    folders = next((f"T{r.partition(': t')[2]}. " for r in plan.reasons if r.startswith("workspace: the root")), "")
    raise UserError(
        "build:user:no-start-command",
        f"This is a {kind} project, but nothing says how to start it.",
        hint=f"{folders}Add a Procfile with a line such as `web: <command>`, or set the start command in slipway.toml or "
        "in the service's settings. The command must listen on 0.0.0.0 at the port that the variable PORT names.",
    )


def _checked_static_dir(plan: Plan, files: Files) -> Plan:
    folder = plan.static_dir
    if not folder:
        return plan
    clean = str(PurePosixPath(folder))
    if not re.fullmatch(r"[\w@+. /-]+", clean) or clean.startswith("/") or ".." in PurePosixPath(clean).parts:
        raise UserError(
            "build:user:invalid-static-dir",
            f"{folder!r} is no folder inside the root directory.",
            hint="Name the folder that the build makes, such as dist, relative to the root directory.",
        )
    if not plan.build and clean != "." and not any(name.startswith(f"{clean}/") for name in files.names()):
        raise UserError(
            "build:user:no-static-dir",
            f"There is no folder {clean} with files in it, and no build command that could make it.",
            hint="Correct the folder of static files in the service's settings, or set a build command.",
        )
    return replace(plan, static_dir=clean)


def main(arguments: list[str]) -> int:
    """Print the plan of a folder. 0, 1 when the folder cannot be deployed as it is, 2 when called wrongly."""
    if len(arguments) != 1 or not Path(arguments[0]).is_dir():
        print("usage: python -m workers.build.analyze DIR", file=sys.stderr)
        return 2
    variables = {name: value for name, value in os.environ.items() if name.startswith(PREFIXES)}
    try:
        plan = analyze(FolderFiles(Path(arguments[0])), BuildSettings(variables=variables))
    except UserError as error:
        print(json.dumps({"error": error.as_dict()}, indent=2))
        return 1
    print(json.dumps(plan.as_dict(), indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
