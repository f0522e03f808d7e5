"""What is kept and for how long: releases per service, log lines, metrics, answers to repeated requests, volumes."""

from __future__ import annotations

from datetime import timedelta

import redis
from django.conf import settings
from django.db import transaction
from django.db.models import F, Sum, Window
from django.db.models.functions import Now
from django.utils import timezone

from apps.accounts.models import SignInLink
from apps.deployments import wakeup
from apps.deployments.models import Deployment, IdempotencyKey, Inspection, LogChunk, Release
from apps.deployments.states import UNFINISHED, Status
from apps.hosts.models import Host
from apps.lib import wake
from apps.projects import variables
from apps.projects.models import Service, Volume

LOG_DAYS = 14
CLEAN_EVERY = timedelta(days=1)
CLEANED = "cleaned"  # In Valkey: a cleaning went through within a day, and nothing was pruned since it began.
EVERY = timedelta(minutes=5)

_next = timezone.now()


def tidy() -> None:
    """At most every five minutes, in whichever reconciler comes first."""
    global _next
    if timezone.now() < _next:
        return
    _next = timezone.now() + EVERY
    if cleaning_is_due(after=prune_releases()):
        wakeup.clean()
    LogChunk.objects.filter(created_at__lt=Now() - timedelta(days=LOG_DAYS)).delete()
    shorten_logs(round(settings.SLIPWAY.log_megabytes * 1_000_000))
    IdempotencyKey.objects.filter(created_at__lt=Now() - timedelta(days=1)).delete()
    SignInLink.objects.filter(expires_at__lt=Now() - timedelta(days=1)).delete()
    forget_discarded_volumes()
    forget_sboms()
    variables.forget_deleted()


def cleaning_is_due(*, after: int) -> bool:
    """Whether images have been pruned, or no cleaning went through since some were or within a day."""
    try:
        if after:
            wake.valkey().delete(wake.key(CLEANED))
        return not wake.valkey().exists(wake.key(CLEANED))
    except redis.RedisError:
        return True


def begin_cleaning() -> None:
    """Nobody asks again for a day, unless images are pruned meanwhile."""
    wake.valkey().set(wake.key(CLEANED), 1, ex=CLEAN_EVERY)


def cleaning_failed() -> None:
    """It is asked for again by the next `tidy`."""
    wake.valkey().delete(wake.key(CLEANED))


def shorten_logs(most_bytes: int) -> None:
    """Of each log that is longer the oldest chunks go; its reader sees one line in their place."""
    sizes = LogChunk.objects.values("stream").annotate(total=Sum("size_bytes"))
    for stream in sizes.filter(total__gt=most_bytes).values_list("stream", flat=True):
        newer = Window(Sum("size_bytes"), order_by=F("first_seq").desc())
        rows = LogChunk.objects.filter(stream=stream).annotate(with_newer=newer)
        last = rows.filter(with_newer__gt=most_bytes).order_by("-first_seq").values_list("last_seq", flat=True).first()
        LogChunk.objects.filter(stream=stream, last_seq__lte=last).delete()


def prune_releases() -> int:
    """Mark what is beyond each service's number of kept releases. Never one that is live or wanted by a deployment.

    What never served takes no place of those: its newest is kept, to be tried again.
    """
    return sum(_prune_releases_of(service) for service in Service.objects.order_by("pk").iterator())


@transaction.atomic
def _prune_releases_of(service: Service) -> int:
    """With the service's lock: a rollback to one of them comes before or after."""
    list(Service.objects.select_for_update(no_key=True).filter(pk=service.pk).values_list("pk"))
    in_use = Deployment.objects.filter(service=service, status__in=(*UNFINISHED, Status.LIVE), release__isnull=False)
    wanted = set(in_use.values_list("release_id", flat=True))
    rows = Release.objects.filter(service=service, pruned_at=None).order_by("-number")
    served = set(rows.that_served().values_list("pk", flat=True))
    groups: dict[tuple[object, bool], list[Release]] = {}
    for row in rows:
        groups.setdefault((row.environment_id, row.pk in served), []).append(row)
    kept = {True: service.releases_kept, False: 1}
    beyond = [row for (_, is_good), group in groups.items() for row in group[kept[is_good] :] if row.pk not in wanted]
    return Release.objects.filter(pk__in=[row.pk for row in beyond]).update(pruned_at=timezone.now())


def kept_digests() -> set[str]:
    """Images that serve, may be rolled back to, or are on their way to a release; what a registry calls them, too."""
    released = Release.objects.filter(pruned_at=None).values_list("build__digest", "build__reference")
    wanted = Deployment.objects.filter(status__in=(*UNFINISHED, Status.LIVE))
    named = wanted.values_list(*(f"{of}build__{name}" for of in ("", "release__") for name in ("digest", "reference")))
    return {name.rpartition("@")[2] for row in (*released, *named) for name in row if name}


def forget_sboms() -> None:
    """The list of what is in an image goes with it, a day later at the earliest. What a scan found stays."""
    listed = Inspection.objects.filter(document__isnull=False, created_at__lt=Now() - timedelta(days=1))
    listed.exclude(digest__in=kept_digests()).update(document=None)


@transaction.atomic
def forget_discarded_volumes() -> None:
    """The agent has seen a document that names them, some time ago."""
    if all(host.seen_generation == host.generation for host in Host.objects.all()):
        Volume.objects.filter(discarded_at__lt=Now() - timedelta(minutes=2)).delete()
