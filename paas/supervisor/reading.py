"""Shows the log as it grows, across its rotation. Not in charge of writing it."""

from __future__ import annotations

import sys
import time
from collections import deque
from pathlib import Path

SHOWN_LINES = 200


def last_lines(path: Path, count: int = SHOWN_LINES) -> list[str]:
    with path.open(errors="replace") as file:
        return list(deque(file, count))


def show(path: Path, *, follow: bool) -> None:
    """Prints the last lines, then whatever comes, until interrupted."""
    while not path.exists() and follow:
        time.sleep(0.2)
    with path.open(errors="replace") as file:
        sys.stdout.writelines(deque(file, SHOWN_LINES))
        sys.stdout.flush()
        while follow:
            if line := file.readline():
                sys.stdout.write(line)
                continue
            sys.stdout.flush()
            if path.exists() and path.stat().st_ino != Path(f"/proc/self/fd/{file.fileno()}").stat().st_ino:
                break
            time.sleep(0.1)
    if follow:
        show(path, follow=True)
