"""What a folder's package.json says. Read only; nothing is resolved."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from workers.build.files import Files
from workers.errors import UserError

LIFECYCLE = ("preinstall", "install", "postinstall", "prepare")


@dataclass(frozen=True)
class Package:
    """What a build needs of package.json. `runtime` and `names` are dependency names, without and with dev."""

    scripts: dict[str, str]
    runtime: frozenset[str]
    names: frozenset[str]
    main: str
    node: str
    manager: str
    has_local: bool


def read_package(files: Files) -> Package | None:
    """None when there is no package.json. Raises `UserError` when it is not a JSON object."""
    if not files.exists("package.json"):
        return None
    try:
        document = json.loads(files.text("package.json").lstrip("\ufeff"))
    except (json.JSONDecodeError, RecursionError) as error:
        raise _invalid(str(error)) from error
    if not isinstance(document, dict):
        raise _invalid("it holds no object")
    runtime, dev = _texts(document, "dependencies"), _texts(document, "devDependencies")
    return Package(
        scripts=_texts(document, "scripts"),
        runtime=frozenset(runtime),
        names=frozenset(runtime | dev),
        main=_text(document, "main"),
        node=_texts(document, "engines").get("node", ""),
        manager=_text(document, "packageManager"),
        has_local="workspaces" in document or any(_is_local(v) for v in (runtime | dev).values()),
    )


def _is_local(version: str) -> bool:
    return version.startswith(("file:", "link:", "portal:", "workspace:", "./", "../"))


def _text(document: dict[str, Any], key: str) -> str:
    value = document.get(key)
    return value if isinstance(value, str) else ""


def _texts(document: dict[str, Any], key: str) -> dict[str, str]:
    value = document.get(key)
    return {k: v for k, v in value.items() if isinstance(v, str)} if isinstance(value, dict) else {}


def _invalid(why: str) -> UserError:
    return UserError(
        "build:user:invalid-file",
        f"package.json is not valid JSON: {why}.",
        hint="Correct package.json and push again.",
    )
