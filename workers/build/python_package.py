"""Whether a Python project is installed itself, beside what it depends on: when it is a package, and its files are there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from workers.build.files import Files
from workers.build.python_dependencies import list_in, table
from workers.build.versions import read_toml

NAME = re.compile(r"[\w.-]{1,100}")


@dataclass(frozen=True)
class Backend:
    """Where a build backend looks for a package of the project's name ("/" for any Python beneath), unless its own table
    `told_in` says which files there are. `keeps_name` tells that it looks for the name as it is written, too."""

    told_in: tuple[str, ...]
    places: tuple[str, ...]
    keeps_name: bool = False
    told_by: str = ""


# Sources: `Module` of poetry-core, `default_file_selection_options` of hatchling, `find_roots` of uv_build. Of others,
# which take what they find, nothing is known here.
BACKENDS = {
    "poetry": Backend(("tool", "poetry", "packages"), ("{}/", "{}.py", "src/{}/", "src/{}.py")),
    "hatchling": Backend(
        ("tool", "hatch", "build"),
        ("{}/__init__.py", "src/{}/__init__.py", "{}.py", "*/{}/__init__.py"),
        keeps_name=True,
        told_by="hatch.toml",
    ),
    "uv_build": Backend(("tool", "uv", "build-backend"), ("src/{}/__init__.py",)),
}


def is_package(files: Files) -> bool:
    """Whether pyproject.toml describes a package that is to be installed itself, as uv, Poetry and PDM decide it."""
    document = read_toml(files, "pyproject.toml")
    return _is_described(document) and not _missing(files, document)


def missing_folder(files: Files) -> str:
    """The folder that the build backend would look for in vain, so that it makes no package; else ""."""
    document = read_toml(files, "pyproject.toml")
    return _missing(files, document) if _is_described(document) else ""


def needs_nothing(files: Files) -> bool:
    """Whether PEP 621's table says so, for a project that is not installed itself."""
    project = table(read_toml(files, "pyproject.toml"), "project")
    told = list_in(project, "dependencies") or list_in(project, "dynamic")
    return not told and not is_package(files)


def _is_described(document: dict[str, Any]) -> bool:
    if table(document, "tool", "uv").get("package") is False:
        return False
    if table(document, "tool", "poetry").get("package-mode") is False:
        return False
    return "build-system" in document and table(document, "tool", "pdm").get("distribution") is not False


def _missing(files: Files, document: dict[str, Any]) -> str:
    backend = _backend(document)
    name = str(table(document, "project").get("name") or table(document, "tool", "poetry").get("name") or "")
    if backend is None or not NAME.fullmatch(name) or _is_told(files, document, backend):
        return ""
    plain = re.sub(r"[-_.]+", "_", name).lower()
    names = {plain, re.sub(r"[^\w.]", "_", name)} if backend.keeps_name else {plain}
    if any(_is_there(files, place.format(name)) for name in names for place in backend.places):
        return ""
    return backend.places[0].format(plain).removesuffix("/__init__.py").rstrip("/")


def _backend(document: dict[str, Any]) -> Backend | None:
    """Those that wrap one are named after it (`poetry_dynamic_versioning.backend`)."""
    told = str(table(document, "build-system").get("build-backend", ""))
    return next((backend for name, backend in BACKENDS.items() if told.startswith(name)), None)


def _is_told(files: Files, document: dict[str, Any], backend: Backend) -> bool:
    *above, last = backend.told_in
    return bool(table(document, *above).get(last)) or bool(backend.told_by and files.exists(backend.told_by))


def _is_there(files: Files, place: str) -> bool:
    if place.endswith("/"):
        return any(name.startswith(place) and name.endswith(".py") for name in files.names())
    return bool(files.glob(place))
