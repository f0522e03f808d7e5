"""A push in one form, whichever server told it. Pure: not in charge of what becomes of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from apps.lib.text import storable

BRANCH, TAG, PULL = "refs/heads/", "refs/tags/", "refs/pull/"
MOST_COMMITS = 2048  # GitHub lists no more in a push.


@dataclass(frozen=True)
class Push:
    """`commit` is what the ref leads to now; "" once it is deleted. `files` None: what changed cannot be told."""

    ref: str
    before: str
    commit: str
    message: str = ""
    author: str = ""
    is_created: bool = False
    is_deleted: bool = False
    is_forced: bool = False
    files: frozenset[str] | None = None
    pushed_at: datetime | None = None
    pusher: str = ""
    pusher_id: int | None = None
    repository_id: int | None = None
    repository_name: str = ""

    @property
    def branch(self) -> str:
        return self.ref.removeprefix(BRANCH) if self.ref.startswith(BRANCH) else ""

    @property
    def tag(self) -> str:
        return self.ref.removeprefix(TAG) if self.ref.startswith(TAG) else ""

    @property
    def name(self) -> str:
        return f"the tag {self.tag}" if self.tag else f"the branch {self.branch}"

    @property
    def title(self) -> str:
        """The first line of the commit's message, as a database can hold it."""
        return storable(self.message.strip().partition("\n")[0])[:300]

    @property
    def is_comparable(self) -> bool:
        """Whether the server can be asked what changed between `before` and `commit`."""
        return not (self.is_created or self.is_forced or self.is_deleted or is_nothing(self.before))


def is_nothing(sha: str) -> bool:
    """How git writes that a ref was not there."""
    return not sha.strip("0")


def files_of(commits: Iterable[tuple[list[str] | None, ...]], *, is_whole: bool) -> frozenset[str] | None:
    """Every file that one of the commits names. None when one of them does not tell, or when not all are listed."""
    found: set[str] = set()
    count = 0
    for count, lists in enumerate(commits, start=1):  # noqa: B007 - counted for below
        if any(names is None for names in lists):
            return None
        found.update(name for names in lists for name in names or [])
    return frozenset(found) if is_whole and 0 < count < MOST_COMMITS else None
