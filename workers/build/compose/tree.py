"""What a compose file says as texts, lists and mappings that know where they are written. Data only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple


@dataclass(frozen=True)
class Tree:
    """`value` is a text, None (also for what is left out), a list of trees or a mapping of names to trees. `line` of
    `file` is where it is written; of a mapping's value where its key is."""

    value: Any
    line: int
    is_secret: bool = False  # A text that a secret was put into, or what holds one.
    needs: frozenset[str] = frozenset()  # Variables without which it cannot be used, there or within.
    file: str = ""

    @property
    def text(self) -> str:
        """As it is written; "" for a list or a mapping, too."""
        return self.value if isinstance(self.value, str) else ""

    @property
    def items(self) -> list[Tree]:
        """Of a list; a text alone is one; of a mapping none."""
        return self.value if isinstance(self.value, list) else [self] if self.text else []

    @property
    def map(self) -> dict[str, Tree]:
        return self.value if isinstance(self.value, dict) else {}

    def at(self, *names: str) -> Tree:
        """What a mapping has there, and in that; an empty one where it has nothing."""
        found = self
        for name in names:
            found = found.map.get(name, Tree(None, found.line, file=found.file))
        return found

    @property
    def plain(self) -> Any:
        """What it says, wherever that is written."""
        if isinstance(self.value, list):
            return [one.plain for one in self.value]
        return {name: one.plain for name, one in self.map.items()} if isinstance(self.value, dict) else self.value

    @property
    def nodes(self) -> int:
        inside = self.map.values() if self.map else self.value if isinstance(self.value, list) else ()
        return 1 + sum(one.nodes for one in inside)

    @property
    def is_true(self) -> bool:
        return self.text.lower() in ("true", "yes", "on", "y", "1")


class Text(NamedTuple):
    """As it shall be; the rest is as `Tree` has it."""

    text: str
    is_secret: bool
    needs: frozenset[str]
