"""What the agent measures: containers by the engine's counters, requests by the edge's, whatever restarts meanwhile."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from tests.workers.agent.conftest import Host, make_service
from tests.workers.agent.control import Control
from workers.agent.client import ControlPlane
from workers.agent.config import config_from
from workers.agent.metrics import Outbox, tick_of
from workers.agent.metrics_edge import Counters, counters_in, scrape, traffic_between
from workers.agent.metrics_usage import Meter, Reading, gained
from workers.desired import LATENCY_BOUNDS, Sample, Service, Tick, Traffic, Usage
from workers.docker import Engine
from workers.edge import EdgeSettings, arguments, metrics_url, start_edge
from workers.errors import PlatformError

WEB = "11111111-1111-1111-1111-111111111111"
API = "22222222-2222-2222-2222-222222222222"
EMPTY = [0] * (len(LATENCY_BOUNDS) + 1)


# Containers


def reading(at: float, cpu: float = 0, memory: int = 0, received: int = 0, sent: int = 0) -> Reading:
    return Reading(at, int(cpu * 1e9), memory, received, sent)


def test_it_makes_amounts_out_of_counters() -> None:
    meter = Meter()
    begun = time.monotonic()
    meter.read(WEB, "a", reading(begun, cpu=100, memory=5, received=7, sent=9))
    assert meter.take() == {}  # When the counters rose is not known.
    meter.read(WEB, "a", reading(begun + 5, cpu=101, memory=6, received=17, sent=10))
    meter.read(WEB, "a", reading(begun + 10, cpu=102.5, memory=4, received=27, sent=11))
    assert meter.take() == {WEB: Usage(seconds=10, cpu_cores=0.25, memory_bytes=4, received_bytes=20, sent_bytes=2)}
    assert meter.take() == {}
    meter.read(WEB, "a", reading(begun + 20, cpu=102.5, memory=4, received=27, sent=11))
    assert meter.take() == {WEB: Usage(seconds=10, cpu_cores=0, memory_bytes=4, received_bytes=0, sent_bytes=0)}


def test_it_adds_the_containers_of_a_service_up() -> None:
    meter = Meter()
    begun = time.monotonic()
    for container, service in (("a", WEB), ("b", WEB), ("c", API)):
        meter.read(service, container, reading(begun))
        meter.read(service, container, reading(begun + 10, cpu=5, memory=100, received=1))
    told = meter.take()
    assert (told[WEB].cpu_cores, told[WEB].memory_bytes, told[WEB].received_bytes) == (1.0, 200, 2)
    assert (told[API].cpu_cores, told[API].memory_bytes) == (0.5, 100)


def test_it_takes_counters_that_fell_as_begun_anew() -> None:
    assert (gained(100, 130), gained(100, 0), gained(100, 20)) == (30, 0, 20)
    meter = Meter()
    begun = time.monotonic()
    meter.read(WEB, "a", reading(begun, cpu=1000, received=10**9))
    meter.read(WEB, "a", reading(begun + 10, cpu=2, received=50))
    told = meter.take()[WEB]
    assert (told.cpu_cores, told.received_bytes) == (0.2, 50)


def test_it_forgets_containers_that_are_gone() -> None:
    meter = Meter()
    long_ago = time.monotonic() - 500
    meter.read(WEB, "gone", reading(long_ago))
    meter.take()
    meter.read(WEB, "gone", reading(long_ago + 490, cpu=1))
    assert meter.take() == {}


# The edge


def told_by_edge(started: float, *answers: tuple[str, str, int, dict[str, int]], service: str = WEB) -> str:
    """Prometheus' text: `(code, method, count, {le: cumulative})`."""
    lines = [f"process_start_time_seconds {started}", "# HELP something", "go_goroutines 12"]
    for code, method, count, buckets in answers:
        labels = f'code="{code}",method="{method}",protocol="http",service="{service}@file"'
        lines += [
            f'traefik_service_request_duration_seconds_bucket{{{labels},le="{le}"}} {n}' for le, n in buckets.items()
        ]
        lines += [f"traefik_service_requests_total{{{labels}}} {count}"]
    return "\n".join(lines) + "\n"


def latency(**counts: int) -> list[int]:
    """`b3=2`: two in the fourth range."""
    return [counts.get(f"b{number}", 0) for number in range(len(EMPTY))]


