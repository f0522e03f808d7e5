"""GitHub: the App's webhook, or a repository's own. https://docs.github.com/en/webhooks/webhook-events-and-payloads"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from apps.webhooks.forges.base import Envelope, Facts, Payload, hex_hmac_is, moment, number, part, text
from apps.webhooks.payloads import PushTold
from apps.webhooks.push import Push, files_of, is_nothing


class GitHub:
    name = "github"
    label = "GitHub"
    pushes = frozenset({"push"})

    def envelope(self, headers: Mapping[str, str]) -> Envelope:
        return Envelope(headers.get("X-GitHub-Delivery", ""), headers.get("X-GitHub-Event", ""))

    def is_genuine(self, headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> bool:
        """SHA-256 only: `X-Hub-Signature` (SHA-1) is not looked at."""
        scheme, _, signature = headers.get("X-Hub-Signature-256", "").partition("=")
        return hex_hmac_is(signature, body, secrets) and scheme == "sha256"

    def facts(self, payload: Payload) -> Facts:
        return Facts(
            action=text(payload.get("action"), 60),
            installation_id=number(part(payload, "installation", "id")),
            repository_id=number(part(payload, "repository", "id")),
            repository_name=text(part(payload, "repository", "full_name"), 250),
            ref=text(payload.get("ref"), 300),
        )

    def push(self, payload: Payload) -> Push:
        told = PushTold.model_validate(payload)
        head = told.head_commit
        # The `after` of an annotated tag is the tag's own id: the commit stands in head_commit.
        commit = head.id if head else told.after
        return Push(
            ref=told.ref,
            before=told.before,
            commit="" if told.deleted or is_nothing(told.after) else commit,
            message=head.message if head else "",
            author=head.author.name if head else "",
            is_created=told.created,
            is_deleted=told.deleted,
            is_forced=told.forced,
            files=files_of((c.files for c in told.commits), is_whole=not (told.created or told.forced)),
            pushed_at=moment(told.repository.pushed_at) or moment(head.timestamp if head else None),
            pusher=told.pusher.name,
            pusher_id=told.sender.id if told.sender else None,
            repository_id=told.repository.id,
            repository_name=told.repository.full_name,
        )

    def paste(self, url: str) -> list[tuple[str, str]]:
        return [
            ("Where", "The repository's Settings, Webhooks, Add webhook"),
            ("Payload URL", url),
            ("Content type", "application/json"),
            ("Which events", "Just the push event"),
        ]


FORGE = GitHub()
