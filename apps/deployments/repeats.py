"""`Idempotency-Key`: a request that is sent again is done once, and answered the same.

What a request did and the answer to it are committed together, so a crash between them leaves neither. Answers are
stored encrypted: one of them holds a new token.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from functools import wraps

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse

from apps.accounts.access import Actor
from apps.accounts.bearer import identify, person_of
from apps.deployments.models import IdempotencyKey
from apps.lib.encryption import decrypt, encrypt
from apps.lib.problems import problem
from workers.errors import UserError

View = Callable[..., HttpResponse]

LONGEST = 200
NOT_KEPT = (401, 429)  # Nothing was tried: the same request may succeed later.


def once(view: View) -> View:
    """`view`, run once for each key of a person. Without the header, or for a stranger, just `view`."""

    @wraps(view)
    def repeatable(request: HttpRequest, **path: object) -> HttpResponse:
        key = request.headers.get("Idempotency-Key", "")
        actor = identify(request) if key and request.method == "POST" else None
        if actor is None:
            return view(request, **path)
        if len(key) > LONGEST:
            raise UserError("api:user:key", f"An Idempotency-Key has at most {LONGEST} characters.", status=422)
        with transaction.atomic():
            return _locked(request, view, path, actor, key)

    return repeatable


def _locked(request: HttpRequest, view: View, path: dict[str, object], actor: Actor, key: str) -> HttpResponse:
    user = person_of(actor)
    if not _lock(f"{user.pk}:{key}"):
        return _under_way(request)
    fingerprint = fingerprint_of(request, actor)
    row = IdempotencyKey.objects.filter(user=user, key=key).first()
    if row is not None:
        return _repeated(row, fingerprint)
    response = view(request, **path)
    if response.status_code >= 500:
        transaction.set_rollback(True)
    elif response.status_code not in NOT_KEPT:
        sealed = encrypt(json.dumps(_kept(response)))
        IdempotencyKey.objects.create(
            user=user, key=key, fingerprint=fingerprint, status=response.status_code, body=sealed
        )
    return response


def _under_way(request: HttpRequest) -> HttpResponse:
    response = problem(
        request, 409, "api:user:under-way", "A request with this Idempotency-Key is under way.",
        hint="Ask again in a moment; you will get its answer.",
    )  # fmt: skip
    response["Retry-After"] = "1"
    return response


def fingerprint_of(request: HttpRequest, actor: Actor) -> str:
    """The same for the same request with the same rights."""
    parts = (request.method or "", request.get_full_path(), actor.scope or "session")
    return hashlib.sha256("\n".join(parts).encode() + b"\n" + request.body).hexdigest()


def _lock(name: str) -> bool:
    """Until the end of the transaction; False when another request has it."""
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
        return bool(cursor.fetchone()[0])


def _kept(response: HttpResponse) -> dict[str, str]:
    return {
        "content": response.content.decode(),
        "type": response["Content-Type"],
        "location": response.get("Location", ""),
    }


def _repeated(row: IdempotencyKey, fingerprint: str) -> HttpResponse:
    if row.fingerprint != fingerprint:
        raise UserError(
            "api:user:key-reused", "This Idempotency-Key was used for another request.",
            hint="Use a new key for each new request.", status=422,
        )  # fmt: skip
    kept = json.loads(decrypt(str(row.body)))
    response = HttpResponse(kept["content"], status=row.status or 200, content_type=kept["type"])
    if kept["location"]:
        response["Location"] = kept["location"]
    response["Idempotency-Replayed"] = "true"
    return response
