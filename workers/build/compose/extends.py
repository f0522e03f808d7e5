"""`extends` within the same file: a service with what another one says under it. Pure.

Source: docs.docker.com/reference/compose-file/services, "Merging service definitions". Not in charge of other files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from workers.build.compose.tree import MOST_NODES, Tree
from workers.errors import UserError

# Lists of which both stay; of every other one the service's own is taken.
ADDED = frozenset({
    "ports", "expose", "env_file", "cap_add", "cap_drop", "security_opt", "device_cgroup_rules", "secrets", "configs",
    "dns", "dns_search", "external_links", "tmpfs", "group_add",
})  # fmt: skip
PAIRS = frozenset({"environment", "args", "labels", "annotations", "sysctls", "extra_hosts"})
AT_TARGET = frozenset({"volumes", "devices"})


class Unextended(Exception):
    """Why what it extends cannot be read, and the line."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(why)
        self.line, self.why = line, why


@dataclass
class Extender:
    """`file` is what the compose file is called. All that is made together is bounded as the file itself is."""

    services: Mapping[str, Tree]
    file: str
    problems: dict[str, Unextended] = field(default_factory=dict)
    _made: dict[str, Tree] = field(default_factory=dict)
    _nodes: int = 0

    def whole(self) -> dict[str, Tree]:
        """All services. Of one that cannot be extended what it says itself: `problems` say why."""
        found = {}
        for name, tree in self.services.items():
            try:
                found[name] = self._one(name, ())
            except Unextended as problem:
                self.problems[name], found[name] = problem, _without(tree)
        return found

    def _one(self, name: str, above: tuple[str, ...]) -> Tree:
        own = self.services[name]
        told = own.at("extends")
        if told.value is None:
            return own
        if name not in self._made:
            base = self._one(self._base(told, (*above, name)), (*above, name))
            self._made[name] = merged = _merged("", base, _without(own))
            self._nodes += _count(merged)
            if self._nodes > MOST_NODES:
                raise UserError(
                    "compose:user:too-large", f"{self.file}, line {told.line}: by extends it grows too large.",
                    hint="Say less in what is extended.", status=422,
                )  # fmt: skip
        return self._made[name]

    def _base(self, told: Tree, above: tuple[str, ...]) -> str:
        name, file = told.text or told.at("service").text, told.at("file").text
        if file and file.removeprefix("./") != self.file:
            raise Unextended(told.line, "What another file says is not read. Write it into this one.")
        if name not in self.services:
            raise Unextended(told.line, f"There is no service {name[:60]!r} in this file.")
        if name in above:
            raise Unextended(told.line, f"It goes in a circle by {name[:60]!r}.")
        return name


def _without(tree: Tree) -> Tree:
    return Tree({key: one for key, one in tree.map.items() if key != "extends"}, tree.line, tree.is_secret)


def _merged(key: str, base: Tree, own: Tree) -> Tree:
    """`key` is what both are called."""
    if own.value is None:
        return base
    is_secret = base.is_secret or own.is_secret
    if key == "depends_on":
        base, own = _named(base), _named(own)
    if key in PAIRS and isinstance(base.value, dict) != isinstance(own.value, dict):
        base, own = _listed(base), _listed(own)
    if isinstance(base.value, dict) and isinstance(own.value, dict):
        both = {name: _merged(name, base.at(name), one) for name, one in own.map.items()}
        return Tree({**base.map, **both}, own.line, is_secret)
    if key in ADDED or key in PAIRS:
        return Tree([*base.items, *own.items], own.line, is_secret)
    if key in AT_TARGET:
        targets = {_target(one) for one in own.items}
        return Tree([*(one for one in base.items if _target(one) not in targets), *own.items], own.line, is_secret)
    return own


def _named(tree: Tree) -> Tree:
    """A list of names as a mapping."""
    return tree if tree.map else Tree({one.text: Tree({}, one.line) for one in tree.items}, tree.line, tree.is_secret)


def _listed(tree: Tree) -> Tree:
    """A mapping as `NAME=value`s. A name holds no secret: it is not put in there."""
    pairs = ((f"{name}={one.text}" if one.value is not None else name, one) for name, one in tree.map.items())
    return Tree([Tree(text, one.line, one.is_secret) for text, one in pairs], tree.line) if tree.map else tree


def _target(tree: Tree) -> str:
    if tree.map:
        return tree.at("target").text
    source, colon, rest = tree.text.partition(":")
    return rest.partition(":")[0] if colon else source


def _count(tree: Tree) -> int:
    inside = tree.map.values() if tree.map else tree.value if isinstance(tree.value, list) else ()
    return 1 + sum(map(_count, inside))
