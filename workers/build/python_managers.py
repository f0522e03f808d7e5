"""How the dependencies of a Python folder come in: uv, Poetry, PDM, Pipenv, pip or setuptools, by the files that are there.

Precedence: a lock file (uv.lock, poetry.lock, pdm.lock, Pipfile.lock), then requirements.txt, then what is not locked
(Pipfile, pyproject.toml, setup.py, setup.cfg), then a list in the folder `requirements`. Whoever locked them, uv installs:
it is fast, and takes packages from the index that the platform is set to.
"""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass, replace
from typing import Any

from workers.build.files import Files
from workers.build.python_dependencies import (
    describes_project,
    describes_setup,
    has_local_sources,
    list_in,
    names_of,
    pipfile_names,
    project_names,
    read_requirements,
    setup_requirements,
    table,
)
from workers.build.python_package import is_package, missing_folder, needs_nothing
from workers.errors import UserError

EXPORTED = "/tmp/requirements.txt"
FROM_EXPORTED = f"uv pip install -r {EXPORTED}"
POETRY = f"poetry export --only main --format requirements.txt --output {EXPORTED} && {FROM_EXPORTED}"
PDM = f"pdm export --prod --format requirements --output {EXPORTED} && {FROM_EXPORTED}"
# Where the folder of requirements has several: the one that is meant to run, then what all share.
OF_FOLDER = tuple(f"requirements/{name}.txt" for name in ("production", "prod", "base", "requirements"))
ITSELF = "uv pip install --no-deps -e ."


@dataclass(frozen=True)
class Install:
    """How dependencies come in. `reasons` says why so; `names` are what the folder itself depends on."""

    manager: str
    line: str
    project_line: str
    files: tuple[str, ...]
    names: frozenset[str]
    reasons: tuple[str, ...]


def find_install(files: Files) -> Install:
    for find in (_uv, _poetry, _pdm, _pipenv, _pip, _pipenv_unlocked, _unlocked, _setuptools, _pip_of_folder):
        found = find(files)
        if found is not None:
            return found
    return _nothing("no file names any")


def _nothing(why: str, manager: str = "") -> Install:
    """No index is asked, so that it builds without a network too."""
    return Install(manager, "", "", (), frozenset(), (f"dependencies: none, because {why}",))


def _uv(files: Files) -> Install | None:
    if not files.exists("uv.lock"):
        return None
    again = "uv sync --frozen --no-dev --inexact" if is_package(files) else ""
    return _project(files, "uv", "uv sync --frozen --no-dev --no-install-project", "uv.lock", again)


def _poetry(files: Files) -> Install | None:
    return _project(files, "poetry", POETRY, "poetry.lock") if files.exists("poetry.lock") else None


def _pdm(files: Files) -> Install | None:
    return _project(files, "pdm", PDM, "pdm.lock") if files.exists("pdm.lock") else None


def _pipenv(files: Files) -> Install | None:
    """A single index by the name that Pipenv itself gives it is the public one: the platform's own stands for it."""
    lock = _object(files, "Pipfile.lock")
    if not files.exists("Pipfile.lock"):
        return None
    names = [source.get("name") for source in list_in(table(lock, "_meta"), "sources") if isinstance(source, dict)]
    is_public = names in ([], ["pypi"])
    line = f"pipenv requirements --hash{' --exclude-index' if is_public else ''} > {EXPORTED} && {FROM_EXPORTED}"
    packages = table(lock, "default")
    is_local = any(isinstance(p, dict) and ("path" in p or "file" in p) for p in packages.values())
    needed = () if is_local else tuple(name for name in ("Pipfile", "Pipfile.lock") if files.exists(name))
    return _install("pipenv", line, "", needed, pipfile_names(files) | frozenset(packages), "Pipfile.lock")


def _pip(files: Files) -> Install | None:
    return _required(files, "requirements.txt") if files.exists("requirements.txt") else None


def _pip_of_folder(files: Files) -> Install | None:
    path = files.first(*OF_FOLDER)
    return _required(files, path) if path else None


def _required(files: Files, path: str) -> Install:
    found = read_requirements(files, path)
    if found.is_empty:
        return _nothing(f"{path} names none", "pip")
    needed = () if found.has_local else found.files
    return _install("pip", f"uv pip install -r {path}", "", needed, found.names, path, by_uv=True)


def _pipenv_unlocked(files: Files) -> Install | None:
    if not files.exists("Pipfile"):
        return None
    line = f"pipenv lock && pipenv requirements > {EXPORTED} && {FROM_EXPORTED}"
    return _install("pipenv", line, "", ("Pipfile",), pipfile_names(files), "Pipfile")


def _unlocked(files: Files) -> Install | None:
    described = describes_project(files)
    if described == "project" and needs_nothing(files):
        return _nothing("pyproject.toml names none", "pip")
    if described == "poetry":
        return _project(files, "poetry", f"poetry lock --no-interaction && {POETRY}", "")
    return _project(files, "pip", "uv pip install -r pyproject.toml", "", by_uv=True) if described else None


def _setuptools(files: Files) -> Install | None:
    """The dependencies first where they are told as a list; else all of it once the source is there."""
    evidence = files.first("setup.py", *(["setup.cfg"] if describes_setup(files) else []))
    if not evidence:
        return None
    lines = setup_requirements(files)
    if lines is None:
        return _install("setuptools", "uv pip install -e .", "", (), frozenset(), evidence, by_uv=True)
    line = f"uv pip install {shlex.join(lines)}" if lines else ""
    needed = tuple(name for name in ("setup.py", "setup.cfg") if files.exists(name))
    return _install("setuptools", line, ITSELF, needed, names_of(lines), evidence, by_uv=True)


def _project(
    files: Files, name: str, line: str, lock: str, again: str | None = None, *, by_uv: bool = False
) -> Install:
    """What a pyproject.toml and a lock file tell. `again` installs the project itself, once its source is there."""
    needed = () if has_local_sources(files) else tuple(filter(None, ("pyproject.toml", lock)))
    itself = (ITSELF if is_package(files) else "") if again is None else again
    found = _install(name, line, itself, needed, project_names(files), lock or "pyproject.toml", by_uv=by_uv)
    missing = missing_folder(files)
    if not missing:
        return found
    why = f"install: not the project itself, because there is no folder {missing} that is a package"
    return replace(found, reasons=(*found.reasons, why))


def _install(
    name: str, line: str, again: str, needed: tuple[str, ...], names: frozenset[str], evidence: str, by_uv: bool = False
) -> Install:
    reasons = [f"package manager: {name}, because {evidence} is there"]
    if by_uv:
        reasons.append("install: by uv, which reads the same files as pip and is faster")
    if again:
        what = "setuptools makes a package of it" if name == "setuptools" else "pyproject.toml has a build system"
        reasons.append(f"install: the project itself too, because {what}")
    if not needed:
        what = (
            f"only running {evidence} tells what it needs" if name == "setuptools" else "a dependency is a folder of it"
        )
        reasons.append(f"install: after all of the source is copied, because {what}")
    return Install(name, line, again, needed, names, tuple(reasons))


def _object(files: Files, path: str) -> dict[str, Any]:
    try:
        found = json.loads(files.text(path) or "{}")
    except (ValueError, RecursionError) as error:
        raise UserError(
            "build:user:invalid-file", f"{path} is not valid JSON: {error}.", hint=f"Write {path} again and push it."
        ) from error
    return found if isinstance(found, dict) else {}
