"""What two files, or two services, say of the same thing, put together. Pure.

Source: docs.docker.com/reference/compose-file/merge. Not in charge of where the two come from.
"""

from __future__ import annotations

from dataclasses import replace

from workers.build.compose.tree import Tree

# Lists of which both stay; of every other one the service's own is taken.
ADDED = frozenset({
    "ports", "expose", "env_file", "cap_add", "cap_drop", "security_opt", "device_cgroup_rules", "secrets", "configs",
    "dns", "dns_search", "external_links", "tmpfs", "group_add",
})  # fmt: skip
PAIRS = frozenset({"environment", "args", "labels", "annotations", "sysctls", "extra_hosts"})
AT_TARGET = frozenset({"volumes", "devices"})


def merged(key: str, base: Tree, own: Tree) -> Tree:
    """`key` is what both are called. Where it cannot be both, it is `own`."""
    if own.value is None:
        return base
    if key == "depends_on":
        base, own = _named(base), _named(own)
    if key in PAIRS and isinstance(base.value, dict) != isinstance(own.value, dict):
        base, own = _listed(base), _listed(own)
    if isinstance(base.value, dict) and isinstance(own.value, dict):
        both = {name: merged(name, base.at(name), one) for name, one in own.map.items()}
        return _of_both(base, own, {**base.map, **both})
    if key in ADDED or key in PAIRS:
        return _of_both(base, own, [*base.items, *own.items])
    if key in AT_TARGET:
        targets = {_target(one) for one in own.items}
        return _of_both(base, own, [*(one for one in base.items if _target(one) not in targets), *own.items])
    return own


def _of_both(base: Tree, own: Tree, value: object) -> Tree:
    return replace(own, value=value, is_secret=base.is_secret or own.is_secret, needs=base.needs | own.needs)


def _named(tree: Tree) -> Tree:
    """A list of names as a mapping."""
    return tree if tree.map else replace(tree, value={one.text: replace(one, value={}) for one in tree.items})


def _listed(tree: Tree) -> Tree:
    """A mapping as `NAME=value`s. A name holds no secret: it is not put in there."""
    pairs = ((f"{name}={one.text}" if one.value is not None else name, one) for name, one in tree.map.items())
    return replace(tree, value=[replace(one, value=text) for text, one in pairs]) if tree.map else tree


def _target(tree: Tree) -> str:
    if tree.map:
        return tree.at("target").text
    source, colon, rest = tree.text.partition(":")
    return rest.partition(":")[0] if colon else source
