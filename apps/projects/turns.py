"""Who may do something heavy now: few at once in this process, and one for each person. Not in charge of what it is."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterator
from contextlib import contextmanager

from workers.errors import UserError

WAIT_SECONDS = 3.0
RETRY_SECONDS = 20  # What is heavy lasts no longer.


class Turns:
    def __init__(self, most: int) -> None:
        self.most = most
        self._busy: set[Hashable] = set()
        self._changed = threading.Condition()

    @contextmanager
    def taken_by(self, who: Hashable, *, wait_seconds: float = WAIT_SECONDS) -> Iterator[None]:
        """Waits a little for a turn. UserError `source:user:busy` with status 429 when none comes."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._is_free(who), wait_seconds):
                raise _busy(mine=who in self._busy)
            self._busy.add(who)
        try:
            yield
        finally:
            with self._changed:
                self._busy.discard(who)
                self._changed.notify_all()

    def _is_free(self, who: Hashable) -> bool:
        return who not in self._busy and len(self._busy) < self.most


def _busy(*, mine: bool) -> UserError:
    others = "You are having another repository looked at" if mine else "Several repositories are being looked at"
    return UserError(
        "source:user:busy", f"{others} at this moment.", hint=f"Try again in {RETRY_SECONDS} seconds.", retry=True,
        status=429,
    )  # fmt: skip
