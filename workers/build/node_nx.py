"""Nx: an app of a workspace that its project.json describes, with or without a package.json of its own.

What its build makes stands in the options of its executor, else in the settings of the framework. Read, never run.
"""

from __future__ import annotations

import json
import posixpath
import shlex
from dataclasses import dataclass, replace
from typing import Any

from workers.build.files import Files
from workers.build.node_frameworks import INDEX, Framework
from workers.build.node_package import Package
from workers.build.node_settings import angular_output, find_framework

FILE, SETTINGS = "project.json", "nx.json"
# The framework's package by the settings that it has in the folder of an app.
CONFIGURED = {"next": "next.config.*", "nuxt": "nuxt.config.*", "astro": "astro.config.*", "vite": "vite.config.*"}
COMPILERS = ("tsc", "swc")  # They keep the folders of the source; bundlers make one file.
MOST_READ = 30  # Each may be a request.
WHY = "project.json says where its build puts it"
NODE = ("@nx/js:node", "@nx/node:node", "@nrwl/js:node", "@nrwl/node:node")


@dataclass(frozen=True)
class Project:
    """`framework` is how its output is served, None where that is not known."""

    name: str
    framework: Framework | None


def is_project(files: Files) -> bool:
    """Whether the folder is a part of an Nx workspace, and not its top."""
    top, folder = files.repository
    return bool(folder) and files.exists(FILE) and top.exists(SETTINGS)


def project_folders(files: Files) -> list[str]:
    """At the top of an Nx workspace: the folders of its apps, as far as one may read."""
    if not files.exists(SETTINGS) or files.exists(FILE):
        return []
    found = [name for name in files.names() if name.endswith(f"/{FILE}")][:MOST_READ]
    return [name.removesuffix(f"/{FILE}") for name in found if '"application"' in files.head(name)]


def find_project(files: Files) -> Project | None:
    """The app in this folder of an Nx workspace; None for a folder that has no project.json with a build."""
    folder = files.repository[1]
    if not is_project(files):
        return None
    told = _object(files.text(FILE))
    configured = Package(names=frozenset(name for name, pattern in CONFIGURED.items() if files.glob(pattern)))
    targets = _table(told, "targets")
    build = _table(targets, "build")
    if not (build or configured.names):
        return None
    framework = find_framework(files, replace(configured, is_member=True))
    name = str(told.get("name") or posixpath.basename(folder))
    return Project(name, _served(folder, name, targets, build, framework))


def _served(
    folder: str, name: str, targets: dict[str, Any], build: dict[str, Any], otherwise: Framework | None
) -> Framework | None:
    """By the executor of the build, as its options say where it puts what."""
    options, executor = _table(build, "options"), str(build.get("executor", ""))
    package, _, kind = executor.partition(":")
    out = options.get("outputPath")
    if not out:
        return otherwise
    tokens = {"{workspaceRoot}/": "", "{projectRoot}": folder, "{projectName}": name}
    base = str(out.get("base", "") if isinstance(out, dict) else out)
    for token, value in tokens.items():
        base = base.replace(token, value)
    at = posixpath.relpath(posixpath.join("/", base), posixpath.join("/", folder))
    if "angular" in package:
        made = {**out, "base": at} if isinstance(out, dict) else at
        return angular_output(
            Framework("Angular", package, page=INDEX), name, executor, {**options, "outputPath": made}
        )
    if kind == "build" and package.endswith("/next"):
        return Framework("Next.js", package, start=f"next start {shlex.quote(at)}", why=WHY)
    if _is_server(targets, options):
        main = shlex.quote(f"{at}/{_main(folder, kind, options)}")
        return Framework("Nx", package, start=f"node {main}", why=WHY)
    return Framework(otherwise.name if otherwise else "Nx", package, at, page=INDEX, why=WHY)


def _is_server(targets: dict[str, Any], options: dict[str, Any]) -> bool:
    is_run = any(_table(targets, name).get("executor") in NODE for name in targets)
    return is_run or "node" in (options.get("platform"), options.get("target"))


def _main(folder: str, kind: str, options: dict[str, Any]) -> str:
    source = str(options.get("main", "src/main.ts")).removeprefix(f"{folder}/")
    made = posixpath.splitext(source)[0] + ".js"
    return str(options.get("outputFileName") or (made if kind in COMPILERS else posixpath.basename(made)))


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}  # Nx itself will say so, with its place.
    return found if isinstance(found, dict) else {}


def _table(document: dict[str, Any], key: str) -> dict[str, Any]:
    found = document.get(key)
    return found if isinstance(found, dict) else {}
