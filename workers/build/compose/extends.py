"""`extends`: a service with what another one says under it, of the same file or of another one of the repository.

Source: docs.docker.com/reference/compose-file/services, "extends". Not in charge of reading the other file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from workers.build.compose.merging import merged
from workers.build.compose.plan import Finding
from workers.build.compose.tree import Tree

MOST_STEPS = 50
Above = tuple[tuple[str, str], ...]


class Unextended(Exception):
    """Why what it extends cannot be read, and where it says so."""

    def __init__(self, at: Tree, why: str) -> None:
        super().__init__(why)
        self.at, self.why = at, why


@dataclass
class Extender:
    """The services of one file. `other` gives those of another one, or raises; `count` bounds what is made of all."""

    services: Mapping[str, Tree]
    file: str
    other: Callable[[Tree], Extender]
    count: Callable[[Tree], None]
    _made: dict[str, Tree] = field(default_factory=dict)

    def whole(self, problems: dict[str, Finding]) -> dict[str, Tree]:
        """All services. Of one that cannot be extended what it says itself, and a problem."""
        found = {}
        for name, tree in self.services.items():
            try:
                found[name] = self.one(name, ())
            except Unextended as error:
                problems[name] = Finding("refused", name, "extends", error.at.file, error.at.line, error.why)
                found[name] = _without(tree)
        return found

    def one(self, name: str, above: Above) -> Tree:
        own = self.services[name]
        told = own.at("extends")
        if told.value is None:
            return own
        if name not in self._made:
            there, base = self._base(told, above := (*above, (self.file, name)))
            self._made[name] = merged("", there.one(base, above), _without(own))
            self.count(self._made[name])
        return self._made[name]

    def _base(self, told: Tree, above: Above) -> tuple[Extender, str]:
        if told.is_secret:
            raise Unextended(told, "A secret in it could be read by everybody.")
        name, file = told.text or told.at("service").text, told.at("file")
        there = self.other(file) if file.text and file.text != self.file else self
        if name not in there.services:
            raise Unextended(told, f"There is no service {name[:60]!r} in {there.file}.")
        if (there.file, name) in above or len(above) > MOST_STEPS:
            raise Unextended(told, f"It goes in a circle by {name[:60]!r}, or too far.")
        return there, name


def _without(tree: Tree) -> Tree:
    return replace(tree, value={key: one for key, one in tree.map.items() if key != "extends"})
