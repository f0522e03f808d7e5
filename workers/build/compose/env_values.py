"""What a file of variables gives, with the values of others put in. Source: docs.docker.com/reference/compose-file/services,
"env_file format".

Not in charge of reading the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from workers.build.compose.values import Values
from workers.build.env_text import Line
from workers.errors import UserError


class Given(NamedTuple):
    """`secret` are names of those that a secret was put into; `needs` are variables without which it cannot be used."""

    values: dict[str, str]
    secret: set[str]
    needs: frozenset[str]


def given(values: Values, file: str, lines: Mapping[str, Line], above: Mapping[str, str]) -> Given:
    """`above` is what the files before it gave. As in Compose, what is told or beside wins over that, and over the lines
    above in the same file. `values` knows the secret ones from then on."""
    found: dict[str, str] = {}
    own = dict(above)
    inner = replace(values, own=own)
    secret, needs = set[str](), frozenset[str]()
    for name, line in lines.items():
        value = line.value or ""
        if "$" in value and not line.is_literal:
            try:
                # A backslash keeps a $, as another $ does.
                value, is_secret, needed = inner.put_in(file, value.replace("\\$", "$$"), line.number)
            except UserError as error:
                if error.code != "compose:user:interpolation":
                    raise
                is_secret, needed = False, frozenset()  # It stays as it is written.
            if is_secret:
                secret.add(name)
                inner.secret.add(name)
            needs |= needed
        found[name] = own[name] = value
    return Given(found, secret, needs)
