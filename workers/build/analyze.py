"""From a folder to a plan: how it is built and started, and why.

`python -m workers.build.analyze DIR` prints the plan as JSON. Not in charge of fetching and of building.

Precedence: a Dockerfile, then the first of `LANGUAGES` that finds something to start, else the first that recognises the
folder; that one is taken at once when a Procfile or a person says what is started. Node stands behind the others because
their projects often have a package.json for their styles; Bun and Deno stand before it because they are told by files of
their own. Static files come late because nearly every project has an index.html, and shell scripts last because any
project may have one. A Procfile is laid over what was detected, and what a person set for the service is laid over
everything.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from pathlib import Path, PurePosixPath

from workers.build.aptfile import read_aptfile
from workers.build.files import Files, FolderFiles
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
from workers.build.plan import Plan
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
    plan = _dockerfile(files, settings) or _detected(files, settings)
    plan = _with_settings(_with_procfile(_with_packages(plan, files), files), settings)
    return _startable(_checked_static_dir(_with_suggestions(plan, files), files))


def _dockerfile(files: Files, settings: BuildSettings) -> Plan | None:
    path = str(PurePosixPath(settings.dockerfile or "Dockerfile"))
    if not files.exists(path):
        if settings.dockerfile:
            raise UserError(
                "build:user:no-dockerfile",
                f"There is no file {path}, which the service's settings name as its Dockerfile.",
                hint="Correct the path, which starts at the root directory, or clear the setting.",
            )
        return None
    told = "the service's settings name it" if settings.dockerfile else "it is there"
    port, port_reason = _exposed(files.text(path))
    return Plan("dockerfile", dockerfile=path, port=port, reasons=(f"build: by {path}, because {told}", port_reason))


def _exposed(text: str) -> tuple[int, str]:
    """The port of the last EXPOSE, which is the final stage's."""
    found = re.findall(r"^\s*EXPOSE\s+(\d{1,5})(?:/tcp)?(?:\s|$)", text, re.IGNORECASE | re.MULTILINE)
    if found and 0 < int(found[-1]) < 65536:
        return int(found[-1]), f"port: {found[-1]}, because the Dockerfile exposes it"
    return DEFAULT_PORT, f"port: {DEFAULT_PORT}, because the Dockerfile exposes none"


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


def _with_packages(plan: Plan, files: Files) -> Plan:
    names = read_aptfile(files)
    if not names or plan.language == "dockerfile":
        return plan
    found = f"packages: {', '.join(names)}, because the Aptfile names them"
    return _because(replace(plan, system_packages=(*plan.system_packages, *names)), found)


def _with_procfile(plan: Plan, files: Files) -> Plan:
    """A Procfile's `web` wins over what was detected, but not over the command of a Dockerfile."""
    processes = read_procfile(files)
    release, web = processes.pop("release", ""), processes.pop("web", "")
    if release:
        plan = _because(replace(plan, release=release), "release command: set in the Procfile")
    if web and plan.language == "dockerfile":
        plan = _because(plan, "start command: the Dockerfile's own, though the Procfile names another one")
    elif web:
        plan = _because(replace(plan, start=web, static_dir=""), "start command: set in the Procfile")
    for name in processes:
        plan = _because(plan, f"process {name}: set in the Procfile")
    return replace(plan, processes=processes)


def _with_settings(plan: Plan, settings: BuildSettings) -> Plan:
    what = "set in the service's settings"
    if settings.install_command:
        plan = replace(plan, install=settings.install_command, install_project="", dependency_files=())
        plan = _because(plan, f"install command: {what}")
    if settings.build_command:
        plan = _because(replace(plan, build=settings.build_command), f"build command: {what}")
    if settings.static_dir:
        start = plan.start if plan.static_dir else static_start()
        plan = _because(replace(plan, static_dir=settings.static_dir, start=start), f"static files: {what}")
    if settings.start_command:
        plan = _because(replace(plan, start=settings.start_command, static_dir=""), f"start command: {what}")
    if settings.release_command:
        plan = _because(replace(plan, release=settings.release_command), f"release command: {what}")
    return plan


def _with_suggestions(plan: Plan, files: Files) -> Plan:
    variables, source = suggested_variables(files)
    if not variables:
        return plan
    found = f"suggested variables: {len(variables)}, because {source} names them"
    return _because(replace(plan, suggested_variables=variables), found)


def _startable(plan: Plan) -> Plan:
    """The plan with `web` among its processes. A Procfile without `web` is a service without a route."""
    if plan.start:
        return replace(plan, processes={"web": plan.start, **plan.processes})
    if plan.processes or plan.language == "dockerfile":
        return plan
    kind = plan.framework or plan.language.capitalize()
    raise UserError(
        "build:user:no-start-command",
        f"This is a {kind} project, but nothing says how to start it.",
        hint="Add a Procfile with a line such as `web: <command>`, or set the start command in the service's settings. "
        "The command must listen on 0.0.0.0 at the port that the variable PORT names.",
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


def _because(plan: Plan, reason: str) -> Plan:
    """The plan with a reason that takes the place of an earlier one for the same choice."""
    choice = reason.partition(":")[0]
    kept = (r for r in plan.reasons if r.partition(":")[0] != choice)
    return replace(plan, reasons=(*kept, reason))


def main(arguments: list[str]) -> int:
    """Print the plan of a folder. 0, 1 when the folder cannot be deployed as it is, 2 when called wrongly."""
    if len(arguments) != 1 or not Path(arguments[0]).is_dir():
        print("usage: python -m workers.build.analyze DIR", file=sys.stderr)
        return 2
    try:
        plan = analyze(FolderFiles(Path(arguments[0])), BuildSettings())
    except UserError as error:
        print(json.dumps({"error": error.as_dict()}, indent=2))
        return 1
    print(json.dumps(plan.as_dict(), indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
