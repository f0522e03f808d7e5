"""Gitea and Forgejo: a repository's own webhook. https://docs.gitea.com/usage/webhooks, https://forgejo.org/docs/latest/user/webhooks/"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import BaseModel

from apps.webhooks.forges.base import Envelope, Facts, Payload, hex_hmac_is, moment, number, part, text
from apps.webhooks.payloads import CommitTold, PersonTold, Ref, Sha
from apps.webhooks.push import Push, files_of, is_nothing


class PusherTold(BaseModel):
    login: str = ""


class RepositoryTold(BaseModel):
    id: int
    full_name: str


class PushTold(BaseModel):
    """`total_commits` may be more than are listed."""

    ref: Ref
    before: Sha
    after: Sha
    commits: list[CommitTold] | None = None
    total_commits: int | None = None
    head_commit: CommitTold | None = None
    pusher: PusherTold | PersonTold | None = None
    repository: RepositoryTold


class Gitea:
    name = "gitea"
    label = "Gitea or Forgejo"
    pushes = frozenset({"push"})

    def envelope(self, headers: Mapping[str, str]) -> Envelope:
        names = ("X-Forgejo", "X-Gitea")
        id, event = (next((headers[f"{n}-{what}"] for n in names if f"{n}-{what}" in headers), "") for what in
                     ("Delivery", "Event"))  # fmt: skip
        return Envelope(id, event)

    def is_genuine(self, headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> bool:
        """The bare hexadecimal HMAC. One of the two headers is enough: a Forgejo sends both."""
        told = headers.get("X-Forgejo-Signature") or headers.get("X-Gitea-Signature") or ""
        return hex_hmac_is(told, body, secrets)

    def facts(self, payload: Payload) -> Facts:
        return Facts(
            action=text(payload.get("action"), 60),
            repository_id=number(part(payload, "repository", "id")),
            repository_name=text(part(payload, "repository", "full_name"), 250),
            ref=text(payload.get("ref"), 300),
        )

    def push(self, payload: Payload) -> Push:
        told = PushTold.model_validate(payload)
        commits = told.commits or []
        # The newest is the first in the list.
        head = told.head_commit or next((c for c in commits if c.id == told.after), None)
        is_created, is_deleted = is_nothing(told.before), is_nothing(told.after)
        is_whole = not is_created and told.total_commits in (None, len(commits))
        pusher = told.pusher
        return Push(
            ref=told.ref,
            before=told.before,
            commit="" if is_deleted else (head.id if head and told.ref.startswith("refs/tags/") else told.after),
            message=head.message if head else "",
            author=head.author.name if head else "",
            is_created=is_created,
            is_deleted=is_deleted,
            files=files_of((c.files for c in commits), is_whole=is_whole),
            pushed_at=moment(head.timestamp) if head else None,
            pusher=(pusher.login if isinstance(pusher, PusherTold) else pusher.name) if pusher else "",
            repository_id=told.repository.id,
            repository_name=told.repository.full_name,
        )

    def paste(self, url: str) -> list[tuple[str, str]]:
        return [
            ("Where", "The repository's Settings, Webhooks, Add webhook, Gitea or Forgejo"),
            ("Target URL", url),
            ("HTTP method", "POST"),
            ("Content type", "application/json"),
            ("Trigger on", "Push events"),
        ]


FORGE = Gitea()
