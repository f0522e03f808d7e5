"""What agents call: the document by long poll, reports, log lines. A host's token sees that host only."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import redis.asyncio
from asgiref.sync import sync_to_async
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Router, Status
from ninja.security import HttpBearer

from apps.deployments import reports, runtime_logs
from apps.deployments.desired import document_for
from apps.hosts.actions import saw
from apps.hosts.metrics import take_metrics
from apps.hosts.models import Host
from apps.lib import wake
from workers import desired

log = logging.getLogger(__name__)

POLL_SECONDS = 2.0  # How late a document is when a wake-up was lost.


class HostToken(HttpBearer):
    async def __call__(self, request: HttpRequest) -> Any:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        return await self.authenticate(request, token) if kind.lower() == "bearer" else None

    async def authenticate(self, request: HttpRequest, token: str) -> Host | None:
        return await sync_to_async(Host.objects.for_bearer)(token)


router = Router(auth=HostToken())


@router.get("/desired")
async def get_desired(request: HttpRequest, generation: int = 0, wait: float = 25.0) -> HttpResponse:
    """The document, as soon as its generation is not `generation`; 304 after `wait` seconds."""
    host: Host = request.auth  # type: ignore[attr-defined]
    await sync_to_async(saw)(host)
    if not await _has_changed(host, generation, min(wait, 55.0)):
        return HttpResponse(status=304)
    document = await sync_to_async(document_for)(host)
    return HttpResponse(document.model_dump_json(), content_type="application/json")


async def _has_changed(host: Host, generation: int, wait: float) -> bool:
    """Looks first, then whenever Valkey says so, and every two seconds in case it did not."""
    loop = asyncio.get_running_loop()
    end = loop.time() + wait
    client = redis.asyncio.Redis.from_url(settings.REDIS_URL)
    channel = client.pubsub()
    try:
        subscribed = await _subscribe(channel, host)
        while await _generation(host) == generation:
            left = end - loop.time()
            if left <= 0:
                return False
            pause = min(left, POLL_SECONDS)
            try:
                if subscribed:
                    await channel.get_message(ignore_subscribe_messages=True, timeout=pause)
                else:
                    await asyncio.sleep(min(pause, 0.5))
            except (redis.RedisError, OSError):
                subscribed = False
        return True
    finally:
        await channel.aclose()  # type: ignore[no-untyped-call]
        await client.aclose()


async def _subscribe(channel: Any, host: Host) -> bool:
    try:
        await channel.subscribe(wake.key(f"host:{host.pk}"))
        # The confirmation is awaited here, so that no change falls between the subscription and the look.
        await channel.get_message(timeout=1.0)
    except (redis.RedisError, OSError) as error:
        log.warning("Valkey is away (%s); the agent's poll asks PostgreSQL", error)
        return False
    return True


async def _generation(host: Host) -> int:
    found = await Host.objects.filter(pk=host.pk).values_list("generation", flat=True).afirst()
    return found or 0


@router.post("/reports", response={204: None})
def post_reports(request: HttpRequest, told: desired.Reports) -> Status[None]:
    host: Host = request.auth  # type: ignore[attr-defined]
    saw(host, generation=told.generation, version=told.agent_version)
    for report in told.reports:
        reports.take(host, report)
    return Status(204, None)


@router.post("/logs", response={204: None})
def post_logs(request: HttpRequest, told: desired.LogBatches) -> Status[None]:
    for batch in told.batches:
        runtime_logs.take_logs(batch)
    return Status(204, None)


@router.post("/metrics", response={204: None})
def post_metrics(request: HttpRequest, told: desired.MetricsReport) -> Status[None]:
    host: Host = request.auth  # type: ignore[attr-defined]
    take_metrics(host, told)
    return Status(204, None)
