"""What a Python folder depends on, as far as its own files say. Not in charge of resolving anything."""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Iterable
from configparser import ConfigParser, ParsingError
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from workers.build.files import Files
from workers.build.python_source import parsed
from workers.build.versions import Asked, read_toml
from workers.errors import UserError

NAME = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(\[[^\]]*\])?")
INCLUDE = re.compile(r"^(?:-r|--requirement|-c|--constraint)[\s=]*(\S+)")
LOCAL = re.compile(r"^(?:-e|--editable)\b|^\.{0,2}/|^\.(?:\s|\[|$)|@\s*file:")
LONGEST_LINE = 1000  # Of setup.cfg: its parser takes the square of it.
BRINGS = {
    "fastapi[standard]": "uvicorn",
    "fastapi[all]": "uvicorn",
    "psycopg[binary]": "psycopg-binary",
    "psycopg[c]": "psycopg-c",
}


@dataclass(frozen=True)
class Requirements:
    """A requirements file with all that it includes. `has_local` means that a line names the source itself; `is_empty`
    that there is nothing in it but comments."""

    names: frozenset[str]
    files: tuple[str, ...]
    has_local: bool
    is_empty: bool


def read_requirements(files: Files, path: str) -> Requirements:
    names: set[str] = set()
    seen: list[str] = []
    has_local, is_empty, waiting = False, True, [path]
    while waiting and len(seen) < 20:
        name = waiting.pop(0)
        if name in seen or not files.exists(name):
            continue
        seen.append(name)
        for line in filter(None, (_uncommented(line) for line in files.text(name).splitlines())):
            is_empty = False
            if include := INCLUDE.match(line):
                waiting.append(posixpath.normpath(PurePosixPath(name).parent / include[1]))
            elif LOCAL.search(line):
                has_local = True
            elif not line.startswith("-"):
                names |= _brought_by(line)
    return Requirements(frozenset(names), tuple(seen), has_local, is_empty)


def project_names(files: Files) -> frozenset[str]:
    """Direct dependencies that pyproject.toml names, by PEP 621 and by Poetry's own table."""
    document = read_toml(files, "pyproject.toml")
    listed = list_in(table(document, "project"), "dependencies")
    names = {name for line in listed if isinstance(line, str) for name in _brought_by(line)}
    for key, value in table(document, "tool", "poetry", "dependencies").items():
        names |= _brought_by(f"{key}[{_extras(value)}]")
    return frozenset(names)


def describes_project(files: Files) -> str:
    """`project` for a pyproject.toml with PEP 621's table, `poetry` for one with Poetry's own alone, else ""."""
    document = read_toml(files, "pyproject.toml")
    return "project" if "project" in document else "poetry" if table(document, "tool", "poetry") else ""


def has_local_sources(files: Files) -> bool:
    """Whether pyproject.toml takes dependencies from folders of the repository (a workspace, a path)."""
    document = read_toml(files, "pyproject.toml")
    tables = [*table(document, "tool", "uv", "sources").values()]
    tables += table(document, "tool", "poetry", "dependencies").values()
    return "workspace" in table(document, "tool", "uv") or any(isinstance(t, dict) and "path" in t for t in tables)


def pipfile_names(files: Files) -> frozenset[str]:
    packages = table(read_toml(files, "Pipfile"), "packages")
    return frozenset(name for key, told in packages.items() for name in _brought_by(f"{key}[{_extras(told)}]"))


def setup_requirements(files: Files) -> tuple[str, ...] | None:
    """What setup.cfg and setup.py list, line by line; None where only running setup.py would tell it."""
    lines = [line.strip() for line in _setup_cfg(files).get("install_requires", "").splitlines()]
    for node in ast.walk(parsed(files.head("setup.py", 256 * 1024))):
        if isinstance(node, ast.keyword) and node.arg == "install_requires":
            listed = node.value.elts if isinstance(node.value, ast.List) else [node.value]
            lines += [str(one.value) if isinstance(one, ast.Constant) else "?" for one in listed]
    found = tuple(filter(None, lines))
    return found if all(NAME.match(line) and not line.startswith("file:") for line in found) else None


def names_of(lines: Iterable[str]) -> frozenset[str]:
    return frozenset(name for line in lines for name in _brought_by(line))


def requires_python(files: Files) -> Asked:
    """What the files ask for that are not there to pin a version: a project's own, then Pipenv's and setuptools'."""
    document = read_toml(files, "pyproject.toml")
    asked = table(document, "project").get("requires-python")
    if asked := asked or table(document, "tool", "poetry", "dependencies").get("python"):
        return str(asked), "pyproject.toml"
    required = table(read_toml(files, "Pipfile"), "requires")
    if asked := required.get("python_full_version") or required.get("python_version"):
        return str(asked), "Pipfile"
    if asked := _setup_cfg(files).get("python_requires"):
        return asked, "setup.cfg"
    told = re.search(r"python_requires\s*=\s*[\"']([^\"']+)[\"']", files.head("setup.py", 256 * 1024))
    return (told[1], "setup.py") if told else ("", "")


def _setup_cfg(files: Files) -> dict[str, str]:
    parser = _parsed_setup_cfg(files)
    return dict(parser["options"]) if parser.has_section("options") else {}


def describes_setup(files: Files) -> bool:
    """Whether setup.cfg describes a project: many hold settings of other tools alone."""
    parser = _parsed_setup_cfg(files)
    return parser.has_section("metadata") or parser.has_section("options")


def _parsed_setup_cfg(files: Files) -> ConfigParser:
    parser = ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string("\n".join(line[:LONGEST_LINE] for line in files.head("setup.cfg", 65536).splitlines()))
    except ParsingError as error:
        why = str(error).splitlines()[0]
        raise UserError(
            "build:user:invalid-file", f"setup.cfg cannot be read: {why}.", hint="Correct setup.cfg and push again."
        ) from error
    return parser


def _extras(told: Any) -> str:
    return ",".join(map(str, list_in(told, "extras"))) if isinstance(told, dict) else ""


def list_in(document: dict[str, Any], key: str) -> list[Any]:
    """[] for what is no list."""
    found = document.get(key)
    return found if isinstance(found, list) else []


def table(document: dict[str, Any], *keys: str) -> dict[str, Any]:
    found: Any = document
    for key in keys:
        found = found.get(key, {}) if isinstance(found, dict) else {}
    return found if isinstance(found, dict) else {}


def _brought_by(line: str) -> set[str]:
    """The normalised name of a requirement, and the server that its extras bring."""
    match = NAME.match(line)
    if match is None:
        return set()
    name = re.sub(r"[-_.]+", "-", match[1]).lower()
    extras = re.findall(r"[a-z0-9-]+", (match[2] or "").lower())
    return {name} | {BRINGS[f"{name}[{extra}]"] for extra in extras if f"{name}[{extra}]" in BRINGS}


def _uncommented(line: str) -> str:
    return re.sub(r"(^|\s)#.*$", "", line).strip().rstrip("\\").strip()
