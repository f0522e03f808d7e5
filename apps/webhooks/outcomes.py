"""What becomes of a push in one service and environment: a deployment, a place among the held, or a reason why not.

One transaction, in which the service is locked: however often and in whatever order a push is told, it has one outcome, and
an older one never takes the place of a newer one. Not in charge of whom a push concerns (`pushes`).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from apps.accounts.access import Actor
from apps.accounts.actions import record
from apps.deployments.actions import begin_deployment
from apps.deployments.lease import lock
from apps.deployments.models import Deployment
from apps.github.models import Identity
from apps.lib import wake
from apps.lib.text import storable
from apps.projects.models import Environment, Service
from apps.webhooks import order
from apps.webhooks.models import Delivery, Kind, Outcome
from apps.webhooks.push import Push
from apps.webhooks.tracking import Tracked
from apps.webhooks.verdicts import NOT_TAKEN, Code, Skip, skip_of
from workers.errors import Stopped


@transaction.atomic
def follow_in(one: Tracked, delivery: Delivery, push: Push, *, head: str = "") -> Outcome:
    """What becomes of a push in one service and environment. The same as before when it was decided already."""
    lock(one.service.pk)
    known = Outcome.objects.filter(**one.row, delivery=delivery).first()
    if known is not None:
        return known
    one = _as_it_is(one)
    service = one.service
    actor = _who(service, push, is_known=delivery.hook_id is None)
    told = told_of(push) | {"delivery": delivery, "actor": actor.user, "actor_name": actor.label} | one.row
    skip = order.older(one, push, head=head, is_replay=delivery.replay_of_id is not None)
    if skip is None:
        kept_back, production = _is_kept_back(one, push), one.environment is None
        skip = skip_of(service, push, kept_back=kept_back, production=production)
        skip = skip or _cannot_wait(service, delivery)
    if skip is None or skip.code == Code.DELETED:
        _replace_held(one, push)
    if skip is not None:
        made = Outcome.objects.create(**told, kind=Kind.SKIPPED, code=skip.code, reason=skip.reason[:400])
    elif service.wait_for_ci:
        until = timezone.now() + timedelta(seconds=settings.SLIPWAY.ci_timeout_seconds)
        made = Outcome.objects.create(**told, kind=Kind.HELD, held_until=until, standing="Its checks are not read yet.")
    else:
        made = Outcome.objects.create(**told, kind=Kind.DEPLOYED, deployment=deploy(one, actor, told))
    _tell(service, delivery, made)
    return made


def _as_it_is(one: Tracked) -> Tracked:
    """Once more, now that the service is locked. Raises `Stopped` when the environment was deleted meanwhile."""
    where = Environment.objects.filter(pk=one.environment.pk).first() if one.environment else None
    if one.environment and where is None:
        raise Stopped("lost")
    return Tracked(Service.objects.select_related("project").get(pk=one.service.pk), where)


def told_of(push: Push) -> dict[str, Any]:
    return {
        "ref": storable(push.ref),
        "before": push.before,
        "commit": push.commit,
        "message": push.title,
        "author": storable(push.author)[:200],
        "pushed_at": push.pushed_at,
    }


def deploy(one: Tracked, actor: Actor, told: dict[str, Any]) -> Deployment:
    """Whoever may push to the branch may deploy: connecting the service to it said so."""
    return begin_deployment(
        actor=actor,
        service=one.service,
        environment=one.place,
        trigger="push",
        commit=told["commit"],
        branch=one.branch,  # Of a tag too: it is what the service is compared with.
        message=told["message"],
        author=told["author"],
    )


def _who(service: Service, push: Push, *, is_known: bool) -> Actor:
    """The pusher as a member of the team when they are known as one; else by the name they have over there.

    Only the App's word on who it was is taken: a service's own webhook may be signed by anybody who has its secret.
    """
    name = storable(push.pusher)[:100]
    if push.pusher_id is not None and is_known:
        known = Identity.objects.filter(github_id=push.pusher_id, user__memberships__team=service.team_id)
        row = known.select_related("user").first()
        if row is not None:
            return Actor(row.user)
    return Actor(None, name=name)


def _replace_held(one: Tracked, push: Push) -> None:
    """A newer push, or the end of its branch, takes the place of one that waits for its checks."""
    what = f"commit {push.commit[:7]}" if push.commit else "the end of its branch"
    Outcome.objects.filter(**one.row, kind=Kind.HELD).update(
        kind=Kind.SKIPPED, code=Code.REPLACED, reason=f"A newer push, {what}, took its place.", settled_at=Now()
    )


def _is_kept_back(one: Tracked, push: Push) -> bool:
    """What the push before changed is not live either, so what this one changes is not all that counts."""
    rows = Outcome.objects.filter(**one.row, ref=push.ref).exclude(code__in=NOT_TAKEN)
    last = rows.order_by("-created_at").first()
    return last is not None and last.kind != Kind.DEPLOYED and last.code != Code.PATHS


def _cannot_wait(service: Service, delivery: Delivery) -> Skip | None:
    if not service.wait_for_ci or delivery.hook_id is None:
        return None
    return Skip(Code.NO_CHECKS, "Wait for CI is on, and checks can be read through the GitHub App only.")


def _tell(service: Service, delivery: Delivery, made: Outcome) -> None:
    if delivery.is_caught_up:
        record(
            actor=Actor(None), team_id=service.team_id, verb="caught up with a push to", subject=service,
            commit=made.commit, ref=made.ref,
        )  # fmt: skip
    if made.code == Code.DELETED:
        record(actor=Actor(None), team_id=service.team_id, verb="lost the branch of", subject=service, ref=made.ref)
    wake.tell(f"service.{service.pk}", {"type": "state.changed"})
