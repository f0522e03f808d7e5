"""Logs as pages show them: the first view with links to older and newer lines, more by numbers, search, download.

Build and runtime logs are the same here; an address says whose log it is.
"""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from apps.accounts.session import actor_of
from apps.deployments import logs, logsearch
from apps.deployments.access import deployment_for
from apps.deployments.forms import whole_number
from apps.deployments.log_page import asked_lines, log_page
from apps.deployments.logfile import as_file
from apps.deployments.logfilter import filter_of
from apps.deployments.logsearch import Found
from apps.deployments.models import LogStream, stream_of
from apps.projects.access import service_for
from apps.projects.environments import environment_asked, environment_or_production
from apps.projects.models import Service

MOST = 1000


@never_cache
@require_GET
def service_logs(request: HttpRequest, service_id: UUID) -> HttpResponse:
    """What its containers say, and said before they ended."""
    row = service_for(actor_of(request), service_id)
    where = environment_asked(request.GET, row.project)
    there = [row.pk] if where.is_production else [row.pk, where.slug]
    log_url = reverse("service-log" if where.is_production else "environment-log", args=there)
    context = log_page(request, stream_of(row, where), log_url)
    return render(request, "deployments/logs.html", {"service": row, "environment": where, **context})


@never_cache
@require_GET
def service_log(request: HttpRequest, service_id: UUID, environment: str = "") -> HttpResponse:
    """What the socket gives, for those without one. It never finishes."""
    row = service_for(actor_of(request), service_id)
    return _answer(request, _stream_in(row, environment), finished=False)


@never_cache
@require_GET
def service_log_search(request: HttpRequest, service_id: UUID, environment: str = "") -> HttpResponse:
    row = service_for(actor_of(request), service_id)
    return _matches(request, _stream_in(row, environment))


@never_cache
@require_GET
def service_log_download(request: HttpRequest, service_id: UUID, environment: str = "") -> HttpResponseBase:
    row = service_for(actor_of(request), service_id)
    return _download(request, _stream_in(row, environment), row.name)


def _stream_in(service: Service, environment: str) -> LogStream | None:
    return stream_of(service, environment_or_production(service, environment))


@never_cache
@require_GET
def deployment_log(request: HttpRequest, deployment_id: UUID) -> HttpResponse:
    """What the socket gives, for those without one: `{"lines", "first", "last", "newest", "finished"}`."""
    row = deployment_for(actor_of(request), deployment_id)
    return _answer(request, LogStream.objects.filter(deployment=row).first(), finished=row.is_finished)


@never_cache
@require_GET
def deployment_log_search(request: HttpRequest, deployment_id: UUID) -> HttpResponse:
    row = deployment_for(actor_of(request), deployment_id)
    return _matches(request, LogStream.objects.filter(deployment=row).first())


@never_cache
@require_GET
def deployment_log_download(request: HttpRequest, deployment_id: UUID) -> HttpResponseBase:
    row = deployment_for(actor_of(request), deployment_id)
    stream = LogStream.objects.filter(deployment=row).first()
    return _download(request, stream, f"{row.service.name}-{row.number}")


def _answer(request: HttpRequest, stream: LogStream | None, *, finished: bool) -> JsonResponse:
    """Lines, at most `limit` (1000) of them, and from which number to which they are complete."""
    limit = max(1, min(whole_number(request.GET.get("limit")) or MOST, MOST))
    wanted = filter_of(request.GET)
    after = whole_number(request.GET.get("after"))
    if stream and after is not None and wanted.is_empty:  # Reading along: from Valkey while it has them.
        lines = logs.read(stream, after, limit=limit)
        found = Found(lines, after + 1, lines[-1].seq if lines else after)
    else:
        found = asked_lines(request, stream, wanted, limit)
    newest = max(stream.next_seq - 1, found.last) if stream else 0
    told = {"first": found.first, "last": found.last, "newest": newest, "finished": finished}
    return JsonResponse({"lines": [line.as_dict() for line in found.lines], **told})


def _matches(request: HttpRequest, stream: LogStream | None) -> JsonResponse:
    """Numbers of the lines with `q` in them, newest 5000 at most; `capped` when there may be more, below `from`."""
    wanted = filter_of(request.GET)
    before = whole_number(request.GET.get("before")) or logs.NEVER
    found = logsearch.Matches([], 1, False)
    if stream is not None and wanted.q:
        found = logsearch.search(stream, wanted, before=before)
    return JsonResponse({"numbers": found.numbers, "from": found.searched_from, "capped": found.is_capped})


def _download(request: HttpRequest, stream: LogStream | None, name: str) -> HttpResponseBase:
    """What the filters let through, as a text file; with moments and sources if `times` is told."""
    if stream is None:
        return as_file(iter(()), name)
    return as_file(logsearch.texts(stream, filter_of(request.GET), with_times="times" in request.GET), name)
