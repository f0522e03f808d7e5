"""Procfiles: process types and the shell lines that start them, as Heroku describes them.

Source: https://devcenter.heroku.com/articles/procfile. Lines are kept as they are and run inside the container only.
"""

from __future__ import annotations

import re

from workers.build.files import Files
from workers.errors import UserError

LINE = re.compile(r"([A-Za-z0-9][A-Za-z0-9_-]{0,62}):\s*(\S.*)")


def read_procfile(files: Files) -> dict[str, str]:
    """Process type -> shell line, in the file's order; {} when there is no Procfile. `release` is among them."""
    return parse_procfile(files.text("Procfile"))


def parse_procfile(text: str) -> dict[str, str]:
    """Raises `UserError` with the number of a line that is no `<type>: <command>`."""
    processes = {}
    for number, line in enumerate(text.lstrip("\ufeff").splitlines(), start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        match = LINE.fullmatch(stripped)
        if match is None:
            raise UserError(
                "build:user:invalid-procfile",
                f"Line {number} of the Procfile is not a process type, a colon and a command.",
                hint="Write lines such as: web: python app.py",
            )
        processes[match[1]] = match[2]
    return processes
