"""From a folder to a plan: how it is built and started, and why.

`python -m workers.build.analyze DIR` prints the plan as JSON. Not in charge of fetching and of building.

Precedence: a builder that somebody chose; a Dockerfile; then the first of `LANGUAGES` that finds something to start, else
the first that recognises the folder; that one is taken at once when a Procfile or a person says what is started. Python
is told by a package manager's file at the top, or by an app there or in src; one in another folder is but a part. Node
stands behind the others because their projects often have a package.json for their styles; Bun and Deno stand before it
because they are told by files of their own. Static files come late because nearly every project has an index.html, and
shell scripts last because any project may have one. A Procfile is laid over what was detected, and over everything what
`overrides` says: settings of the service, slipway.toml, RAILPACK_* and NIXPACKS_*.
"""

from __future__ import annotations

import json
import os
import posixpath
import re
import sys
from dataclasses import replace
from pathlib import Path, PurePosixPath

from workers.build.files import Files, FolderFiles
from workers.build.foreign import PREFIXES
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
from workers.build.mends import to_folder
from workers.build.outside import OUTSIDE, builds_itself
from workers.build.overrides import Overrides, overrides_of
from workers.build.plan import Origin, Plan
from workers.build.plan_layers import with_packages, with_procfile, with_root, with_settings
from workers.build.plan_origins import said, with_origins
from workers.build.procfile import read_procfile
from workers.build.roots import roots_beneath
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
# In JSON: a file may spell them, and nothing can hold them.
BROKEN = re.compile(r"(?<!\\)(?:\\\\)*\\u0000|[\ud800-\udfff]")


def analyze(files: Files, settings: BuildSettings) -> Plan:
    """The plan for a folder. Raises `UserError` when nothing is recognised or nobody says how to start it."""
    told = overrides_of(files, settings)
    files, settings = told.files, told.settings
    plan = with_root(_outside(told) or _dockerfile(files, told) or _detected(files, settings), told)
    plan = with_settings(with_procfile(with_packages(plan, files, told), files), told)
    return _checked_text(with_origins(_startable(_checked_static_dir(_with_suggestions(plan, files), files))))


def _outside(told: Overrides) -> Plan | None:
    """A builder of its own finds out the rest."""
    name = told.settings.builder
    if name not in OUTSIDE:
        return None
    plan = said(Plan(name), "builder", told.origins["builder"], shown=OUTSIDE[name].title, builder=name)
    if name == "buildpacks" and (image := told.settings.builder_image):
        plan = said(plan, "builder_image", told.origins["builder_image"], shown=image, builder_image=image)
    return said(plan, "port", Origin("default", "told to the app in PORT"), shown=str(DEFAULT_PORT))


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
    found = re.findall(r"^[ \t]*EXPOSE\s+(\d{1,5})(?:/tcp)?(?:\s|$)", text, re.IGNORECASE | re.MULTILINE)
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
        raise _nothing_recognised(files)
    return first


def _nothing_recognised(files: Files) -> UserError:
    folders = roots_beneath(files)
    may_be = f"The root directory may be one of {', '.join(folders)}. " if folders else ""
    return UserError(
        "build:user:nothing-recognised",
        "Nothing in the root directory says how to build it. Looked for: Dockerfile; Python (requirements.txt, "
        "pyproject.toml, uv.lock, poetry.lock, manage.py, main.py, app.py); Node, Bun, Deno (package.json, bun.lock, "
        "deno.json); Go (go.mod); Rust (Cargo.toml); Java (pom.xml, build.gradle); Ruby (Gemfile, config.ru); PHP "
        "(composer.json, index.php); Elixir (mix.exs); .NET (*.csproj); index.html; start.sh; Procfile.",
        hint=f"{may_be}Add one of these files, or set the service's root directory to the folder that has one.",
        change={"root_directory": folders[0]} if len(folders) == 1 else None,
    )


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
    if plan.processes or builds_itself(plan.language):
        return plan
    kind = plan.framework or plan.language.capitalize()
    folders = next((f"T{r.partition(': t')[2]}. " for r in plan.reasons if r.startswith("workspace: the root")), "")
    raise UserError(
        "build:user:no-start-command",
        f"This is a {kind} project, but nothing says how to start it.",
        hint=f"{folders}Add a Procfile with a line such as `web: <command>`, or set the start command in slipway.toml or "
        "in the service's settings. The command must listen on 0.0.0.0 at the port that the variable PORT names.",
        change=to_folder(plan),
    )


def _checked_static_dir(plan: Plan, files: Files) -> Plan:
    folder = plan.static_dir
    if not folder:
        return plan
    clean = str(PurePosixPath(folder))
    reached = posixpath.normpath(f"{plan.within}/{clean}") if plan.within else clean  # In all that was built.
    if not re.fullmatch(r"[\w@+. /-]+", clean) or clean.startswith("/") or ".." in PurePosixPath(reached).parts:
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


def _checked_text(plan: Plan) -> Plan:
    if BROKEN.search(json.dumps(plan.as_dict(), ensure_ascii=False)):
        raise UserError(
            "build:user:broken-text",
            "A name or a command in the repository has a NUL or half of a character in it.",
            hint="Look for \\u0000 and \\ud800 to \\udfff in its package.json, project.json or slipway.toml.",
        )
    return plan


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
