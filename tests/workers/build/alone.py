"""For tests of limits on an engine that others build on: a limit is the sum of all, so that theirs would lift ours."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

import pytest

from workers.build.limits import ACTIVE

T = TypeVar("T")
TRIES = 15


def alone(work: Callable[[], T], pid: int) -> T:
    """What `work` gave in a run while only the process `pid` built; skips the test when there is no such run."""
    for _ in range(TRIES):
        done, others = threading.Event(), set[str]()
        watch = threading.Thread(target=_watch, args=(done, others, pid))
        watch.start()
        try:
            result = work()
        finally:
            done.set()
            watch.join()
        if not others:
            return result
    pytest.skip("the engine is never free of the builds of others")


def _watch(done: threading.Event, others: set[str], pid: int) -> None:
    while not done.wait(0.02):
        others.update(note.name for note in ACTIVE.glob("*-*") if not note.name.startswith(f"{pid}-"))
