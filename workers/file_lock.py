"""One at a time across processes of this machine. The lock goes with its process, however that ends."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

WAIT_SECONDS = 0.1


@contextmanager
def locked(path: Path, check: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold the lock; `check` is called every 0.1 s while another holds it, and may raise to give up."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        while not _taken(file.fileno()):
            if check is not None:
                check()
            time.sleep(WAIT_SECONDS)
        yield


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
