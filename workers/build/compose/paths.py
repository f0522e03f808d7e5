"""Paths of a compose file that stands in another folder, or counts from there, told as the first file tells them. Pure."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from dataclasses import replace

from workers.build.compose.tree import Tree

ELSEWHERE = re.compile(r"[a-z+]+://|git@|/")
Change = Callable[[Tree], Tree]


def rebased(top: Tree, folder: str) -> Tree:
    """`folder` is where its paths count from, as seen from the first file."""

    def path(tree: Tree) -> Tree:
        is_one = tree.text and not ELSEWHERE.match(tree.text)
        return replace(tree, value=posixpath.normpath(posixpath.join(folder, tree.text))) if is_one else tree

    def build(tree: Tree) -> Tree:
        if not tree.map:
            return path(tree)
        context = tree.map.get("context", replace(tree, value="."))
        return replace(tree, value={**tree.map, "context": path(context)})

    def each(tree: Tree) -> Tree:
        return replace(tree, value=[_at(one, path=path) if one.map else path(one) for one in tree.items])

    def service(tree: Tree) -> Tree:
        return _at(tree, build=build, env_file=each, extends=lambda one: _at(one, file=path))

    def files(tree: Tree) -> Tree:
        return _of_all(tree, lambda one: _at(one, file=path))

    return _at(top, services=lambda tree: _of_all(tree, service), secrets=files)


def _of_all(tree: Tree, change: Change) -> Tree:
    return replace(tree, value={name: change(one) for name, one in tree.map.items()}) if tree.map else tree


def _at(tree: Tree, **changes: Change) -> Tree:
    """Those keys of a mapping changed that have something."""
    new = {key: change(tree.map[key]) for key, change in changes.items() if tree.at(key).value is not None}
    return replace(tree, value={**tree.map, **new}) if new else tree
