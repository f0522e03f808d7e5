"""`${NAME:-default}` in texts of a compose file. Source: docs.docker.com/reference/compose-file/interpolation.

Nobody's environment is read: what is not told and has no default is empty, and is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from workers.build.compose.tree import Text, Tree
from workers.errors import UserError

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# A key ends its word: KEYCLOAK and KEYBOARD are none, nor is a MONKEY.
SOUNDS_SECRET = re.compile(
    r"SECRET|PASS|PWD|TOKEN|PRIVATE|CREDENTIAL|(?<!MON|DON|TUR|HOC)KEY(?:S|ID|FILE)?(?![A-Z])|AUTH$|_DSN$|DATABASE_URL",
    re.IGNORECASE,
)
SOUNDS_PLAIN = re.compile(r"_(?:PORT|VERSION|TAG|IMAGE)$", re.IGNORECASE)  # PASSBOLT_VERSION
MOST_DEPTH = 8
MOST_ASKED = 200
MOST_CHARACTERS = 1_000_000  # Of all texts together, once the values stand in them.


@dataclass(frozen=True)
class Asked:
    """A variable that the file leaves open. `default` is what it is when nobody tells it; `required`: it has none.
    `is_secret`: its name need not sound so."""

    name: str
    default: str
    required: bool
    line: int
    file: str
    is_secret: bool = False


@dataclass
class Room:
    """What is left for values, in all files together."""

    left: int = MOST_CHARACTERS


@dataclass
class Values:
    """`told` is a person's, `beside` what the repository's `.env` says: it is weaker. `own` is what a file of variables
    said further up, the weakest, and nobody is asked for it. `secret` are names of secrets that do not sound so. `secret`,
    `asked` and `room` are shared by those of all files."""

    told: Mapping[str, str]
    beside: Mapping[str, str]
    secret: set[str] = field(default_factory=set)
    own: Mapping[str, str] = field(default_factory=dict)
    asked: dict[str, Asked] = field(default_factory=dict)
    room: Room = field(default_factory=Room)
    _file: str = ""
    _met_secret: bool = False
    _met_missing: set[str] = field(default_factory=set)

    def put_in(self, file: str, text: str, line: int) -> Text:
        """A text of that file with its values; whether one of them is named as secrets are; which it needs in vain."""
        self._file, self._met_secret, self._met_missing = file, False, set()
        text = self._put_in(text, line, 0)
        return Text(text, self._met_secret, frozenset(self._met_missing))

    def _put_in(self, text: str, line: int, depth: int) -> str:
        parts, at = [], 0
        while (dollar := text.find("$", at)) >= 0:
            parts.append(self._taken(text[at:dollar], line))
            shown, at = self._one(text, dollar + 1, line, depth)
            parts.append(self._taken(shown, line))
        return "".join(parts) + self._taken(text[at:], line)

    def _taken(self, part: str, line: int) -> str:
        """Before the parts are joined: many of them may be one long value."""
        self.room.left -= len(part)
        if self.room.left < 0:
            raise UserError(
                "compose:user:too-large", f"{self._file}, line {line}: with its values the file is too large.",
                hint="Give shorter values.", status=422,
            )  # fmt: skip
        return part

    def _one(self, text: str, at: int, line: int, depth: int) -> tuple[str, int]:
        """What stands for the `$` before `at`, and where the text goes on."""
        if text.startswith("$", at):
            return "$", at + 1
        if named := NAME.match(text, at):
            return self._value(named[0], "", "", line, depth), named.end()
        if not text.startswith("{", at):
            return "$", at
        end = _closing(text, at + 1)
        named = NAME.match(text, at + 1)
        form = re.compile(r":?[-?+]|").match(text, named.end()) if named else None
        if end < 0 or not named or not form or (not form[0] and named.end() != end) or depth > MOST_DEPTH:
            raise UserError(
                "compose:user:interpolation", f"{self._file}, line {line}: {text[at - 1 : at + 60]!r} is no variable.",
                hint="Write ${NAME} or ${NAME:-default}; a ${ that is meant as it is, as $${.", status=422,
            )  # fmt: skip
        return self._value(named[0], form[0], text[form.end() : end], line, depth), end + 1

    def _value(self, name: str, form: str, other: str, line: int, depth: int) -> str:
        value = self.of(name)
        is_there = bool(value) if form.startswith(":") else value is not None
        if form.endswith("+"):
            return self._put_in(other, line, depth + 1) if is_there else ""
        met, self._met_secret = self._met_secret, False
        default = self._put_in(other, line, depth + 1) if form.endswith("-") else ""
        if name not in self.own:
            usual = self.beside.get(name, "" if self._met_secret else default)
            self._ask(name, usual, form.endswith("?"), line, self._file)
        if form.endswith("?") and not value:
            self._met_missing.add(name)
        # A default stands in the file for everybody who may read that.
        self._met_secret = met or (self.is_secret(name) if is_there else self._met_secret)
        return (value or "") if is_there else default

    def ask(self, name: str, default: str, at: Tree) -> str:
        """The value of a variable that a file beside names."""
        self._ask(name, self.beside.get(name, default), False, at.line, at.file)
        return self.of(name) or default

    def require(self, name: str, at: Tree) -> str:
        """The value of a variable without which what is there cannot be used; "" until it is told."""
        self._ask(name, self.beside.get(name, ""), True, at.line, at.file)
        return self.of(name) or ""

    def _ask(self, name: str, default: str, required: bool, line: int, file: str) -> None:
        known = self.asked.get(name)
        if known is None and len(self.asked) < MOST_ASKED:
            self.asked[name] = Asked(name, default, required, line, file)
        elif known is not None and required and not known.required:
            self.asked[name] = Asked(name, known.default, True, line, file)

    def of(self, name: str) -> str | None:
        """Of a variable that the file hands on as it is."""
        return self.told.get(name, self.beside.get(name, self.own.get(name)))

    def is_secret(self, name: str) -> bool:
        return name in self.secret or bool(SOUNDS_SECRET.search(name)) and not SOUNDS_PLAIN.search(name)

    def hold_secret_in(self, text: str) -> bool:
        """Whether one of the secret values stands in it."""
        return any(value in text for value in self._secrets)

    @cached_property
    def _secrets(self) -> set[str]:
        return {value for name, value in {**self.beside, **self.told}.items() if value and self.is_secret(name)}

    @property
    def open(self) -> list[Asked]:
        """All that it asks for."""
        return [replace(one, is_secret=one.name in self.secret) for one in self.asked.values()]

    def missing(self) -> list[Asked]:
        """Those without which the file says that it cannot be used."""
        return [one for one in self.open if one.required and not (self.told.get(one.name) or one.default)]


def _closing(text: str, at: int) -> int:
    """Where the brace ends whose inside begins at `at`; -1 for one that stays open."""
    depth = 1
    for found in re.compile(r"\$\{|\}").finditer(text, at):
        depth += 1 if found[0] == "${" else -1
        if not depth:
            return found.start()
    return -1
