"""A compose file and those that it includes or extends, as one: what is read of them, how often, and in which order.

Sources: docs.docker.com/reference/compose-file/include and .../merge. As Compose has it, `extends` of each file comes first,
then what it includes is added, then the next file of the same `path` is laid over it. Not in charge of what keys mean.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import partial, reduce
from typing import NoReturn

from workers.build.compose.env_files import EnvFiles
from workers.build.compose.env_values import given
from workers.build.compose.extends import Extender, Unextended
from workers.build.compose.merging import merged
from workers.build.compose.paths import rebased
from workers.build.compose.plan import Finding
from workers.build.compose.tree import Tree
from workers.build.compose.values import Values
from workers.build.compose.variables import EXAMPLES, without_secrets
from workers.build.compose.yaml_tree import MOST_NODES, read_tree
from workers.errors import UserError

MOST_LOADED = 20  # Each as often as it is named.
SHARED = ("services", "volumes", "secrets")  # What a file hands on to the one that includes it.
NOT_HERE = "is not a file of this repository, and nothing else is read."


@dataclass
class Loader:
    """`folder` is where the first file stands; files are called as they are seen from there. `tops` are all that were
    included, as each stands; `values` those of each service, because a file may bring a `.env` of its own."""

    env_files: EnvFiles
    folder: str
    tops: list[Tree] = field(default_factory=list)
    values: dict[str, Values] = field(default_factory=dict)
    problems: dict[str, Finding] = field(default_factory=dict)
    paths: list[str] = field(default_factory=list)
    _loaded: int = 0
    _nodes: int = 0

    def whole(self, files: Iterable[str], base: str, values: Values, above: tuple[str, ...] = ()) -> Tree:
        """`files`, each laid over the one before, with what they include; paths in them count from `base`."""
        return reduce(partial(merged, ""), [self._included_too(file, base, values, above) for file in files])

    def _included_too(self, file: str, base: str, values: Values, above: tuple[str, ...]) -> Tree:
        top = self._read(file, base, values)
        self.tops.append(top)
        extender = Extender(top.at("services").map, file, partial(self._other, values, {}), self._count)
        services = extender.whole(self.problems)
        self.values |= dict.fromkeys(services, values)
        if top.at("services").map:
            top = replace(top, value={**top.map, "services": replace(top.at("services"), value=services)})
        told = top.at("include")
        for one in [told] if told.map else told.items:
            top = _with(top, self._included(one, base, values, (*above, file)), one)
        return top

    def _included(self, one: Tree, base: str, values: Values, above: tuple[str, ...]) -> Tree:
        if one.is_secret:
            _refuse(one, "a secret in it could be read by everybody")
        files = [_joined(base, path.text) for path in (one.at("path") if one.map else one).items]
        for file in files:
            if not self.env_files.has(self._path(file)):
                _refuse(one, f"{file[:80]!r} {NOT_HERE[:-1]}")
            if file in above:
                _refuse(one, f"{file[:80]!r} includes itself")
        if not files or any(key not in ("path", "project_directory", "env_file") for key in one.map):
            _refuse(one, "say path, and if need be project_directory and env_file")
        there = one.at("project_directory").text
        inner = _joined(base, there) if there else posixpath.dirname(files[0]) or "."
        told = [_joined(base, path.text) for path in one.at("env_file").items]
        return self.whole(files, inner, self.with_beside(told or [_joined(inner, ".env")], values), above)

    def with_beside(self, files: Iterable[str], values: Values) -> Values:
        """With those of the files' variables for which nobody told others."""
        found: dict[str, str] = {}
        for file in map(self._path, files):
            path = self.env_files.first(file, *(f"{file}{end}" for end in EXAMPLES))
            said = given(values, path, self.env_files.read(path) if path else {}, found)
            found |= said.values if path == file else {name: one for name, one in without_secrets(said).items() if one}
        return replace(values, beside={**found, **values.beside})

    def _other(self, values: Values, known: dict[str, Extender], file: Tree) -> Extender:
        if file.text not in known:
            if not self.env_files.has(self._path(file.text)):
                raise Unextended(file, f"{file.text[:80]!r} {NOT_HERE}")
            top = self._read(file.text, posixpath.dirname(file.text) or ".", values)
            other = partial(self._other, values, known)
            known[file.text] = Extender(top.at("services").map, file.text, other, self._count)
        return known[file.text]

    def _read(self, file: str, base: str, values: Values) -> Tree:
        self.env_files.check()
        self._loaded += 1
        path = self._path(file)
        if self._loaded > MOST_LOADED:
            self._too_large(file)
        self.paths += [path] if path not in self.paths else []
        top = read_tree(self.env_files.whole(path), file, partial(values.put_in, file))
        if self._loaded > 1:
            self._count(top)
        return rebased(top, base)

    def _count(self, tree: Tree) -> None:
        """All that is made together is bounded as one file is."""
        self._nodes += tree.nodes
        if self._nodes > MOST_NODES:
            self._too_large(f"{tree.file}, line {tree.line}")

    def _too_large(self, where: str) -> NoReturn:
        raise UserError(
            "compose:user:too-large", f"{where}: with what is included and extended it grows too large.",
            hint=f"Say less there; at most {MOST_LOADED} files are read.", status=422,
        )  # fmt: skip

    def _path(self, file: str) -> str:
        return posixpath.normpath(posixpath.join(self.folder, file))


def _with(top: Tree, other: Tree, at: Tree) -> Tree:
    """What it includes is as if it stood there; nothing of the two is put together."""
    found = dict(top.map)
    for section in SHARED:
        own, new = top.at(section), other.at(section)
        for name in own.map.keys() & new.map.keys():
            if own.map[name].plain != new.map[name].plain:
                _refuse(at, f"{new.map[name].file} has another {name[:60]!r} in its {section} than {own.file}")
        if new.map:
            found[section] = replace(own if own.map else new, value={**own.map, **new.map})
    return replace(top, value=found)


def _joined(base: str, file: str) -> str:
    return posixpath.normpath(posixpath.join(base, file))


def _refuse(at: Tree, why: str) -> NoReturn:
    raise UserError(
        "compose:user:include", f"{at.file}, line {at.line}: {why}.", hint="Mend include, or write it into this file.",
        status=422,
    )  # fmt: skip
