"""What a Gradle project says of itself: its build files and the subproject that makes a program. Read only."""

from __future__ import annotations

import re
from typing import Any

from workers.build.files import Files
from workers.build.versions import read_toml

CATALOGUE = "gradle/libs.versions.toml"
ACCESSOR = re.compile(r"\blibs\.([\w.]+)")
# A plugin that is only put on the class path, for subprojects to apply.
NOT_APPLIED = re.compile(r"\bapply[\s(]+false\b")
BUILDS = re.compile(r"(?:[^/]+/)?build\.gradle(?:\.kts)?")
PLUGIN = re.compile(r"[\"'](?:org\.springframework\.boot|io\.quarkus)[\"']|\bapplication\b")
LIBRARY = re.compile(r"org\.springframework\.boot|io\.quarkus")


def gradle_texts(files: Files) -> dict[str, str]:
    """The build files to a depth of two, with the names of a version catalogue in the place of its accessors."""
    names = files.glob("*.gradle", "*.gradle.kts", "*/*.gradle", "*/*.gradle.kts")
    known = _catalogue(read_toml(files, CATALOGUE))
    return {name: ACCESSOR.sub(lambda found: _named(found, known), files.text(name)) for name in names}


def gradle_application(files: Files, texts: dict[str, str]) -> str:
    """The folder of the subproject that makes a program, "" for the top.

    One with sources goes first, then one with the plugin that makes a program, then what lies nearest to the top.
    """
    with_sources = {f"/{name}".partition("/src/")[0].lstrip("/") for name in files.names() if "/src/" in f"/{name}"}
    found = []
    for name, text in texts.items():
        lines = "\n".join(line for line in text.splitlines() if not NOT_APPLIED.search(line))
        is_plugin, folder = PLUGIN.search(lines) is not None, name.rpartition("/")[0]
        if BUILDS.fullmatch(name) and (is_plugin or LIBRARY.search(lines)):
            found.append((folder not in with_sources, not is_plugin, folder))
    return min(found, key=lambda one: one[:2], default=(False, False, ""))[2]


def _named(found: re.Match[str], known: dict[str, str]) -> str:
    name = known.get(found[1].removesuffix(".get"))
    return f'"{name}"' if name else found[0]


def _catalogue(document: dict[str, Any]) -> dict[str, str]:
    """Accessor -> what it stands for. Source: https://docs.gradle.org/current/userguide/version_catalogs.html"""
    known = {}
    for table, begin, key in (("libraries", "", "module"), ("plugins", "plugins.", "id")):
        entries = document.get(table)
        for alias, entry in (entries if isinstance(entries, dict) else {}).items():
            name = _name(entry, key)
            if re.fullmatch(r"[\w.:-]{1,200}", name):
                known[begin + re.sub(r"[-_]", ".", alias)] = name
    return known


def _name(entry: object, key: str) -> str:
    """Of `{module = "a:b", ...}`, `{group = "a", name = "b", ...}`, `{id = "a", ...}`, or of `"a:b:1"` and `"a:1"`."""
    if isinstance(entry, str):
        return entry.rpartition(":")[0]
    told = entry if isinstance(entry, dict) else {}
    return str(told.get(key) or ":".join(str(told.get(part, "")) for part in ("group", "name")))
