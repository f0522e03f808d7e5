"""Puts off what is to be done after the last build, so that a next one that comes soon need not have it undone.

Lost when the process is killed; what is put off must bear that. Not in charge of what it is.
"""

from __future__ import annotations

import atexit
import threading
from collections.abc import Callable

LINGER_SECONDS = 20.0

_waiting: list[tuple[threading.Timer, Callable[[], None]]] = []  # One at most.
_lock = threading.Lock()


def later(settle: Callable[[], None]) -> None:
    """Once, when this process built nothing for a while."""
    stay()
    timer = threading.Timer(LINGER_SECONDS, settle)
    timer.daemon = True
    with _lock:
        _waiting.append((timer, settle))
    timer.start()


def stay() -> None:
    """What was set is wanted still."""
    with _lock:
        while _waiting:
            _waiting.pop()[0].cancel()


@atexit.register
def settle_now() -> None:
    """What was left for later. For processes that end without the interpreter's own end, such as a pool's."""
    with _lock:
        waiting = [settle for timer, settle in _waiting if not timer.finished.is_set()]
        for timer, _ in _waiting:
            timer.cancel()
        _waiting.clear()
    for settle in waiting:
        settle()