def test_it_counts_requests_errors_and_how_long_they_took() -> None:
    before = counters_in(told_by_edge(1, ("200", "GET", 10, {"0.002": 10, "0.005": 10, "+Inf": 10})), at=100)
    text = told_by_edge(
        1,
        ("200", "GET", 13, {"0.002": 11, "0.005": 12, "+Inf": 13}),
        ("502", "POST", 2, {"0.002": 0, "0.005": 2, "+Inf": 2}),
    )
    told = traffic_between(before, counters_in(text, at=110), [WEB, API])
    assert told == {
        WEB: Traffic(seconds=10, requests=5, errors=2, latency=latency(b0=1, b1=3, b15=1)),
        API: Traffic(seconds=10, requests=0, errors=0, latency=EMPTY),
    }


def test_it_counts_a_new_run_of_the_edge_from_zero() -> None:
    """Also when the new run has counted further than the old one had."""
    before = counters_in(told_by_edge(1, ("200", "GET", 5, {"+Inf": 5})), at=100)
    after = counters_in(told_by_edge(104, ("200", "GET", 200, {"+Inf": 200})), at=110)
    assert traffic_between(before, after, [WEB]) == {
        WEB: Traffic(seconds=6, requests=200, errors=0, latency=latency(b15=200))
    }


def test_it_counts_a_series_that_the_edge_forgot_from_zero() -> None:
    before = counters_in(told_by_edge(1, ("200", "GET", 500, {"+Inf": 500})), at=100)
    after = counters_in(told_by_edge(1, ("200", "GET", 3, {"+Inf": 3})), at=110)
    told = traffic_between(before, after, [WEB])[WEB]
    assert (told.requests, sum(told.latency)) == (3, 3)


def test_it_puts_another_edges_bounds_into_the_range_that_holds_them() -> None:
    text = told_by_edge(1, ("200", "GET", 4, {"0.1": 1, "0.3": 3, "1.2": 4, "+Inf": 4}))
    told = traffic_between(Counters(0, 1), counters_in(text, at=10), [WEB])[WEB]
    assert told.latency == latency(b6=1, b9=2, b12=1)


def test_it_leaves_long_lived_connections_out_of_the_latency() -> None:
    text = told_by_edge(1, ("101", "GET", 4, {"+Inf": 4})).replace('protocol="http"', 'protocol="websocket"')
    told = traffic_between(Counters(0, 1), counters_in(text, at=10), [WEB])[WEB]
    assert (told.requests, told.latency) == (4, EMPTY)


def test_it_says_that_an_edge_is_silent() -> None:
    with pytest.raises(PlatformError, match="does not tell its metrics"):
        scrape("http://127.0.0.1:9/metrics")


def test_it_asks_the_edge_for_our_ranges(tmp_path: Any) -> None:
    told = arguments(EdgeSettings("0" * 8, tmp_path, 8080), 21000)
    assert "--metrics.prometheus.addserviceslabels=true" in told
    assert f"--metrics.prometheus.buckets={','.join(str(bound) for bound in LATENCY_BOUNDS)}" in told


def test_it_may_be_told_where_a_foreign_edge_tells_its_metrics() -> None:
    told = {
        "SLIPWAY_API_URL": "http://x", "SLIPWAY_HOST_TOKEN": "t", "SLIPWAY_INSTANCE": "0" * 8, "SLIPWAY_HOME": "/tmp",
    }  # fmt: skip
    assert config_from(told).edge_metrics_url == ""
    url = "http://127.0.0.1:8082/metrics"
    assert config_from({**told, "TRAEFIK_METRICS_URL": url}).edge_metrics_url == url


# What is sent


def test_it_tells_limits_and_leaves_out_what_is_not_known() -> None:
    web, api = make_service("sha256:0"), make_service("sha256:0")
    traffic = Traffic(seconds=10, requests=1, errors=0, latency=EMPTY)
    tick = tick_of([web, api], {}, {web.id: traffic})
    assert tick.samples == [
        Sample(service=web.id, cpu_limit=1.0, memory_limit_bytes=128 * 2**20, usage=None, traffic=traffic)
    ]


@pytest.fixture
def control() -> Iterator[Control]:
    made = Control()
    yield made
    made.close()


def tick(number: int) -> Tick:
    usage = Usage(seconds=10, cpu_cores=number, memory_bytes=0, received_bytes=0, sent_bytes=0)
    return Tick(at=datetime.now(UTC), samples=[Sample(service=WEB, usage=usage)])


def numbers(control: Control) -> list[int]:
    return [int(sample["usage"]["cpu_cores"]) for told in control.ticks for sample in told["samples"]]


