"""Which version of a language a folder asks for. Not in charge of finding an image that has it."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from workers.build.files import Files
from workers.errors import UserError

# In the order of https://mise.jdx.dev/configuration.html; the first of them that names the tool.
MISE = (
    "mise.toml",
    ".mise.toml",
    "mise/config.toml",
    ".mise/config.toml",
    ".config/mise.toml",
    ".config/mise/config.toml",
)
Asked = tuple[str, str]  # The version as it is asked for, and the file that asks.


def asked_version(files: Files, tools: tuple[str, ...], plain: tuple[str, ...]) -> Asked:
    """What the first of `plain`, `.tool-versions` and `mise.toml` says, in this order; ("", "") when none does.

    `plain` are files that hold nothing but the version; `tools` are the tool's names in the other two.
    """
    for name in plain:
        if version := _cleaned(_first_line(files.head(name))):
            return version, name
    if version := _in_tool_versions(files.head(".tool-versions"), tools):
        return version, ".tool-versions"
    for name in MISE:
        if version := _in_mise(read_toml(files, name), tools):
            return version, name
    return "", ""


def version_reason(language: str, asked: Asked) -> str:
    version, name = asked
    if not version:
        return f"version: the platform's {language}, because no file asks for one"
    return f"version: {language} {version}, because {name} asks for it"


def read_toml(files: Files, path: str) -> dict[str, Any]:
    """The parsed file; {} when there is none. Raises `UserError` when it cannot be read."""
    try:
        return tomllib.loads(files.text(path))
    except (ValueError, RecursionError) as error:
        raise UserError(
            "build:user:invalid-file", f"{path} is not valid TOML: {error}.", hint=f"Correct {path} and push again."
        ) from error


def _in_tool_versions(text: str, tools: tuple[str, ...]) -> str:
    for line in text.splitlines():
        words = line.split("#")[0].split()
        if len(words) > 1 and words[0] in tools:
            return _cleaned(words[1])
    return ""


def _in_mise(document: dict[str, Any], tools: tuple[str, ...]) -> str:
    listed = document.get("tools")
    found = next((listed[tool] for tool in tools if tool in listed), "") if isinstance(listed, dict) else ""
    if isinstance(found, list):
        found = found[0] if found else ""
    if isinstance(found, dict):
        found = found.get("version", "")
    return _cleaned(str(found))


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")), "")


def _cleaned(version: str) -> str:
    """`python-3.12.4`, `v20` and `cpython@3.12` as `3.12.4`, `20` and `3.12`; "" for what is no version."""
    version = re.sub(r"^(?:c?python[-@]|node[-@/]|v)", "", version.strip())
    return version if re.fullmatch(r"[A-Za-z0-9.*/^~<>=!+, |-]{1,64}", version) else ""
