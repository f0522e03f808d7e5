"""A push is followed by each service that tracks its branch, in each environment (`tracking`); what becomes of it there is
decided by `outcomes`. What GitHub has to be asked for is asked here, before anything is locked.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

from apps.github.models import Repository
from apps.projects.models import Service
from apps.webhooks import asking, order
from apps.webhooks.forges import FORGES
from apps.webhooks.models import Delivery
from apps.webhooks.outcomes import follow_in
from apps.webhooks.push import Push
from apps.webhooks.tracking import Tracked, may_track, tracked
from workers.errors import SlipwayError, Stopped

log = logging.getLogger(__name__)


def follow(delivery: Delivery, payload: dict[str, Any]) -> str:
    """Why no service follows, when none does."""
    push = FORGES[delivery.forge].push(payload)
    if delivery.is_cut:
        push = replace(push, files=None)
    if not push.branch and not push.tag:
        return f"{push.ref[:60]} is neither a branch nor a tag."
    found = followers_of(delivery, push)
    if not found:
        return f"No service follows {push.name[:150]} of this repository."
    push = _with_files(delivery, push, [one.service for one in found])
    why_none = "The service that follows it was deleted meanwhile."
    for one in found:
        try:
            follow_in(one, delivery, push, head=_head_if_unclear(one, delivery, push))
        except Stopped:
            continue
        why_none = ""
    return why_none


def followers_of(delivery: Delivery, push: Push) -> list[Tracked]:
    """By the repository's numeric id, or the one whose own webhook it came by; of those, who tracks the branch."""
    if delivery.hook_id is not None:
        rows = Service.objects.filter(hook=delivery.hook_id)
    elif push.repository_id is not None:
        rows = Service.objects.filter(connection__repository__github_id=push.repository_id)
    else:
        rows = Service.objects.none()
    rows = rows.select_related("project").order_by("created_at")
    if push.tag:
        tagged = rows.exclude(deploy_tags="")
        return [Tracked(row) for row in tagged if fnmatchcase(push.tag, row.deploy_tags)]
    return [one for one in tracked(rows.filter(may_track(push.branch))) if one.branch == push.branch]


def _with_files(delivery: Delivery, push: Push, services: list[Service]) -> Push:
    """What changed, asked for when the push does not tell and somebody wants to know."""
    wanted = any(service.root_directory or service.watch_paths for service in services)
    if push.files is not None or not wanted or not push.is_comparable or delivery.hook_id is not None:
        return push
    repository = Repository.objects.filter(github_id=push.repository_id or 0).select_related("installation").first()
    return replace(push, files=asking.changed_files(repository, push.before, push.commit)) if repository else push


def _head_if_unclear(one: Tracked, delivery: Delivery, push: Push) -> str:
    """Asked before anything is locked, and only when nothing else tells which of two pushes is newer."""
    if delivery.hook_id is not None or not order.is_unclear(one, push):
        return ""
    repository = Repository.objects.filter(github_id=push.repository_id or 0).select_related("installation").first()
    try:
        return asking.head_of(repository, push.branch).sha if repository else ""
    except SlipwayError as error:
        log.info("%s: the head of %s is not told: %s", one.service, push.branch, error.message)
        return ""
