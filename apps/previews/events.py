"""What GitHub tells of pull requests: one function an event, each as often as it likes. Not in charge of deliveries.

Every service that it concerns is told to `keep` once; the answer says why there was none.
"""

from __future__ import annotations

import logging
from typing import Any

from apps.accounts.access import Actor
from apps.accounts.policy import Permission
from apps.github.models import Connection, Identity, Repository
from apps.lib.text import storable
from apps.previews import actions
from apps.previews.asking import may_push, pull_now
from apps.previews.following import follow, is_doubtful
from apps.previews.models import Preview
from apps.previews.payloads import PersonTold, Pull, PullRequestReviewTold, PullRequestTold
from apps.previews.refreshing import Followed, Keep
from workers.errors import SlipwayError

__all__ = ["Followed", "pull_request", "pull_request_review"]

log = logging.getLogger(__name__)

ACTIONS = ("opened", "reopened", "synchronize", "ready_for_review", "converted_to_draft", "edited", "closed")


def pull_request(payload: dict[str, Any], keep: Keep) -> str:
    """Opened, pushed to, edited, closed and so on: what runs of it becomes what should."""
    told = PullRequestTold.model_validate(payload)
    if told.action not in ACTIONS:
        return f"Nothing follows from {told.action[:40]} of a pull request."
    repository = Repository.objects.filter(github_id=told.repository.id).select_related("installation").first()
    if repository is None:
        return "No service is connected to this repository."
    pull = Pull.of(told.repository.id, told.pull_request)
    if is_doubtful(repository, pull):
        pull = _truth(repository, pull)
    count = follow(
        repository,
        pull,
        actor=_who(told.sender, repository.github_id),
        keep=keep,
        is_reopened=told.action == "reopened" and pull.is_open,
    )
    return "" if count else "No service is connected to this repository."


def pull_request_review(payload: dict[str, Any], keep: Keep) -> str:
    """An approval at GitHub of a fork's commit, by somebody who may deploy here and push there, is an approval here."""
    told = PullRequestReviewTold.model_validate(payload)
    if told.action != "submitted" or told.review.state.lower() != "approved" or not told.review.commit_id:
        return "It is no approval of a commit."
    rows = Preview.objects.filter(repository__github_id=told.repository.id, number=told.pull_request.number)
    rows = rows.select_related("project", "repository__installation")
    waiting = [row for row in rows if row.waits_for_approval]
    if not waiting:
        return "No preview waits for an approval."
    person = told.review.user
    actor = _who(person, told.repository.id)
    allowed = [row for row in waiting if actor.can(Permission.DEPLOY, row.project.team_id)]
    if not allowed or person is None:
        return "Who approved it is not known here as somebody who may deploy."
    if not may_push(waiting[0].repository, person):
        return "Who approved it may not push to the repository."
    for row in allowed:
        if row.head_sha == told.review.commit_id:
            actions.approve(actor=actor, preview=row, commit=told.review.commit_id, keep=keep)
    return ""


def _truth(repository: Repository, pull: Pull) -> Pull:
    """GitHub's own word; what was told while it cannot be asked."""
    try:
        return pull_now(repository, pull.number) or pull
    except SlipwayError as error:
        log.info("pull request %s of %s: not asked: %s", pull.number, repository, error.message)
        return pull


def _who(person: PersonTold | None, repository: int) -> Actor:
    """Who did it: as a member of a team that deploys the repository, else by the name they have at GitHub."""
    if person is None:
        return Actor(None, name="GitHub")
    teams = Connection.objects.filter(repository__github_id=repository).values("service__project__team")
    members = Identity.objects.filter(github_id=person.id, user__memberships__team__in=teams)
    known = members.select_related("user").first()
    return Actor(known.user) if known else Actor(None, name=storable(person.login)[:100])