def test_it_keeps_the_newest_while_the_control_plane_is_away(
    control: Control, capfd: pytest.CaptureFixture[str]
) -> None:
    size = len(tick(0).model_dump_json(exclude_none=True))
    outbox = Outbox(ControlPlane(control.url, "t" * 40), limit=size * 5)
    control.failing = True
    for number in range(8):
        outbox.add(tick(number))
        outbox.send()
    assert control.ticks == []
    control.failing = False
    outbox.send()
    outbox.send()
    said = capfd.readouterr().err
    assert numbers(control) == list(range(8 - len(control.ticks), 8)) and 4 <= len(control.ticks) <= 5
    assert said.count("metrics wait:") == 1 and said.count("the oldest are dropped") == 1
    assert f"{8 - len(control.ticks)} samples were dropped meanwhile" in said


# A real edge and a real container


def sampled(host: Host, service: Service) -> list[dict[str, Any]]:
    return [s for told in host.control.ticks for s in told["samples"] if s["service"] == service.id]


def traffic_of(host: Host, service: Service) -> list[dict[str, Any]]:
    return [s["traffic"] for s in sampled(host, service) if s["traffic"]]


def total(host: Host, service: Service, what: str) -> int:
    return sum(told[what] for told in traffic_of(host, service))


def used(host: Host, service: Service, way: str) -> int:
    """Bytes that were `received` or `sent`, by the container's counters."""
    return sum(s["usage"][f"{way}_bytes"] for s in sampled(host, service) if s["usage"])


def ask(host: Host, service: Service, path: str, count: int) -> None:
    told = {"Host": service.routes[0].host}
    with httpx2.Client(base_url=host.edge_url, headers=told, trust_env=False) as client:
        for _ in range(count):
            client.get(path)


def edge_of(engine: Engine) -> str:
    return engine.containers(role="edge")[0].id


@pytest.mark.docker
def test_it_counts_each_request_once_whatever_restarts_or_is_away(host: Host, service: Service) -> None:
    host.control.publish(service)
    host.control.step(service.deployment, "switch")
    url = metrics_url(host.engine)
    assert url is not None
    host.control.wait(lambda: traffic_of(host, service), 40, "a first sample of traffic")
    before = total(host, service, "requests"), total(host, service, "errors")
    ask(host, service, "/", 170)
    ask(host, service, "/fail", 30)
    host.control.wait(lambda: total(host, service, "requests") >= before[0] + 200, 40, "200 requests")
    assert total(host, service, "requests") == before[0] + 200
    assert total(host, service, "errors") == before[1] + 30
    newest = max(traffic_of(host, service), key=lambda told: told["requests"])
    assert sum(newest["latency"]) == newest["requests"]
    assert sum(newest["latency"][:8]) > newest["requests"] * 0.9, "a small answer takes less than 250 ms"

    host.control.wait(lambda: all(used(host, service, what) > 200 * 60 for what in ("received", "sent")), 40, "bytes")
    usage = [s["usage"] for s in sampled(host, service) if s["usage"]]
    assert all(0 <= u["cpu_cores"] <= 1.5 and 0 < u["seconds"] <= 40 for u in usage), usage
    assert all(2**20 < u["memory_bytes"] < 128 * 2**20 for u in usage), usage
    assert {s["memory_limit_bytes"] for s in sampled(host, service)} == {128 * 2**20}

    # Another run of the edge begins at zero: all that it counts is new, and nothing of the old run comes back.
    host.engine.stop(edge_of(host.engine), 5)
    assert metrics_url(host.engine) is None
    start_edge(EdgeSettings(host.instance, host.home / "edge" / "routes", host.edge_port, "127.0.0.1"))
    started, known = time.monotonic(), total(host, service, "requests")
    while host.get(service).status_code != 200:
        assert time.monotonic() - started < 40
    host.control.failing = True
    ask(host, service, "/", 300)
    away = len(host.control.ticks)
    time.sleep(5)
    assert len(host.control.ticks) == away, "what is measured while the control plane is away comes later"
    host.control.failing = False
    host.control.wait(lambda: total(host, service, "requests") >= known + 300, 40, "300 more requests")
    more = total(host, service, "requests") - known
    assert 300 <= more <= 330, "the 300, and the few by which the test saw that the edge serves again"
    assert max(told["requests"] / told["seconds"] for told in traffic_of(host, service)) < 2000

    # A new agent does not count what the old one did.
    host.stop_agent()
    known = total(host, service, "requests")
    marked = len(host.control.ticks)
    host.start_agent()
    host.control.wait(lambda: [s for t in host.control.ticks[marked:] for s in t["samples"] if s["traffic"]], 60)
    assert total(host, service, "requests") - known < 5
