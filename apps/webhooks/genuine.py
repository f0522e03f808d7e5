"""What a request brought, and whether it was signed with a secret that its sender and we share.

Not in charge of what it says (`taking`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from apps.github.app import App
from apps.webhooks.forges.base import Forge
from apps.webhooks.models import Hook
from workers.errors import UserError

Headers = Mapping[str, str]
OLD_SECRET_LIFE = timedelta(hours=1)


@dataclass(frozen=True)
class Letter:
    """What a request brought. `hook_id` None: it came to the App's own address."""

    forge: Forge
    headers: Headers
    body: bytes
    hook_id: UUID | None = None


def genuine(letter: Letter, app: App | None, hooks: Mapping[tuple[UUID, str], Hook]) -> Hook | None:
    """The hook it came by, once its signature was found right. Of a hook that is not, it is as wrong as any other."""
    hook = hooks.get((letter.hook_id, letter.forge.name)) if letter.hook_id else None
    secrets = _secrets_of_hook(hook) if letter.hook_id else _secrets_of_app(app, letter.headers)
    if not letter.forge.is_genuine(letter.headers, letter.body, secrets or [""]) or not secrets:
        raise refused("signature", "The signature of this delivery is missing or wrong.", 401)
    return hook


def _secrets_of_hook(hook: Hook | None) -> list[str]:
    """None of a hook that is not: the answer is that of a wrong signature."""
    if hook is None:
        return []
    is_old_good = hook.old_until is not None and hook.old_until > timezone.now()
    return [hook.secret, hook.old_secret] if is_old_good and hook.old_secret else [hook.secret]


def _secrets_of_app(app: App | None, headers: Headers) -> list[str]:
    if app is None or not app.webhook_secret:
        raise refused("not-connected", "No GitHub App is connected to this installation.", 404)
    target = headers.get("X-GitHub-Hook-Installation-Target-ID", "")
    is_app = headers.get("X-GitHub-Hook-Installation-Target-Type", "integration") == "integration"
    if target and is_app and target != str(app.app_id):
        raise refused("other-app", "This delivery is for another GitHub App.", 403)
    return [app.webhook_secret]


def refused(code: str, message: str, status: int) -> UserError:
    hint = "Compare the secret on both sides." if status == 401 else ""
    return UserError(f"webhooks:user:{code}", message, hint=hint, status=status)
