"""`${{service.VARIABLE}}` in a value: what it means and where it leads. Pure: knows no database.

A service's own variables come first, then what every service has: `URL`, `HOST` and `PORT` of its public address.
`$${{` stands for the characters themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from apps.lib.dotenv import VALUE_LENGTH
from workers.errors import UserError

MARK = re.compile(r"\$?\$\{\{(?P<inside>[^{}]*)(?:\}\})?")
INSIDE = re.compile(r"\s*(?P<service>[a-z0-9-]+)\.(?P<name>[A-Za-z_][A-Za-z0-9_]*)\s*")
DEEPEST = 20

Key = tuple[str, str]  # a service's slug, and a name


@dataclass(frozen=True)
class Given:
    """What a service is given under a name, before references are followed."""

    value: str = field(repr=False)
    is_secret: bool = False


@dataclass(frozen=True)
class Resolved:
    """`refers_to` are the references of the value itself (`db.URL`), not those further on."""

    value: str = field(repr=False)
    is_secret: bool
    refers_to: tuple[str, ...] = ()
    depth: int = 0


def references_in(value: str) -> list[str]:
    """`db.URL` of each reference in a value, as it stands there; what is no reference is left out."""
    return list(dict.fromkeys(".".join(key) for _, key in _marks(value) if key is not None))


def has_mark(value: str) -> bool:
    return any(True for _ in _marks(value))


class Resolver:
    """Follows references among the services of one project in one environment; remembers what it found."""

    def __init__(self, given: dict[str, dict[str, Given]], built_in: dict[str, dict[str, str]]) -> None:
        self.given = given
        self.built_in = built_in
        self._found: dict[Key, Resolved] = {}

    def resolve(self, service: str, name: str) -> Resolved:
        """The value that `service` gets under `name`. Raises what a person must mend."""
        return self._follow((service, name), (), name)

    def names_of(self, service: str) -> list[str]:
        """Everything that a reference to `service` can name."""
        return sorted({*self.given.get(service, {}), *self.built_in.get(service, {})})

    def _follow(self, key: Key, path: tuple[Key, ...], top: str) -> Resolved:
        if key in self._found:
            return self._found[key]
        if key in path:
            raise _cycle(top, [*path[path.index(key) :], key])
        if len(path) > DEEPEST:
            raise _too_deep(top)
        found = self._read(key, self._given(key, top), (*path, key), top)
        if found.depth > DEEPEST:
            raise _too_deep(top)
        self._found[key] = found
        return found

    def _given(self, key: Key, top: str) -> Given:
        service, name = key
        if name in self.given.get(service, {}):
            return self.given[service][name]
        if service not in self.given:
            raise _no_service(top, key, sorted(self.given))
        if name not in self.built_in.get(service, {}):
            raise _no_name(top, key, self.names_of(service))
        return Given(self.built_in[service][name])

    def _read(self, key: Key, given: Given, path: tuple[Key, ...], top: str) -> Resolved:
        parts, size, at, is_secret, depth = [], 0, 0, given.is_secret, 0
        for match, target in _marks(given.value):
            inner = self._follow(target, path, top) if target else _text(match, top)
            parts += [given.value[at : match.start()], inner.value]
            at, size = match.end(), size + len(inner.value)
            is_secret, depth = is_secret or inner.is_secret, max(depth, inner.depth + 1 if target else 0)
            if size > VALUE_LENGTH:
                raise _too_long(top)
        value = "".join([*parts, given.value[at:]])
        if len(value.encode()) > VALUE_LENGTH:
            raise _too_long(top)
        return Resolved(value, is_secret, tuple(references_in(given.value)), depth)


def _marks(value: str) -> Iterator[tuple[re.Match[str], Key | None]]:
    """Each `${{`, with what it refers to; None for the characters themselves and for what is mistyped."""
    for match in MARK.finditer(value):
        inside = INSIDE.fullmatch(match["inside"])
        is_whole = match[0].endswith("}}") and not match[0].startswith("$$")
        yield match, (inside["service"], inside["name"]) if inside and is_whole else None


def _text(match: re.Match[str], top: str) -> Resolved:
    if match[0].startswith("$$"):
        return Resolved(match[0][1:], is_secret=False)
    raise UserError(  # What stands between the braces may be a secret.
        "variables:user:reference-syntax", f"{top} holds ${{{{ that is not a reference.",
        hint="Write ${{service.NAME}}; $${{ stands for the characters themselves.", status=422,
    )  # fmt: skip


def _no_service(top: str, key: Key, known: list[str]) -> UserError:
    return UserError(
        "variables:user:reference-unknown", f"{top} refers to {'.'.join(key)}, but there is no service {key[0]}.",
        hint=f"Services of this project: {_listed(known)}.", status=422,
    )  # fmt: skip


def _no_name(top: str, key: Key, known: list[str]) -> UserError:
    return UserError(
        "variables:user:reference-unknown", f"{top} refers to {'.'.join(key)}, but {key[0]} has no {key[1]}.",
        hint=f"It has {_listed(known)}.", status=422,
    )  # fmt: skip


def _cycle(top: str, path: list[Key]) -> UserError:
    round_ = " -> ".join(".".join(key) for key in path)
    return UserError(
        "variables:user:reference-cycle", f"{top} leads round in a circle: {round_}.",
        hint="Give one of them a value of its own.", status=422,
    )  # fmt: skip


def _too_deep(top: str) -> UserError:
    return UserError(
        "variables:user:reference-depth", f"{top} leads through more than {DEEPEST} references.",
        hint="Refer to the value itself.", status=422,
    )  # fmt: skip


def _too_long(top: str) -> UserError:
    return UserError(
        "variables:user:invalid-value", f"The value of {top} has more than {VALUE_LENGTH:,} bytes with its references.",
        hint="Put large things on a volume or into the repository.", status=422,
    )  # fmt: skip


def _listed(names: list[str], most: int = 12) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return (", ".join(names[:most]) or "nothing") + more
