"""What a pasted .env or JSON would change in one scope, before it is saved. Read only."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from apps.lib.dotenv import Pasted, Wrong, read_variables
from apps.lib.encryption import decrypt, encrypt
from apps.projects.models import Environment, Project, Service, Variable
from workers.errors import PlatformError, UserError

SOUNDS_SECRET = re.compile(
    r"(SECRET|PASSWORD|PASSWD|TOKEN|PRIVATE|CREDENTIAL|API_?KEY|ACCESS_?KEY|_KEY$|_DSN$|DATABASE_URL)"
)


@dataclass(frozen=True)
class Place:
    """A scope in which variables are written."""

    project: Project
    service: Service | None = None
    environment: Environment | None = None
    for_previews: bool = False

    @property
    def scope(self) -> dict[str, Any]:
        """For `set_variables`, and for the rows themselves."""
        return {"service": self.service, "environment": self.environment, "for_previews": self.for_previews}

    @property
    def rows(self) -> dict[str, Variable]:
        rows = Variable.objects.filter(project=self.project, **self.scope)
        return {row.name: row for row in rows}

    @property
    def key(self) -> list[str]:
        rows = [str(row.pk) if row else "" for row in (self.project, self.service, self.environment)]
        return [*rows, "previews"] if self.for_previews else rows

    @property
    def words(self) -> str:
        """`web`, `web in production`, `everything in all previews`, `all of shop`."""
        where = "all previews" if self.for_previews else self.environment.slug if self.environment else ""
        what = self.service.name if self.service else "everything" if where else f"all of {self.project.name}"
        return f"{what} in {where}" if where else what


@dataclass(frozen=True)
class Line:
    """One variable of a paste. `kind` is new, changed or same. Values are None for secrets."""

    name: str
    kind: str
    line: int
    is_secret: bool  # It is one already, or was told to be one.
    sounds_secret: bool
    old: str | None = field(repr=False)
    new: str | None = field(repr=False)


@dataclass(frozen=True)
class Preview:
    lines: list[Line]
    wrong: list[Wrong]

    def of(self, kind: str) -> list[Line]:
        return [line for line in self.lines if line.kind == kind]

    @property
    def to_save(self) -> list[Line]:
        return [line for line in self.lines if line.kind != "same"]

    @property
    def of_same(self) -> list[Line]:
        return self.of("same")

    @property
    def title(self) -> str:
        """`3 new, 2 changed, 1 invalid (line 7)`."""
        counts = [(len(self.of(kind)), kind, "") for kind in ("new", "changed")]
        counts.append((len(self.of("same")), "as it is", ""))
        lines = ", ".join(str(wrong.line) for wrong in self.wrong[:10])
        counts.append((len(self.wrong), "invalid", f" (line{'s' * (len(self.wrong) > 1)} {lines})"))
        return ", ".join(f"{count} {word}{more}" for count, word, more in counts if count) or "No variable found"


def preview(place: Place, text: str, *, secret: bool = False) -> tuple[Preview, Pasted]:
    """What would change, and the values themselves, which go no further than to `sealed`."""
    pasted, there = read_variables(text), place.rows
    return Preview([_line(pasted, name, there.get(name), secret) for name in pasted.values], pasted.wrong), pasted


def _line(pasted: Pasted, name: str, row: Variable | None, secret: bool) -> Line:
    value = pasted.values[name]
    is_secret = secret or (row is not None and row.is_secret)
    hidden = is_secret or bool(SOUNDS_SECRET.search(name.upper()))
    return Line(
        name=name,
        kind="new" if row is None else "same" if _is_same(row, value, secret) else "changed",
        line=pasted.lines[name],
        is_secret=is_secret,
        sounds_secret=hidden and not is_secret,
        old=None if row is None or row.is_secret else row.value,
        new=None if hidden else value,
    )


def _is_same(row: Variable, value: str, secret: bool) -> bool:
    """Nobody is told whether they guessed a secret."""
    return not row.is_secret and not secret and row.value == value


def sealed(place: Place, values: dict[str, str], *, secret: bool) -> str:
    """The values for the page that asks for the confirmation: nobody can read them there."""
    return encrypt(json.dumps({"place": place.key, "values": values, "secret": secret}))


def opened(text: str, place: Place) -> tuple[dict[str, str], bool]:
    """What `sealed` took, for the same place only."""
    try:
        told = json.loads(decrypt(text))
    except PlatformError as error:
        raise _too_old() from error
    if told.get("place") != place.key:
        raise _too_old()
    return told["values"], told["secret"]


def _too_old() -> UserError:
    return UserError(
        "variables:user:page-too-old", "This page is too old to be sent.", hint="Paste the variables again.", status=409
    )
