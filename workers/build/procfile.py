"""Procfiles: process types and the shell lines that start them, as Heroku describes them.

Source: https://devcenter.heroku.com/articles/procfile. Lines are kept as they are and run inside the container only.
"""

from __future__ import annotations

import re

from workers.build.files import Files
from workers.errors import UserError

MOST_PROCESSES = 10  # Each of them is a container of its own.
LINE = re.compile(r"([A-Za-z0-9][A-Za-z0-9_-]{0,62}):\s*(\S.*)")


def read_procfile(files: Files) -> dict[str, str]:
    """Process type -> shell line, in the file's order; {} when there is no Procfile. `release` is among them."""
    return parse_procfile(files.text("Procfile"))


def parse_procfile(text: str) -> dict[str, str]:
    """Raises `UserError` with the number of a line that is no `<type>: <command>`, and for too many types."""
    processes: dict[str, str] = {}
    for number, line in enumerate(text.lstrip("\ufeff").splitlines(), start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        match = LINE.fullmatch(stripped)
        if match is None or "\0" in stripped:
            raise UserError(
                "build:user:invalid-procfile",
                f"Line {number} of the Procfile is not a process type, a colon and a command.",
                hint="Write lines such as: web: python app.py",
            )
        processes[match[1]] = match[2]
    if len(processes) > MOST_PROCESSES:
        raise UserError(
            "build:user:too-many-processes",
            f"The Procfile has {len(processes)} process types, and a service may have {MOST_PROCESSES}.",
            hint="Remove some, or make them services of their own.",
        )
    return processes
