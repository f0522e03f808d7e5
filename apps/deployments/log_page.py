"""What a page of a log shows, and which lines its address asks for. Not in charge of whose log it is (`views_logs`)."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from apps.deployments import logs, logsearch
from apps.deployments.forms import whole_number
from apps.deployments.logfilter import Filter, filter_of
from apps.deployments.logsearch import Found
from apps.deployments.logtext import LEVELS
from apps.deployments.models import LogStream
from apps.deployments.states import STEPS

FIRST_VIEW = 500
RANGES = (("15m", "Last 15 minutes"), ("1h", "Last hour"), ("24h", "Last 24 hours"))
NOTHING = Found([], 1, 0)


def log_page(request: HttpRequest, stream: LogStream | None, log_url: str) -> dict[str, Any]:
    """What `_log.html` shows: the newest lines, those below `before`, above `after`, or around a number; filtered.

    `log_url` gives more of them; what is below it searches and downloads.
    """
    wanted = filter_of(request.GET)
    found = asked_lines(request, stream, wanted, FIRST_VIEW)
    newest = stream.next_seq - 1 if stream else 0
    sources = {line.source for line in found.lines} | wanted.sources
    sources |= set(STEPS[:-1]) if stream and stream.deployment_id else set()
    kept = request.GET.copy()
    for name in ("before", "after", "around"):
        kept.pop(name, None)
    return {
        "lines": found.lines,
        "found": found,
        "newest": newest,
        "is_tail": found.last >= newest,
        "wanted": wanted,
        "filters": f"{kept.urlencode()}&" if kept else "",
        "levels": LEVELS,
        "sources": sorted(sources),
        "ranges": RANGES,
        "told": request.GET,
        "log_url": log_url,
    }


def asked_lines(request: HttpRequest, stream: LogStream | None, wanted: Filter, limit: int) -> Found:
    """By `around`, `after` or `before`, the newest when none is told."""
    if stream is None:
        return NOTHING
    numbers = {name: whole_number(request.GET.get(name)) for name in ("around", "after", "before")}
    if numbers["around"] is not None:
        return logsearch.around(stream, numbers["around"], wanted, limit)
    if numbers["after"] is not None:
        return logsearch.newer(stream, numbers["after"], wanted, limit)
    before = numbers["before"]
    return logsearch.older(stream, logs.NEVER if before is None else before, wanted, limit)
