"""A YAML file of a stranger as a tree. Bounded: no bomb of aliases, no depth.

Nothing of it is constructed: a tag that names a type is not followed. Not in charge of what keys mean.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Any

import yaml

from workers.build.compose.tree import Text, Tree
from workers.errors import UserError

MOST_CHARACTERS = 100_000
MOST_NODES = 20_000  # Counted where an alias leads too.
MOST_DEPTH = 24
NO_TEXT = re.compile("[\0\ud800-\udfff]")  # Nothing further on can keep these.

Change = Callable[[str, int], Text]


def read_tree(text: str, name: str, change: Change) -> Tree:
    """`change` is asked for each text that is no key. Raises `UserError` with the line of a mistake."""
    if len(text) > MOST_CHARACTERS:
        raise UserError(
            "compose:user:too-large", f"{name} has more than {MOST_CHARACTERS:,} characters and was not read.",
            hint="Split it: a smaller file of the services that are deployed.", status=422,
        )  # fmt: skip
    try:
        node = yaml.compose(text, Loader=_Loader)
        return (
            Tree({}, 1, file=name) if node is None else _Reading(name, change).tree(node, node.start_mark.line + 1, 0)
        )
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _mistake(name, mark.line + 1 if mark else 0, error.problem or "it is no YAML") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise _mistake(name, 0, "it is no YAML that can be read") from error


def _mistake(name: str, line: int, why: str) -> UserError:
    where = f"{name}, line {line}" if line else name
    return UserError("compose:user:invalid", f"{where}: {why}.", hint="Mend the file, and look again.", status=422)


class _Loader(yaml.SafeLoader):
    """Stops at a depth that costs no time yet."""

    def fetch_flow_collection_start(self, TokenClass: Any) -> None:
        self._check(self.flow_level)
        super().fetch_flow_collection_start(TokenClass)

    def add_indent(self, column: int) -> bool:
        self._check(len(self.indents))
        return bool(super().add_indent(column))

    def _check(self, depth: int) -> None:
        if depth > MOST_DEPTH:
            raise yaml.MarkedYAMLError(problem="it is too deep", problem_mark=self.get_mark())


class _Reading:
    """One walk over a graph of nodes."""

    def __init__(self, name: str, change: Change) -> None:
        self._name = name
        self._change = change
        self._nodes = 0

    def tree(self, node: yaml.Node, line: int, depth: int) -> Tree:
        self._nodes += 1
        if self._nodes > MOST_NODES or depth > MOST_DEPTH:
            raise _mistake(self._name, node.start_mark.line + 1, "it grows too large by its aliases or its depth")
        if isinstance(node, yaml.MappingNode):
            mapping = self._mapping(node, depth)
            return self._holding(mapping, line, mapping.values())
        if isinstance(node, yaml.SequenceNode):
            items = [self.tree(one, one.start_mark.line + 1, depth + 1) for one in node.value]
            return self._holding(items, line, items)
        if NO_TEXT.search(node.value):
            raise _mistake(self._name, node.start_mark.line + 1, "it holds what is no text")
        if node.tag == "tag:yaml.org,2002:null":
            return Tree(None, line, file=self._name)
        found = self._change(node.value, node.start_mark.line + 1)
        return Tree(found.text, line, found.is_secret, found.needs, self._name)

    def _holding(self, value: Any, line: int, within: Collection[Tree]) -> Tree:
        needs = frozenset[str]().union(*(one.needs for one in within))
        return Tree(value, line, any(one.is_secret for one in within), needs, self._name)

    def _mapping(self, node: yaml.MappingNode, depth: int) -> dict[str, Tree]:
        """What `<<` brings stands behind what is written in the mapping itself."""
        merged: dict[str, Tree] = {}
        own: dict[str, Tree] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode) or NO_TEXT.search(key.value):
                raise _mistake(self._name, key.start_mark.line + 1, "a key is no text")
            if key.tag == "tag:yaml.org,2002:merge":
                sources = value.value if isinstance(value, yaml.SequenceNode) else [value]
                for source in reversed(sources):
                    merged |= self.tree(source, source.start_mark.line + 1, depth + 1).map
            else:
                own[key.value] = self.tree(value, key.start_mark.line + 1, depth + 1)
        return {**merged, **own}
