"""A pasted .env file or JSON object as variables, with the number of the line that is wrong."""

from __future__ import annotations

import io
import json
import re

from dotenv.parser import parse_stream

from workers.errors import UserError

NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")


def parse_variables(text: str) -> dict[str, str]:
    """`NAME=value` lines (quotes, `export`, comments as in a shell) or one JSON object of strings. Nothing is expanded."""
    if text.lstrip().startswith("{"):
        return _from_json(text)
    found: dict[str, str] = {}
    for binding in parse_stream(io.StringIO(text)):
        line = binding.original.string.strip()
        if binding.error or (binding.key is not None and not NAME.match(binding.key)):
            raise _refused(binding.original.line + _blank_lines(binding.original.string), line)
        if binding.key is not None:
            if binding.value is None:
                raise _refused(binding.original.line + _blank_lines(binding.original.string), line)
            found[binding.key] = binding.value
    return found


def _blank_lines(original: str) -> int:
    """The parser counts a statement from the blank lines before it; a person counts from its first letter."""
    return original[: len(original) - len(original.lstrip())].count("\n")


def _from_json(text: str) -> dict[str, str]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise UserError("variables:user:invalid-json", f"This is not valid JSON: {error}.", status=422) from error
    for name, value in found.items():
        if not NAME.match(name) or isinstance(value, dict | list):
            raise UserError(
                "variables:user:invalid-json",
                f"{name[:60]!r} cannot be a variable.",
                hint="Names are letters, digits and underscores; values are text or numbers.",
                status=422,
            )
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in found.items()}


def _refused(number: int, line: str) -> UserError:
    return UserError(
        "variables:user:invalid-line",
        f"Line {number} is not NAME=value.",  # The line itself may hold a secret and is not repeated.
        hint="Names are letters, digits and underscores and do not begin with a digit; quote values with spaces.",
        status=422,
    )
