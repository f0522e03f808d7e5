"""What people do with previews: approve a fork's commit, keep, redeploy and delete one. Settings: `preferences`."""

from __future__ import annotations

import logging

from django.db import transaction
from django.utils import timezone

from apps.accounts.access import Actor
from apps.accounts.actions import record
from apps.accounts.policy import Permission
from apps.github.news import GITHUB
from apps.lib import wake
from apps.previews import asking, environments
from apps.previews.following import follow, services_of
from apps.previews.models import Preview, Removed, State
from apps.previews.refreshing import Followed, Keep, refresh
from apps.projects.models import Service
from workers.errors import SlipwayError, UserError

log = logging.getLogger(__name__)


def _nothing(followed: Followed) -> None:
    """Nobody keeps what came of it: the person sees it."""


@transaction.atomic
def approve(*, actor: Actor, preview: Preview, commit: str, keep: Keep = _nothing) -> Preview:
    """A fork's `commit` may be built and run: the one that was looked at, and no later one."""
    row = _locked(actor, preview)
    if not row.is_fork:
        raise UserError("preview:user:no-fork", "Only what comes from a fork is approved.", status=409)
    _check_open(row)
    if commit != row.head_sha:
        raise UserError(
            "preview:user:moved-on", f"The pull request is at commit {row.head_sha[:7]} by now.",
            hint="Look at what was pushed, then approve that.", status=409,
        )  # fmt: skip
    row.approved_sha, row.approved_at = commit, timezone.now()
    row.approved_by, row.approved_by_name = actor.user, actor.label[:100]
    _record(row, actor, "approved a fork for a preview of", commit=commit)
    refresh(row, _services(row), actor=actor, keep=keep)
    return _told(row)


def keep(*, actor: Actor, preview: Preview) -> Preview:
    """For as long again as after a push; one that was removed comes back."""
    _learn(actor, preview)
    return _keep(actor, preview)


@transaction.atomic
def _keep(actor: Actor, preview: Preview) -> Preview:
    row = _locked(actor, preview)
    _check_open(row)
    stood = row.environment_id is not None
    if not stood:
        refresh(row, _services(row), actor=actor, keep=_nothing)
        _check_stands(row)
    environments.prolong(
        row, [part.service for part in row.parts.filter(state=State.DEPLOYED).select_related("service")]
    )
    row.save()
    _record(row, actor, "kept a preview of" if stood else "brought back a preview of")
    return _told(row)


def redeploy(*, actor: Actor, preview: Preview) -> Preview:
    """The newest commit once more, in every service that wants it."""
    _learn(actor, preview)
    return _redeploy(actor, preview)


@transaction.atomic
def _redeploy(actor: Actor, preview: Preview) -> Preview:
    row = _locked(actor, preview)
    _check_open(row)
    if not row.is_approved:
        raise UserError(
            "preview:user:not-approved", f"Commit {row.head_sha[:7]} comes from a fork and was not approved.",
            hint="Look at it at GitHub, then approve it.", status=409,
        )  # fmt: skip
    refresh(row, _services(row), actor=actor, keep=_nothing, again=True)
    _check_stands(row)
    _record(row, actor, "redeployed a preview of")
    return _told(row)


@transaction.atomic
def delete(*, actor: Actor, preview: Preview) -> None:
    """What runs of it goes, with its own variables and disks. A push, or `keep`, brings it back."""
    row = _locked(actor, preview)
    if not environments.remove(row, Removed.DELETED, f"{actor.label} removed it.", actor=actor):
        raise UserError("preview:user:not-there", "There is nothing of this preview any more.", status=409)
    _told(row)


def _locked(actor: Actor, preview: Preview) -> Preview:
    actor.require(Permission.DEPLOY, preview.project.team_id)
    return environments.locked(preview.pk)


def _learn(actor: Actor, preview: Preview) -> None:
    """How it is at GitHub by now: it may have been closed or pushed to without a word. Unasked, what is known counts."""
    actor.require(Permission.DEPLOY, preview.project.team_id)
    try:
        pull = asking.pull_now(preview.repository, preview.number)
    except SlipwayError as error:
        log.info("%s is not asked about: %s", preview, error.message)
        return
    if pull is not None:
        follow(preview.repository, pull, actor=GITHUB, keep=_nothing)


def _services(row: Preview) -> list[Service]:
    return [service for service in services_of(row.repository) if service.project_id == row.project_id]


def _check_open(row: Preview) -> None:
    if not row.is_open:
        raise UserError(
            "preview:user:closed", "This pull request is closed.", hint="Open it again at GitHub.", status=409
        )


def _check_stands(row: Preview) -> None:
    """Raises why nothing of it runs, as its parts have it."""
    if row.environment_id is None:
        why = row.parts.exclude(reason="").order_by("-at").values_list("reason", flat=True).first()
        raise UserError(
            "preview:user:not-deployed", why or "No service of this project wants a preview of it.",
            hint="Look at the services' settings.", status=409,
        )  # fmt: skip


def _record(row: Preview, actor: Actor, verb: str, **data: str) -> None:
    number, team = row.number, row.project.team_id
    record(actor=actor, team_id=team, verb=verb, subject=row.project, pull_request=number, **data)


def _told(row: Preview) -> Preview:
    """Saved, and open pages look again."""
    row.save()
    wake.tell_team(row.project.team_id)
    return row
