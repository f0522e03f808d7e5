"""From where a Python file imports: which folder must be on the import path for its imports to be found. Nothing is run."""

from __future__ import annotations

import ast
import sys
from collections.abc import Sequence

from workers.build.files import Files

MOST_PARTS = 4  # Of a dotted name, which a hostile file may make as long as itself.


def imported(tree: ast.Module) -> dict[str, str]:
    """Local name -> full name of everything that a module imports at its top; a relative one begins with its dots."""
    names: dict[str, str] = {}
    for node in tree.body:
        if isinstance(node, ast.Import):
            names.update({a.asname or a.name: a.name for a in node.names})
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            names.update({a.asname or a.name: f"{module}.{a.name}" for a in node.names})
    return names


def import_folder(files: Files, path: str, tree: ast.Module, foreign: frozenset[str]) -> str:
    """The folder whose modules a file imports by bare name: "" for the top, `src`, or one on the way to the file.

    `foreign` are packages that come from elsewhere, whatever folders are called.
    """
    folders, is_package = path.split("/")[:-1], path.endswith("/__init__.py")
    deepest = len(folders) - max(_level(tree), int(is_package))
    if deepest <= 0:
        return ""
    names = [full.split(".", MOST_PARTS)[:MOST_PARTS] for full in imported(tree).values()]
    known, elsewhere = set(files.names()), foreign | sys.stdlib_module_names
    own = [name for name in names if name[0] not in elsewhere]
    found = next((k for k in range(deepest + 1) if any(_is_found(known, folders, k, name) for name in own)), None)
    if found is not None:
        return "/".join(folders[:found])
    if f"{folders[0]}/__init__.py" in known or any(name[0] == folders[0] for name in own):
        return ""
    if folders[0] == "src":
        return "src"
    holder = "/".join(folders[:-1] if is_package else folders)
    return "" if f"{holder}/__init__.py" in known else "/".join(folders[:deepest])


def _level(tree: ast.Module) -> int:
    """How many folders up a module's relative imports go: so many are packages, and none of them is the folder."""
    return max((node.level for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)), default=0)


def _is_found(known: set[str], folders: Sequence[str], depth: int, name: Sequence[str]) -> bool:
    """Whether a dotted name goes through the folder at this depth to a module or a package that is there."""
    if folders[depth : depth + 1] != [name[0]]:
        return False
    places = ["/".join([*folders[:depth], *name[:count]]) for count in range(1, len(name) + 1)]
    return any(f"{place}.py" in known or f"{place}/__init__.py" in known for place in places)
