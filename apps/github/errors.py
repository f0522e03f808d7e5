"""What can go wrong with GitHub, by what one has to do about it. No message holds a token or a body."""

from __future__ import annotations

from datetime import datetime

from workers.errors import PlatformError, UserError


class NotConnected(UserError):
    """There is no App yet."""

    def __init__(self) -> None:
        super().__init__(
            "github:user:not-connected", "GitHub is not connected to this installation.",
            hint="An operator connects it: operator pages, GitHub.", status=409,
        )  # fmt: skip


class Unreachable(PlatformError):
    """No answer, or one that says GitHub itself is in trouble. Later it may work."""

    def __init__(self, what: str) -> None:
        super().__init__(
            "github:platform:unreachable", f"GitHub did not answer ({what}).",
            hint="It is tried again; see GitHub's status page when it lasts.",
        )  # fmt: skip


class RateLimited(PlatformError):
    """GitHub wants no more requests of ours until then."""

    def __init__(self, until: datetime) -> None:
        super().__init__(
            "github:platform:rate-limited", f"GitHub takes no more requests of ours until {until:%H:%M:%S} UTC.",
            hint="It goes on by itself then.",
        )  # fmt: skip
        self.until = until


class NotThere(UserError):
    """It does not exist, or this credential may not know that it does."""

    def __init__(self, what: str = "that") -> None:
        super().__init__(
            "github:user:not-there", f"GitHub knows no {what}, or does not show it to us.",
            hint="Look whether the GitHub App may see the repository: Adjust access.", status=404,
        )  # fmt: skip


class Refused(UserError):
    """GitHub understood and says no. `github_status` is its status, `told` its own sentence."""

    def __init__(self, github_status: int, told: str) -> None:
        super().__init__(
            "github:user:refused", f"GitHub refused: {told or 'without a reason'} ({github_status}).",
            hint="The GitHub App may lack a permission, or its installation has not accepted a new one.", status=422,
        )  # fmt: skip
        self.github_status = github_status
        self.told = told


class BadToken(Refused):
    """A credential is not valid any more, and a new one was not either."""


class NotRenewed(PlatformError):
    """A person's sign-in goes on at GitHub, as far as is known, but there is no new token for it now."""

    def __init__(self, what: str) -> None:
        super().__init__(
            "github:platform:not-renewed", f"GitHub gave no new token ({what[:60]}).",
            hint="It is tried again; when it lasts, look whether the GitHub App's client secret was changed.",
        )  # fmt: skip


class Garbled(PlatformError):
    """An answer that is not what GitHub describes."""

    def __init__(self, what: str) -> None:
        super().__init__("github:platform:garbled", f"GitHub's answer was not understood ({what}).")
