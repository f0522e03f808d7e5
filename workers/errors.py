"""The two families of errors: what the user can mend, and what we must mend.

Raised near the cause, caught once at the edge of a job or a request. Not in charge of showing them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar


class SlipwayError(Exception):
    """Something a person must be told.

    `code` is `<area>:<user|platform>:<name>` and never changes once published; `message` says what and why in one
    sentence; `hint` says what to do; `retry` tells whether the same attempt may succeed later. `change` is the service's
    setting that mends it, with its value, where there is one: `workers.build.mends`.
    """

    family: ClassVar[str] = "platform"

    def __init__(
        self,
        code: str,
        message: str,
        *,
        hint: str = "",
        retry: bool = False,
        status: int = 422,
        change: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.retry = retry
        self.status = status
        self.change = dict(change or {})

    def as_dict(self) -> dict[str, str | bool]:
        """`{"code", "message", "hint", "retry"}`, the form it has in the API and in the database."""
        return {"code": self.code, "message": self.message, "hint": self.hint, "retry": self.retry}


class UserError(SlipwayError):
    """Their repository, settings or request."""

    family = "user"


class PlatformError(SlipwayError):
    """Ours: the engine, the network, the disk, a bug."""

    def __init__(self, code: str, message: str, *, hint: str = "", retry: bool = True, status: int = 503) -> None:
        super().__init__(code, message, hint=hint, retry=retry, status=status)


class Stopped(Exception):
    """The work is no longer wanted or no longer ours: stop, undo, say nothing more.

    `reason` is `cancelled`, `lost` (the lease went to another worker) or `shutdown` (this worker is being stopped).
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
