"""Takes a delivery in: whose signature it has, what it is, and a row of it. Not in charge of handling it.

Nothing of it is looked at before its signature was found right.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from django.utils import timezone

from apps.github.app import the_app
from apps.webhooks import bell
from apps.webhooks.cutting import cut
from apps.webhooks.forges.base import Envelope, Facts, Forge, Payload, text
from apps.webhooks.models import Delivery, Hook, State
from workers.errors import UserError

OLD_SECRET_LIFE = timedelta(hours=1)
Headers = Mapping[str, str]


def take(forge: Forge, headers: Headers, body: bytes, hook_id: UUID | None = None) -> Delivery:
    """The delivery's row, new or as it is already. Raises UserError 400, 401, 403 or 404."""
    hook = Hook.objects.filter(pk=hook_id, forge=forge.name).select_related("service").first() if hook_id else None
    secrets = _secrets_of_hook(hook) if hook_id else _secrets_of_app(headers)
    if not forge.is_genuine(headers, body, secrets or [""]) or not secrets:
        raise _not_genuine()
    envelope = forge.envelope(headers)
    if not envelope.event:
        raise _refused("event", "The delivery does not say which event it is.", 400)
    if not envelope.id:  # Some servers of old give none: then the same body is the same delivery.
        envelope = Envelope("sha256:" + hashlib.sha256(body).hexdigest(), envelope.event)
    try:
        payload = parsed(body, headers.get("Content-Type", ""))
    except ValueError as error:
        store(forge, envelope, hook=hook, state=State.FAILED, error=f"Its body is not understood: {error}."[:500])
        raise _refused("malformed", "The body is not a JSON object.", 400) from error
    row, is_new = store(forge, envelope, hook=hook, payload=payload, body=body)
    if is_new or row.state == State.FAILED:
        bell.ring()
    return row


def parsed(body: bytes, content_type: str = "") -> Payload:
    """The object in a body; some servers put it into a form. Raises ValueError."""
    if content_type.startswith("application/x-www-form-urlencoded"):
        body = parse_qs(body.decode("ascii"), strict_parsing=True).get("payload", [""])[0].encode()
    try:
        found = json.loads(body)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if not isinstance(found, dict):
        raise ValueError("it is not an object")
    return found


def store(
    forge: Forge, envelope: Envelope, *, hook: Hook | None = None, payload: Payload | None = None, body: bytes = b"",
    **more: Any,
) -> tuple[Delivery, bool]:  # fmt: skip
    """The row of a delivery and whether it is new. One that was given up waits again when it is sent again."""
    facts = forge.facts(payload) if payload is not None else Facts()
    kept, is_cut = cut(payload, body) if payload is not None else ("", False)
    values = {**vars(facts), "event": text(envelope.event, 60), "payload": kept, "is_cut": is_cut, **more}
    key = {"forge": forge.name, "hook": hook, "delivery_id": text(envelope.id, 120)}
    row, is_new = Delivery.objects.get_or_create(**key, defaults=values)
    if not is_new and payload is not None and row.state == State.FAILED:
        again = {"state": State.WAITING, "attempts": 0, "free_at": None, "payload": kept, "is_cut": is_cut}
        Delivery.objects.filter(pk=row.pk, state=State.FAILED).update(**again)
    return row, is_new


def _secrets_of_hook(hook: Hook | None) -> list[str]:
    """None of a hook that is not: the answer is that of a wrong signature."""
    if hook is None:
        return []
    is_old_good = hook.old_until is not None and hook.old_until > timezone.now()
    return [hook.secret, hook.old_secret] if is_old_good and hook.old_secret else [hook.secret]


def _secrets_of_app(headers: Headers) -> list[str]:
    app = the_app()
    if app is None or not app.webhook_secret:
        raise _refused("not-connected", "No GitHub App is connected to this installation.", 404)
    target = headers.get("X-GitHub-Hook-Installation-Target-ID", "")
    is_app = headers.get("X-GitHub-Hook-Installation-Target-Type", "integration") == "integration"
    if target and is_app and target != str(app.app_id):
        raise _refused("other-app", "This delivery is for another GitHub App.", 403)
    return [app.webhook_secret]


def _not_genuine() -> UserError:
    return _refused("signature", "The signature of this delivery is missing or wrong.", 401)


def _refused(code: str, message: str, status: int) -> UserError:
    hint = "Compare the secret on both sides." if status == 401 else ""
    return UserError(f"webhooks:user:{code}", message, hint=hint, status=status)
