"""Takes a delivery in: whose signature it has, what it is, and a row of it. Not in charge of handling it.

Nothing of it is looked at before its signature was found right.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs

from django.db import DataError, IntegrityError, transaction

from apps.github.app import the_app
from apps.lib.text import storable
from apps.webhooks import bell
from apps.webhooks.cutting import cut
from apps.webhooks.forges.base import Envelope, Facts, Forge, Payload, text
from apps.webhooks.genuine import Letter, genuine, refused
from apps.webhooks.models import Delivery, Hook, State

log = logging.getLogger(__name__)

UNFIT = (DataError, IntegrityError, ValueError)  # Of the row itself; that the database is away is everybody's.


def take(letters: Sequence[Letter]) -> list[str | Exception]:
    """For each the id of the delivery that is kept now, or why it is refused: 400, 401, 403 or 404.

    However many they are, they are kept by one statement; when this returns they are on the disk. What is wrong with one
    is not the others'.
    """
    app = the_app() if any(letter.hook_id is None for letter in letters) else None
    wanted = [letter.hook_id for letter in letters if letter.hook_id]
    hooks = {(row.pk, row.forge): row for row in Hook.objects.filter(pk__in=wanted)} if wanted else {}
    answers: list[str | Exception] = []
    rows: dict[int, Delivery] = {}
    for place, letter in enumerate(letters):
        try:
            row = rows[place] = _opened(letter, genuine(letter, app, hooks))
            answers.append(row.delivery_id)
        except Exception as error:  # noqa: BLE001 - it is the answer to its sender
            answers.append(error)
    for place, wrong in _kept(rows).items():
        answers[place] = wrong
    for place, row in rows.items():
        if row.state == State.FAILED and not isinstance(answers[place], Exception):
            answers[place] = refused("malformed", "The body is not a JSON object.", 400)
    return answers


def _kept(rows: Mapping[int, Delivery]) -> dict[int, Exception]:
    """What could not be kept, by its place. One row that the database does not take makes it take each by itself."""
    try:
        keep(list(rows.values()))
    except UNFIT as error:
        if len(rows) == 1:
            log.warning("a delivery could not be kept: %s", type(error).__name__)
            return dict.fromkeys(rows, error)
        return {place: wrong for at, row in rows.items() for place, wrong in _kept({at: row}).items()}
    return {}


def keep(rows: Sequence[Delivery]) -> int:
    """Each once, however often it comes; how many are new. One that was given up waits again when it is sent again."""
    if not rows:
        return 0
    keys = {(row.forge, row.hook_id, row.delivery_id) for row in rows}
    known = Delivery.objects.filter(delivery_id__in=[row.delivery_id for row in rows])
    # The same id may be another sender's: that one is left alone.
    told = known.values_list("pk", "forge", "hook_id", "delivery_id")
    seen = {tuple(key): pk for pk, *key in told if tuple(key) in keys}
    if seen:
        given_up = Delivery.objects.filter(pk__in=seen.values(), state=State.FAILED).exclude(payload="")
        given_up.update(state=State.WAITING, attempts=0, waits=0, away_since=None, free_at=None)
    with transaction.atomic():
        Delivery.objects.bulk_create(rows, ignore_conflicts=True)
    bell.ring()
    return len(keys) - len(seen)


def _opened(letter: Letter, hook: Hook | None) -> Delivery:
    """Its row, not kept yet; one that is not understood is failed already."""
    envelope = letter.forge.envelope(letter.headers)
    if not envelope.event:
        raise refused("event", "The delivery does not say which event it is.", 400)
    if not envelope.id:  # Some servers of old give none: then the same body is the same delivery.
        envelope = Envelope("sha256:" + hashlib.sha256(letter.body).hexdigest(), envelope.event)
    try:
        payload = parsed(letter.body, letter.headers.get("Content-Type", ""))
    except ValueError as error:
        told = storable(f"Its body is not understood: {error}.")[:500]
        return row_of(letter.forge, envelope, hook=hook, state=State.FAILED, error=told)
    return row_of(letter.forge, envelope, payload, letter.body, hook=hook)


def row_of(
    forge: Forge, envelope: Envelope, payload: Payload | None = None, body: bytes = b"", **more: Any
) -> Delivery:
    facts = forge.facts(payload) if payload is not None else Facts()
    kept, is_cut = cut(payload, body) if payload is not None else ("", False)
    told = {"forge": forge.name, "delivery_id": text(envelope.id, 120), "event": text(envelope.event, 60)}
    return Delivery(**told, **vars(facts), payload=kept, is_cut=is_cut, **more)


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
