"""Logs by polling, with the numbers that the sockets have too; search in them; the whole as a file."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from apps.accounts.bearer import actor_of
from apps.deployments import logs, logsearch
from apps.deployments.api import deployment_for
from apps.deployments.logfile import as_file
from apps.deployments.logfilter import Filter
from apps.deployments.logsearch import Found
from apps.deployments.models import LogStream, stream_of
from apps.deployments.schemas_logs import LogOut, LogQuery, SearchOut, SearchQuery, ServiceLogQuery, ServiceSearchQuery
from apps.projects.access import service_for
from apps.projects.environments import environment_or_production

router = Router(tags=["logs"])

TEXT = {"responses": {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}}


def _answer(stream: LogStream | None, query: LogQuery, name: str) -> Any:
    wanted = query.wanted()
    if query.format == "file":
        return as_file(logsearch.texts(stream, wanted) if stream else iter(()), name)
    found = _found(stream, query, wanted)
    if query.format == "text":
        text = "".join(f"{line.text}\n" for line in found.lines)
        return HttpResponse(text, content_type="text/plain; charset=utf-8")
    last = max(found.last, logs.last_seq(stream) if stream else 0)
    return {"lines": [line.as_dict() for line in found.lines], "next_after": found.last, "last_seq": last}


def _found(stream: LogStream | None, query: LogQuery, wanted: Filter) -> Found:
    """Unfiltered from the live stream while it has them."""
    if stream is None:
        return Found([], 1, query.after)
    last = logs.last_seq(stream)
    if not wanted.is_empty:
        if query.tail is not None:
            return logsearch.older(stream, logs.NEVER, wanted, query.tail)
        return logsearch.newer(stream, query.after, wanted, query.limit)
    after = query.after if query.tail is None else max(0, last - query.tail)
    lines = logs.read(stream, after, limit=query.tail or query.limit) if last > after else []
    return Found(lines, after + 1, lines[-1].seq if lines else after)


def _search(stream: LogStream | None, query: SearchQuery) -> logsearch.Matches:
    if stream is None:
        return logsearch.Matches([], 1, is_capped=False)
    return logsearch.search(stream, query.wanted(), before=query.before or logs.NEVER, most=query.limit)


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
    stream = LogStream.objects.filter(deployment=deployment).first()
    return _answer(stream, query, f"{deployment.service.name}-{deployment.number}")


@router.get(
    "/services/{uuid:service_id}/logs",
    response=LogOut,
    operation_id="get_service_logs",
    summary="Read a service's log",
    openapi_extra=TEXT,
)
def get_service_logs(request: HttpRequest, service_id: UUID, query: Query[ServiceLogQuery]) -> Any:
    """What its containers say, also those that are gone."""
    service = service_for(actor_of(request), service_id)
    where = environment_or_production(service, query.environment)
    return _answer(stream_of(service, where), query, service.name)


@router.get(
    "/deployments/{uuid:deployment_id}/logs/search",
    response=SearchOut,
    operation_id="search_deployment_logs",
    summary="Search a deployment's log",
)
def search_deployment_logs(request: HttpRequest, deployment_id: UUID, query: Query[SearchQuery]) -> Any:
    """Newest first and for two seconds at most: ask again with `before` = `searched_from` while it is capped."""
    deployment = deployment_for(actor_of(request), deployment_id)
    return _search(LogStream.objects.filter(deployment=deployment).first(), query)


@router.get(
    "/services/{uuid:service_id}/logs/search",
    response=SearchOut,
    operation_id="search_service_logs",
    summary="Search a service's log",
)
def search_service_logs(request: HttpRequest, service_id: UUID, query: Query[ServiceSearchQuery]) -> Any:
    """Newest first and for two seconds at most: ask again with `before` = `searched_from` while it is capped."""
    service = service_for(actor_of(request), service_id)
    return _search(stream_of(service, environment_or_production(service, query.environment)), query)
