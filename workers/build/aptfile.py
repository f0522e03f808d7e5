"""Aptfile: packages of the distribution that an app needs, one a line, as Heroku's buildpack for apt reads them.

Source: https://github.com/heroku/heroku-buildpack-apt. Addresses of packages and of other repositories are refused.
"""

from __future__ import annotations

import re

from workers.build.files import Files
from workers.errors import UserError

MOST = 100
NAME = re.compile(r"[a-z0-9][a-z0-9+.-]{1,63}(?:=[A-Za-z0-9.+:~-]{1,64})?")


def read_aptfile(files: Files) -> tuple[str, ...]:
    """The names in the file's order; () when there is none. Raises `UserError` with the number of a wrong line."""
    found: list[str] = []
    for number, line in enumerate(files.text("Aptfile").splitlines(), start=1):
        for word in line.partition("#")[0].split():
            if not NAME.fullmatch(word):
                raise UserError(
                    "build:user:invalid-aptfile",
                    f"Line {number} of the Aptfile names {word[:80]!r}, which is no package of the distribution.",
                    hint="Write one package name a line; addresses are not read. For more, bring a Dockerfile.",
                )
            found.append(word)
    if len(found) > MOST:
        raise UserError(
            "build:user:too-many-packages",
            f"The Aptfile names {len(found)} packages, and a service may have {MOST}.",
            hint="Remove some, or bring a Dockerfile.",
        )
    return tuple(dict.fromkeys(found))
