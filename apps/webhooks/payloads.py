"""The parts of GitHub's payloads that are used here, typed. Everything else in them is left alone.

tests/apps/webhooks/test_payloads.py holds them against GitHub's own schemas.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

Sha = Annotated[str, Field(pattern=r"^[0-9a-f]{40}([0-9a-f]{24})?$")]
Ref = Annotated[str, Field(pattern=r"^refs/", max_length=300)]


class PersonTold(BaseModel):
    """Of a commit, as git has it; of a push, who pushed."""

    name: str


class CommitTold(BaseModel):
    """`added`, `modified` and `removed` None: it does not say which files."""

    id: Sha
    message: str
    timestamp: str
    author: PersonTold
    added: list[str] | None = None
    modified: list[str] | None = None
    removed: list[str] | None = None

    @property
    def files(self) -> tuple[list[str] | None, ...]:
        return self.added, self.modified, self.removed


class RepositoryTold(BaseModel):
    """`pushed_at` is a Unix time in pushes and ISO elsewhere."""

    id: int
    full_name: str
    pushed_at: int | str | None = None


class SenderTold(BaseModel):
    id: int
    login: str


class PushTold(BaseModel):
    """https://docs.github.com/en/webhooks/webhook-events-and-payloads#push"""

    ref: Ref
    before: Sha
    after: Sha
    created: bool
    deleted: bool
    forced: bool
    commits: list[CommitTold]
    head_commit: CommitTold | None
    pusher: PersonTold
    repository: RepositoryTold
    sender: SenderTold | None = None


class CheckedTold(BaseModel):
    head_sha: Sha


class CheckSuiteTold(BaseModel):
    check_suite: CheckedTold
    repository: RepositoryTold


class CheckRunTold(BaseModel):
    check_run: CheckedTold
    repository: RepositoryTold


class StatusTold(BaseModel):
    sha: Sha
    repository: RepositoryTold
