"""A pasted .env file or JSON object as variables, with the number of the line that is wrong."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from dotenv.parser import parse_stream

from workers.build.env_text import BLANKS
from workers.errors import UserError

NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*\Z")
NO_TEXT = re.compile("[\0\ud800-\udfff]")  # NUL, and halves of a character
NAME_LENGTH = 200
VALUE_LENGTH = 64_000


@dataclass(frozen=True)
class Wrong:
    """A line that is no variable. It may hold a secret, so it is not repeated."""

    line: int
    error: UserError


@dataclass
class Pasted:
    """`values` by name; `lines` says where each stands; `wrong` are those that cannot be taken."""

    values: dict[str, str] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    wrong: list[Wrong] = field(default_factory=list)

    def take(self, name: str, value: str, line: int) -> None:
        try:
            check_variable(name, value, line=line)
        except UserError as error:
            self.wrong.append(Wrong(line, error))
        else:
            self.values[name], self.lines[name] = value, line


def read_variables(text: str) -> Pasted:
    """`NAME=value` lines (quotes, `export`, comments as in a shell) or one JSON object. Nothing is expanded."""
    found = Pasted()
    if text.lstrip().startswith("{"):
        _read_json(text, found)
    else:
        _read_lines(text, found)
    return found


def parse_variables(text: str) -> dict[str, str]:
    """All of a text, or the error of its first wrong line."""
    found = read_variables(text)
    if found.wrong:
        raise found.wrong[0].error
    return found.values


def looks_pasted(text: str) -> bool:
    """Whether what was put into the field of a name is a whole file, or a line of one."""
    return text.lstrip().startswith("{") or "\n" in text.strip() or "=" in text


def check_variable(name: str, value: str, *, line: int | None = None) -> None:
    """Raises the sentence that says what is wrong with a name or its value. `line` is where it was pasted."""
    where = f"Line {line}: " if line else ""
    if not NAME.match(name) or len(name) > NAME_LENGTH:
        raise UserError(
            "variables:user:invalid-name", f"{where}{name[:60]!r} cannot be a variable's name.",
            hint=f"Use letters, digits and underscores, not beginning with a digit, at most {NAME_LENGTH} of them.",
            status=422,
        )  # fmt: skip
    if NO_TEXT.search(value):
        raise UserError(
            "variables:user:invalid-value", f"{where}the value of {name} is not text.",
            hint="Encode binary values, for example as base64.", status=422,
        )  # fmt: skip
    if len(value.encode()) > VALUE_LENGTH:
        raise UserError(
            "variables:user:invalid-value",
            f"{where}the value of {name} has {len(value.encode()):,} bytes; {VALUE_LENGTH:,} is the most.",
            hint="Put large things on a volume or into the repository.", status=422,
        )  # fmt: skip


def _read_lines(text: str, found: Pasted) -> None:
    if row := BLANKS.search(text):
        line = text.count("\n", 0, row.start()) + 1
        found.wrong.append(Wrong(line, _no_pair(line)))
        return
    for binding in parse_stream(io.StringIO(text)):
        line = binding.original.line + _blank_lines(binding.original.string)
        if binding.error or (binding.key is not None and binding.value is None):
            found.wrong.append(Wrong(line, _no_pair(line)))
        elif binding.key is not None:
            if not NAME.match(binding.key):  # What stands before a "=" may be a part of a secret.
                found.wrong.append(Wrong(line, _no_pair(line)))
            else:
                found.take(binding.key, binding.value or "", line)


def _blank_lines(original: str) -> int:
    """The parser counts a statement from the blank lines before it; a person counts from its first letter."""
    return original[: len(original) - len(original.lstrip())].count("\n")


def _read_json(text: str, found: Pasted) -> None:
    try:
        told = json.loads(text)
    except ValueError as error:
        line = getattr(error, "lineno", 1)
        found.wrong.append(Wrong(line, _no_json(f"Line {line}: this is not valid JSON.")))
        return
    except RecursionError:
        found.wrong.append(Wrong(1, _no_json("This JSON is nested too deeply.")))
        return
    for name, value, line in _members(text, told):
        if isinstance(value, dict | list):
            found.wrong.append(Wrong(line, _no_json(f"Line {line}: {name[:60]!r} cannot be a variable.")))
        else:
            found.take(name, value if isinstance(value, str) else json.dumps(value), line)


def _members(text: str, told: dict[str, object]) -> Iterator[tuple[str, object, int]]:
    """Name, value and line of each; the parser does not say where a name stands."""
    for name, value in told.items():
        at = max(text.find(json.dumps(name)), text.find(json.dumps(name, ensure_ascii=False)), 0)
        yield name, value, text.count("\n", 0, at) + 1


def _no_json(message: str) -> UserError:
    hint = "Names are letters, digits and underscores; values are text or numbers."
    return UserError("variables:user:invalid-json", message, hint=hint, status=422)


def _no_pair(line: int) -> UserError:
    return UserError(
        "variables:user:invalid-line",
        f"Line {line} is not NAME=value.",
        hint="Names are letters, digits and underscores and do not begin with a digit; quote values with spaces.",
        status=422,
    )
