"""Turns at work: so many rollouts at a time, as many others that keep up what is live, and as many that fetch an image
for that; none waits for another kind.

Not in charge of what is done in a turn.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

AT_ONCE = 8  # Services that are worked on at the same time, of each kind.
LOOK_EVERY = 0.25
SAY_EVERY = 10.0  # The control plane gives up on a rollout of which it hears nothing for about a minute.


class Turns:
    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._rollouts = threading.Semaphore(at_once)
        self._upkeep = threading.Semaphore(at_once)
        self._fetching = threading.Semaphore(at_once)

    def upkeep(self) -> AbstractContextManager[bool]:
        return self._upkeep

    def fetching(self, check: Callable[[], None]) -> AbstractContextManager[None]:
        """A registry may be silent for minutes: that must not keep others from being repaired."""
        return _turn(self._fetching, lambda: None, check)

    def rollout(self, say: Callable[[], None], check: Callable[[], None]) -> AbstractContextManager[None]:
        return _turn(self._rollouts, say, check)


@contextmanager
def _turn(turns: threading.Semaphore, say: Callable[[], None], check: Callable[[], None]) -> Iterator[None]:
    """While it waits, `say` is called at once and then every 10 s, and `check` all the time; it may raise."""
    said = 0.0
    while not turns.acquire(timeout=LOOK_EVERY if said else 0):
        check()
        if time.monotonic() - said >= SAY_EVERY:
            said = time.monotonic()
            say()
    try:
        yield
    finally:
        turns.release()
