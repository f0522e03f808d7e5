"""Logs by polling, with the numbers that the sockets have too."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from apps.accounts.bearer import actor_of
from apps.deployments import logs
from apps.deployments.api import deployment_for
from apps.deployments.models import LogStream
from apps.deployments.schemas_logs import LogOut, LogQuery
from apps.projects.access import service_for

router = Router(tags=["logs"])

TEXT = {"responses": {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}}


def _answer(stream: LogStream | None, query: LogQuery) -> Any:
    last = logs.last_seq(stream) if stream else 0
    after = query.after if query.tail is None else max(0, last - query.tail)
    limit = query.limit if query.tail is None else query.tail
    lines = logs.read(stream, after, limit=limit) if stream and last > after else []
    if query.format == "text":
        text = "".join(f"{line.text}\n" for line in lines)
        return HttpResponse(text, content_type="text/plain; charset=utf-8")
    next_after = lines[-1].seq if lines else after
    return {"lines": [line.as_dict() for line in lines], "next_after": next_after, "last_seq": max(last, next_after)}


@router.get(
    "/deployments/{uuid:deployment_id}/logs",
    response=LogOut,
    operation_id="get_deployment_logs",
    summary="Read a deployment's log",
    openapi_extra=TEXT,
)
def get_deployment_logs(request: HttpRequest, deployment_id: UUID, query: Query[LogQuery]) -> Any:
    """Build and release, by consecutive numbers: ask again with `after` = `next_after`."""
    deployment = deployment_for(actor_of(request), deployment_id)
    return _answer(LogStream.objects.filter(deployment=deployment).first(), query)


@router.get(
    "/services/{uuid:service_id}/logs",
    response=LogOut,
    operation_id="get_service_logs",
    summary="Read a service's log",
    openapi_extra=TEXT,
)
def get_service_logs(request: HttpRequest, service_id: UUID, query: Query[LogQuery]) -> Any:
    """What its containers say, also those that are gone."""
    service = service_for(actor_of(request), service_id)
    return _answer(LogStream.objects.filter(service=service).first(), query)
