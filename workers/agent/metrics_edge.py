"""What the edge answered for each service, out of Traefik's Prometheus counters. Pure, but for `scrape`.

Names of the counters: https://doc.traefik.io/traefik/observability/metrics/overview/. Routes are named by service
keys (`workers.traefik`), so `<service key>@file` is the service. A long-lived connection counts as a request when it
ends, and is left out of the latency.
"""

from __future__ import annotations

import re
import time
from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, field

import httpx2

from workers.desired import LATENCY_BOUNDS, Traffic
from workers.errors import PlatformError

_STARTED = re.compile(r"^process_start_time_seconds (\S+)$", re.MULTILINE)
_LABELS = (
    r'code="(?P<code>\d+)",method="(?P<method>[^"]*)",protocol="(?P<protocol>\w*)"'
    r',service="(?P<service>[0-9a-f-]{36,73})@file"'
)
_REQUESTS = re.compile(rf"^traefik_service_requests_total\{{{_LABELS}\}} (?P<value>\S+)$", re.MULTILINE)
_BUCKET = re.compile(
    rf'^traefik_service_request_duration_seconds_bucket\{{{_LABELS},le="(?P<le>[^"]+)"\}} (?P<value>\S+)$', re.MULTILINE
)

Series = tuple[str, str, str, str]  # service, code, method, and the protocol or the upper bound


@dataclass(frozen=True)
class Counters:
    """The edge's counters at a moment (epoch seconds). `started` tells its runs apart: a new one counts from zero."""

    at: float
    started: float
    requests: dict[Series, int] = field(default_factory=dict)
    buckets: dict[Series, int] = field(default_factory=dict)  # cumulative, as Prometheus has them


def scrape(url: str) -> Counters:
    """Raises PlatformError when the edge does not tell."""
    try:
        answer = httpx2.get(url, timeout=5.0, trust_env=False)
        answer.raise_for_status()
        return counters_in(answer.text, at=time.time())
    except (httpx2.HTTPError, ValueError) as error:
        raise PlatformError("metrics:platform:edge-silent", f"The edge does not tell its metrics: {error}.") from error


def counters_in(text: str, *, at: float) -> Counters:
    """Out of Prometheus' text form. ValueError for a number that is none."""
    started = _STARTED.search(text)
    requests = {_series(m, m["protocol"]): int(float(m["value"])) for m in _REQUESTS.finditer(text)}
    buckets = {_series(m, m["le"]): int(float(m["value"])) for m in _BUCKET.finditer(text) if m["protocol"] == "http"}
    return Counters(at, float(started[1]) if started else 0.0, requests, buckets)


def _series(found: re.Match[str], last: str) -> Series:
    return found["service"], found["code"], found["method"], last


def traffic_between(before: Counters, now: Counters, services: list[str]) -> dict[str, Traffic]:
    """What was answered from `before` to `now`. A service without a counter had no request."""
    if before.started != now.started:
        before = Counters(max(before.at, now.started), now.started)
    requests, errors = _requests(before, now)
    latency = _latency(before, now)
    seconds = round(max(0.001, now.at - before.at), 3)
    return {
        service: Traffic(
            seconds=seconds, requests=requests[service], errors=errors[service], latency=latency[service]
        )
        for service in services
    }  # fmt: skip


def _requests(before: Counters, now: Counters) -> tuple[dict[str, int], dict[str, int]]:
    requests: dict[str, int] = defaultdict(int)
    errors: dict[str, int] = defaultdict(int)
    for series, value in now.requests.items():
        more = _more(value, before.requests.get(series, 0))
        requests[series[0]] += more
        errors[series[0]] += more if series[1].startswith("5") else 0
    return requests, errors


def _latency(before: Counters, now: Counters) -> dict[str, list[int]]:
    """Counts in each of our ranges. Another edge's bounds fall into the range that holds them."""
    rising: dict[tuple[str, str, str], list[tuple[float, int]]] = defaultdict(list)
    for series, value in now.buckets.items():
        rising[series[:3]].append((float(series[3]), _more(value, before.buckets.get(series, 0))))
    latency: dict[str, list[int]] = defaultdict(lambda: [0] * (len(LATENCY_BOUNDS) + 1))
    for (service, _, _), cumulative in rising.items():
        below = 0
        for bound, count in sorted(cumulative):
            latency[service][bisect_left(LATENCY_BOUNDS, bound)] += max(0, count - below)
            below = count
    return latency


def _more(value: int, before: int) -> int:
    """A series that fell was dropped by the edge and came back."""
    return value - before if value >= before else value
