"""The parts of GitHub's payloads and answers about pull requests that are used here, typed. The rest is left alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from apps.lib.text import storable

Sha = Annotated[str, Field(pattern=r"^[0-9a-f]{40}([0-9a-f]{24})?$")]


class PersonTold(BaseModel):
    id: int
    login: str


class RepositoryTold(BaseModel):
    id: int
    full_name: str


class EndTold(BaseModel):
    """`repo` None: it was deleted, as forks are."""

    ref: str = Field(max_length=300)
    sha: Sha
    repo: RepositoryTold | None = None


class PullTold(BaseModel):
    """https://docs.github.com/en/rest/pulls/pulls#get-a-pull-request. `merged` is missing where `merged_at` is told only."""

    number: int = Field(gt=0, lt=2**31)
    state: str
    title: str
    draft: bool | None = False
    merged_at: datetime | None = None
    updated_at: datetime
    user: PersonTold | None = None
    head: EndTold
    base: EndTold


class PullRequestTold(BaseModel):
    """https://docs.github.com/en/webhooks/webhook-events-and-payloads#pull_request"""

    action: str
    pull_request: PullTold
    repository: RepositoryTold
    sender: PersonTold | None = None


class ReviewedTold(BaseModel):
    """What a review tells of its pull request."""

    number: int = Field(gt=0, lt=2**31)


class ReviewTold(BaseModel):
    state: str
    commit_id: str | None = None
    user: PersonTold | None = None


class PullRequestReviewTold(BaseModel):
    """https://docs.github.com/en/webhooks/webhook-events-and-payloads#pull_request_review"""

    action: str
    review: ReviewTold
    pull_request: ReviewedTold
    repository: RepositoryTold


class AccessTold(BaseModel):
    """https://docs.github.com/en/rest/collaborators/collaborators#get-repository-permissions-for-a-user"""

    permission: str
    user: PersonTold


@dataclass(frozen=True)
class Pull:
    """A pull request as it is, whoever told. Texts are as a database can hold them."""

    repository_id: int
    number: int
    title: str
    author: str
    is_open: bool
    is_merged: bool
    is_draft: bool
    base_branch: str
    head_branch: str
    head_sha: str
    head_repository: str
    is_fork: bool
    told_at: datetime

    @classmethod
    def of(cls, repository_id: int, told: PullTold) -> Pull:
        """A head without a repository counts as a fork: whose it is can't be told any more."""
        head = told.head.repo
        return cls(
            repository_id=repository_id,
            number=told.number,
            title=storable(told.title)[:300] or f"Pull request {told.number}",
            author=storable(told.user.login if told.user else "ghost")[:100],
            is_open=told.state == "open",
            is_merged=told.merged_at is not None,
            is_draft=bool(told.draft),
            base_branch=storable(told.base.ref)[:250],
            head_branch=storable(told.head.ref)[:250],
            head_sha=told.head.sha,
            head_repository=storable(head.full_name)[:250] if head else "",
            is_fork=head is None or head.id != repository_id,
            told_at=told.updated_at,
        )
