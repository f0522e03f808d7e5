"""Bring what GitHub shows of one subject to what is true: a deployment, a comment. What was done is stored step by step.

Not in charge of when, how fast, or what follows from a refusal (`outbox`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db.models.functions import Now
from django.utils import timezone

from apps.feedback import comment
from apps.feedback.calls import Calls
from apps.feedback.models import REMOVED, Mode, News, Told, ToldPull
from apps.feedback.naming import PRODUCTION
from apps.feedback.pictures import PENDING, Identity, Picture, body_of, creation, picture_of
from apps.feedback.truth import facts_of, mode_of, rows_of
from apps.github.errors import NotThere

Spend = Callable[[], None]  # Before each request that makes something; raises when the pace does not allow one.


def tell(news: News, calls: Calls, spend: Spend) -> None:
    if isinstance(news, Told):
        tell_deployment(news, calls, spend)
    elif isinstance(news, ToldPull):
        tell_pull(news, calls, spend)


def tell_deployment(told: Told, calls: Calls, spend: Spend) -> None:
    """Its deployment first, then its commit's status. The newest truth only: what was skipped meanwhile is not told."""
    facts = facts_of(told)
    _store(told, seen_status=facts.status or REMOVED)
    mode, picture = mode_of(told), picture_of(facts, told.context)
    _show_deployment(told, picture, mode, calls, spend)
    if _wants_status(told, picture, mode):
        spend()
        calls.say_commit(told.commit, body_of(picture.status))
        _store(told, status=picture.status.state)
    _done(told)


def _show_deployment(told: Told, picture: Picture, mode: Mode, calls: Calls, spend: Spend) -> None:
    state = picture.deployment.state
    if told.state == state:
        return
    if told.github_id is None and told.creating_since is not None:
        # An attempt without a known end: what it made is found by its mark.
        _made(told, calls.find_deployment(told.deployment_key, told.commit, told.environment))
    if told.github_id is None and (mode != Mode.ALL or state == "inactive"):
        return
    if told.github_id is None:
        _create_deployment(told, calls, spend)
    try:
        _say_deployment(told, picture, calls, spend)
    except NotThere:
        if not calls.is_there():
            raise
        # Somebody deleted it at GitHub. What is over stays deleted; what goes on is shown anew.
        _store(told, github_id=None, state="")
        if state not in OVER:
            _create_deployment(told, calls, spend)
            _say_deployment(told, picture, calls, spend)
    _store(told, state=state)


OVER = ("inactive", "failure", "error")


def _say_deployment(told: Told, picture: Picture, calls: Calls, spend: Spend) -> None:
    spend()
    calls.say_deployment(told.github_id or 0, body_of(picture.deployment))


def _create_deployment(told: Told, calls: Calls, spend: Spend) -> None:
    spend()
    _store(told, creating_since=timezone.now())
    _made(told, calls.create_deployment(creation(_identity(told))))


def _made(told: Told, github_id: int | None) -> None:
    _store(told, github_id=github_id, creating_since=None)


def _identity(told: Told) -> Identity:
    return Identity(
        key=told.deployment_key,
        instance=settings.SLIPWAY.instance,
        name=str(told),
        commit=told.commit,
        environment=told.environment,
        is_preview=told.is_preview,
        is_production=not told.is_preview and told.environment.partition(" (")[0] == PRODUCTION,
    )


def _wants_status(told: Told, picture: Picture, mode: Mode) -> bool:
    """What was begun is brought to its end in every mode: no commit waits for ever. The newest of a commit decides."""
    if told.status == picture.status.state:
        return False
    if told.status != PENDING and (mode == Mode.OFF or picture.is_nothing):
        return False
    newer = Told.objects.of_the_same_commit(told)
    return not newer.filter(created_at__gt=told.created_at, deployment__isnull=False).exclude(status="").exists()


def tell_pull(told: ToldPull, calls: Calls, spend: Spend) -> None:
    """One comment, written once and edited from then on; a new one when somebody deleted it while there is news."""
    repository = told.repository
    rows = rows_of((repository.pk, told.number))
    body = comment.body_of(rows, comment.marker_of(settings.SLIPWAY.instance, repository.github_id, told.number))
    digest = hashlib.sha256(body.encode()).hexdigest()
    if digest != told.digest and (rows or told.comment_id):
        _write_comment(told, body, calls, spend)
        _store(told, digest=digest)
    _store(told, is_settled=all(row.status in SETTLED for row in rows))
    _done(told)


SETTLED = ("live", "failed", "cancelled", "superseded", "refused", "removed", "waiting")


def _write_comment(told: ToldPull, body: str, calls: Calls, spend: Spend) -> None:
    if told.comment_id is not None:
        try:
            spend()
            calls.edit_comment(told.comment_id, body)
            return
        except NotThere:
            if not calls.is_there():
                raise
            _store(told, comment_id=None)  # Somebody deleted it.
    found = calls.find_comment(told.number)
    spend()
    if found is not None:
        _store(told, comment_id=found)
        calls.edit_comment(found, body)
    else:
        _store(told, comment_id=calls.create_comment(told.number, body))


def _store(told: News, **values: Any) -> None:
    type(told)._default_manager.filter(pk=told.pk).update(**values)
    for name, value in values.items():
        setattr(told, name, value)


def _done(told: News) -> None:
    """All is told, unless there was a new mark meanwhile: then it stays due."""
    rows = type(told)._default_manager.filter(pk=told.pk)
    rows.update(attempts=0, next_try_at=None, last_error="", over_reason="", told_at=Now())
    rows.filter(turn=told.turn).update(is_due=False)
