"""Pushes that wait for the checks of their commit: looked at when a check is told, and now and then.

Deployed once all have succeeded; else a skip that names the check. GitHub being away only delays it, up to the limit.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from apps.accounts.access import Actor
from apps.deployments.lease import lock
from apps.deployments.models import Deployment
from apps.deployments.states import Status
from apps.github.app import the_app
from apps.github.errors import NotConnected
from apps.github.models import Connection
from apps.lib import wake
from apps.projects.models import Service
from apps.webhooks import asking
from apps.webhooks.checks import Standing, Word, standing_of
from apps.webhooks.models import Delivery, Kind, Outcome
from apps.webhooks.outcomes import deploy
from apps.webhooks.payloads import CheckRunTold, CheckSuiteTold, StatusTold
from apps.webhooks.push import BRANCH, TAG
from apps.webhooks.tracking import Tracked
from apps.webhooks.verdicts import Code, Skip
from workers.errors import SlipwayError, Stopped

log = logging.getLogger(__name__)
EVERY = timedelta(seconds=30)


def follow(delivery: Delivery, payload: dict[str, Any]) -> str:
    """A check of a commit was told: what waits for that commit is looked at."""
    told = _commit_of(delivery.event, payload)
    held = Outcome.objects.filter(
        kind=Kind.HELD, commit=told, service__connection__repository__github_id=delivery.repository_id or 0
    )
    keys = list(held.values_list("pk", flat=True))
    for key in keys:
        look_at(key)
    if not keys:
        return f"No push waits for the checks of commit {told[:7]}."
    return f"{len(keys)} waiting {'push was' if len(keys) == 1 else 'pushes were'} looked at."


def _commit_of(event: str, payload: dict[str, Any]) -> str:
    if event == "check_suite":
        return CheckSuiteTold.model_validate(payload).check_suite.head_sha
    if event == "check_run":
        return CheckRunTold.model_validate(payload).check_run.head_sha
    return StatusTold.model_validate(payload).sha


def look_at_held() -> None:
    """All that were not looked at lately: a check that was not told is found so. One's trouble is not another's."""
    due = Q(looked_at=None) | Q(looked_at__lt=Now() - EVERY) | Q(held_until__lt=Now())
    held = Outcome.objects.filter(due, kind=Kind.HELD).order_by("looked_at")
    for key in list(held.values_list("pk", flat=True)[:200]):
        look_at(key)


def look_at(key: UUID) -> None:
    """GitHub is asked before anything is locked."""
    row = Outcome.objects.filter(pk=key, kind=Kind.HELD).select_related("service").first()
    if row is None or row.service is None:
        return
    Outcome.objects.filter(pk=key).update(looked_at=Now())
    try:
        settle(row.pk, row.service.pk, _standing(row.service, row.commit))
    except Stopped:
        log.info("%s: its service was deleted meanwhile", row)


def _standing(service: Service, commit: str) -> Standing:
    found = Connection.objects.filter(service=service).select_related("repository__installation").first()
    if found is None:
        return Standing(Word.BAD, "The service is not connected to GitHub any more, so its checks cannot be read.")
    try:
        app = the_app()
        if app is None:
            raise NotConnected
        return standing_of(asking.checks_of(found.repository, commit), app.app_id)
    except SlipwayError as error:
        return Standing(Word.WAITING, f"Its checks cannot be read now: {error.message}")


@transaction.atomic
def settle(key: UUID, service_id: UUID, standing: Standing) -> None:
    """What the checks lead to; a push that was replaced meanwhile stays replaced."""
    lock(service_id)
    row = Outcome.objects.filter(pk=key, kind=Kind.HELD).select_related("delivery", "environment").first()
    if row is None or row.held_until is None:
        return
    one = Tracked(Service.objects.select_related("project").get(pk=service_id), row.environment)
    now = timezone.now()
    appears = row.created_at + timedelta(seconds=settings.SLIPWAY.ci_appears_seconds)
    changed = _changed(row, one)
    if changed is not None:
        _skip(row, changed.code, f"{changed.reason} while it waited for its checks.")
    elif standing.word == Word.BAD:
        _skip(row, Code.FAILED_CHECKS, standing.sentence)
    elif standing.word == Word.GOOD:
        _deploy(row, one, standing.sentence)
    elif standing.word is None and now >= appears:
        waited = f"{settings.SLIPWAY.ci_appears_seconds:g} s"
        _deploy(row, one, f"No check of it appeared within {waited}, so there was nothing to wait for.")
    elif now >= row.held_until:
        hours = settings.SLIPWAY.ci_timeout_seconds / 3600
        _skip(row, Code.TIMEOUT, f"Its checks were not done within {hours:g} h: {standing.sentence}")
    elif standing.sentence != row.standing:
        Outcome.objects.filter(pk=row.pk).update(standing=standing.sentence[:200])
        _tell(service_id)


def _changed(row: Outcome, one: Tracked) -> Skip | None:
    """What somebody changed meanwhile, so that it would not be deployed if it were told now."""
    service = one.service
    repositories = Connection.objects.filter(service=service).values_list("repository__github_id", flat=True)
    repository = repositories.first()
    if one.environment is None and service.auto_deploy_paused_at is not None:
        return Skip(Code.PAUSED, "Auto-deploy was paused")
    if repository is not None and repository != row.delivery.repository_id:
        return Skip(Code.MOVED, "The service was connected to another repository")
    if row.ref.startswith(TAG):
        is_wanted = fnmatchcase(row.ref.removeprefix(TAG), service.deploy_tags)
        return None if is_wanted else Skip(Code.MOVED, "The tags that are deployed were changed")
    if row.ref != BRANCH + one.branch:
        return Skip(Code.MOVED, f"The service began to follow {one.branch[:100]}")
    return None if service.auto_deploy else Skip(Code.OFF, "Deploy on push was turned off")


def _deploy(row: Outcome, one: Tracked, sentence: str) -> None:
    """Somebody may have deployed that very commit by hand meanwhile."""
    newest = Deployment.objects.filter(service=one.service, environment=one.place).order_by("-number").first()
    is_same = newest is not None and newest.created_at > row.created_at and newest.commit == row.commit
    if newest is not None and is_same and newest.status not in (Status.FAILED, Status.CANCELLED):
        _skip(row, Code.SAME, f"Deployment {newest.number} is of the same commit already.")
        return
    told = {"commit": row.commit, "message": row.message, "author": row.author}
    made = deploy(one, Actor(row.actor, name=row.actor_name), told)
    values = {"kind": Kind.DEPLOYED, "deployment": made, "reason": sentence[:400], "settled_at": Now()}
    Outcome.objects.filter(pk=row.pk).update(**values)
    _tell(one.service.pk)


def _skip(row: Outcome, code: Code, reason: str) -> None:
    values = {"kind": Kind.SKIPPED, "code": code, "reason": reason[:400], "settled_at": Now()}
    Outcome.objects.filter(pk=row.pk).update(**values)
    if row.service_id is not None:
        _tell(row.service_id)


def _tell(service_id: UUID) -> None:
    wake.tell(f"service.{service_id}", {"type": "state.changed"})
