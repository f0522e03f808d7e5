"""GitLab: a project's own webhook. https://docs.gitlab.com/user/project/integrations/webhooks/"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Mapping, Sequence

from pydantic import BaseModel

from apps.webhooks.forges.base import Envelope, Facts, Payload, moment, number, part, text
from apps.webhooks.payloads import CommitTold, Ref, Sha
from apps.webhooks.push import Push, files_of, is_nothing

IDS = ("Idempotency-Key", "webhook-id", "X-Gitlab-Event-UUID")  # The first is the same when a delivery is sent again.
CLOCKS_DIFFER_SECONDS = 5 * 60


class ProjectTold(BaseModel):
    id: int
    path_with_namespace: str


class PushTold(BaseModel):
    """https://docs.gitlab.com/user/project/integrations/webhook_events/#push-events: at most 20 commits are listed."""

    ref: Ref
    before: Sha
    after: Sha
    checkout_sha: Sha | None = None
    user_username: str = ""
    commits: list[CommitTold] = []
    total_commits_count: int = 0
    project: ProjectTold


class GitLab:
    name = "gitlab"
    label = "GitLab"
    pushes = frozenset({"Push Hook", "Tag Push Hook"})

    def envelope(self, headers: Mapping[str, str]) -> Envelope:
        id = next((headers[name] for name in IDS if headers.get(name)), "")
        return Envelope(id, headers.get("X-Gitlab-Event", ""))

    def is_genuine(self, headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> bool:
        """The secret itself as `X-Gitlab-Token`, or with a signing token the signature of Standard Webhooks."""
        if headers.get("webhook-signature"):
            return _is_signed(headers, body, secrets)
        given = headers.get("X-Gitlab-Token", "").encode()
        found = False
        for secret in secrets:
            found |= hmac.compare_digest(secret.encode(), given)
        return found

    def facts(self, payload: Payload) -> Facts:
        return Facts(
            action=text(part(payload, "object_attributes", "action") or payload.get("event_name"), 60),
            repository_id=number(part(payload, "project", "id")),
            repository_name=text(part(payload, "project", "path_with_namespace"), 250),
            ref=text(payload.get("ref"), 300),
        )

    def push(self, payload: Payload) -> Push:
        told = PushTold.model_validate(payload)
        # Of an annotated tag `after` is the tag's own id.
        commit = told.checkout_sha or told.after
        head = next((c for c in told.commits if c.id == commit), None)
        is_created, is_deleted = is_nothing(told.before), is_nothing(told.after)
        is_whole = not is_created and told.total_commits_count <= len(told.commits)
        return Push(
            ref=told.ref,
            before=told.before,
            commit="" if is_deleted else commit,
            message=head.message if head else "",
            author=head.author.name if head else "",
            is_created=is_created,
            is_deleted=is_deleted,
            files=files_of((c.files for c in told.commits), is_whole=is_whole),
            pushed_at=moment(head.timestamp) if head else None,
            pusher=told.user_username,
            repository_id=told.project.id,
            repository_name=told.project.path_with_namespace,
        )

    def paste(self, url: str) -> list[tuple[str, str]]:
        return [
            ("Where", "The project's Settings, Webhooks, Add new webhook"),
            ("URL", url),
            ("Trigger", "Push events, and Tag push events when tags are deployed"),
        ]


def _is_signed(headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> bool:
    """https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md"""
    id, at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not at.isascii() or not at.isdigit() or abs(time.time() - int(at[:15])) > CLOCKS_DIFFER_SECONDS:
        return False
    signed = f"{id}.{at}.".encode() + body
    given = [told.partition(",")[2] for told in headers["webhook-signature"].split() if told.startswith("v1,")]
    found = False
    for key in (_key(secret) for secret in secrets):
        right = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())
        for told in given[:10]:
            found |= hmac.compare_digest(right, told.encode())
    return found


def _key(secret: str) -> bytes:
    """`whsec_` and base64, as the standard has it; anything else is the key as it stands."""
    if secret.startswith("whsec_"):
        try:
            return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except binascii.Error:
            return secret.encode()
    return secret.encode()


FORGE = GitLab()
