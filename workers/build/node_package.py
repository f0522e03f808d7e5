"""What a folder's package.json says. Read only; nothing is resolved."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from workers.build.files import Files
from workers.errors import UserError

LIFECYCLE = ("preinstall", "install", "postinstall", "prepare")


@dataclass(frozen=True)
class Package:
    """What a build needs of package.json. `runtime` and `names` are dependency names, without and with dev.

    `manager` is as `packageManager` spells it, whoever names it. `workspaces` are patterns of folders; `is_member` says
    that the folder is installed with others, by a workspace above it.
    """

    scripts: dict[str, str] = field(default_factory=dict)
    runtime: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    main: str = ""
    node: str = ""
    manager: str = ""
    has_local: bool = False
    name: str = ""
    workspaces: tuple[str, ...] = ()
    has_programs: bool = False
    is_member: bool = False
    engines: dict[str, str] = field(default_factory=dict)

    @property
    def runs_scripts(self) -> bool:
        """Whether an install runs scripts of the folder itself, which may need its source."""
        return any(name in self.scripts for name in LIFECYCLE)


def read_package(files: Files, path: str = "package.json") -> Package | None:
    """None when there is no package.json. Raises `UserError` when it is not a JSON object."""
    if not files.exists(path):
        return None
    try:
        document = json.loads(files.text(path).lstrip("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise _invalid(path, str(error)) from error
    if not isinstance(document, dict):
        raise _invalid(path, "it holds no object")
    runtime, dev = _texts(document, "dependencies"), _texts(document, "devDependencies")
    engines, volta = _texts(document, "engines"), _texts(document, "volta")
    workspaces = _workspaces(document.get("workspaces"))
    return Package(
        scripts=_texts(document, "scripts"),
        runtime=frozenset(runtime),
        names=frozenset(runtime | dev),
        main=_text(document, "main"),
        node=volta.get("node") or _of_development(document, "runtime", "node") or engines.get("node", ""),
        manager=_manager(document, volta),
        has_local=bool(workspaces) or any(_is_local(v) for v in (runtime | dev).values()),
        name=_text(document, "name"),
        workspaces=workspaces,
        has_programs="bin" in document,
        engines=engines,
    )


def _manager(document: dict[str, Any], volta: dict[str, str]) -> str:
    """Corepack's field, else Node's newer one, else Volta's."""
    if told := _text(document, "packageManager"):
        return told
    for name in ("pnpm", "yarn", "npm"):
        if version := _of_development(document, "packageManager", name) or volta.get(name, ""):
            return f"{name}@{version}"
    return ""


def _of_development(document: dict[str, Any], kind: str, name: str) -> str:
    """A version out of `devEngines`. Source: https://docs.npmjs.com/cli/configuring-npm/package-json#devengines"""
    engines = document.get("devEngines")
    told = engines.get(kind) if isinstance(engines, dict) else None
    return _text(told, "version") if isinstance(told, dict) and told.get("name") == name else ""


def _workspaces(told: Any) -> tuple[str, ...]:
    """npm's and Yarn's list, or Yarn 1's object around it."""
    listed = told.get("packages") if isinstance(told, dict) else told
    return tuple(one for one in listed if isinstance(one, str)) if isinstance(listed, list) else ()


def _is_local(version: str) -> bool:
    return version.startswith(("file:", "link:", "portal:", "workspace:", "./", "../"))


def _text(document: dict[str, Any], key: str) -> str:
    value = document.get(key)
    return value if isinstance(value, str) else ""


def _texts(document: dict[str, Any], key: str) -> dict[str, str]:
    value = document.get(key)
    return {k: v for k, v in value.items() if isinstance(v, str)} if isinstance(value, dict) else {}


def _invalid(path: str, why: str) -> UserError:
    return UserError(
        "build:user:invalid-file",
        f"{path} is not valid JSON: {why}.",
        hint=f"Correct {path} and push again.",
    )
