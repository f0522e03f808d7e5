"""What agents measure: taken once, kept for a while, shown with its gaps, to those who may see it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.module_loading import import_string

from apps.deployments.metrics_cards import last_hour, marks_of, sparkline, sparklines
from apps.deployments.metrics_charts import Chart, charts_of, dots_of, figure, path_of, rounded_up, seconds_text
from apps.deployments.models import Deployment
from apps.hosts import metrics
from apps.hosts.metrics_history import RANGES, Point, quantile
from apps.hosts.metrics_models import MINUTE, QUARTER, Measurement
from apps.hosts.metrics_queries import history_of
from apps.hosts.models import Host, ServiceState
from apps.projects.models import Environment, Service
from tests.apps.cast import Person, Shop, make_measured
from workers.desired import LATENCY_BOUNDS, MetricsReport

EMPTY = [0] * (len(LATENCY_BOUNDS) + 1)


@pytest.fixture
def web(shop: Shop) -> Service:
    """Alice's service, of which nothing was measured yet."""
    Measurement.objects.all().delete()
    return shop.service


@cache
def this_hour() -> datetime:
    return timezone.now().replace(minute=0, second=0, microsecond=0)


@pytest.fixture(autouse=True)
def one_hour_all_through() -> None:
    """Of a test, also when the next one begins meanwhile."""
    this_hour.cache_clear()


def noon(minutes: float = 0) -> datetime:
    """Twelve hours ago at a full hour, and some minutes."""
    return this_hour() + timedelta(minutes=minutes) - timedelta(hours=12)


def rows(minutes: int = MINUTE) -> list[Measurement]:
    return list(Measurement.objects.filter(minutes=minutes).order_by("at"))


def post(body: object, token: str) -> int:
    told = json.dumps(body)
    headers = {"Authorization": f"Bearer {token}"}
    return Client().post("/api/agent/metrics", told, content_type="application/json", headers=headers).status_code


def test_it_adds_samples_up_in_their_minute_and_in_their_quarter(web: Service) -> None:
    for seconds in (1, 11, 61):
        make_measured(web, noon() + timedelta(seconds=seconds))
    assert [(row.at, row.requests, row.usage_seconds) for row in rows()] == [(noon(), 40, 20), (noon(1), 20, 10)]
    quarter = rows(QUARTER)
    assert [(row.at, row.requests, row.errors, row.latency[6]) for row in quarter] == [(noon(), 60, 3, 60)]
    assert (round(quarter[0].cpu_seconds, 3), quarter[0].cpu_peak) == (6.6, 0.22)


def test_it_keeps_the_highest_and_the_newest(web: Service) -> None:
    usage = {"seconds": 10, "cpu_cores": 0.9, "memory_bytes": 300, "received_bytes": 0, "sent_bytes": 0}
    make_measured(web, noon(), usage=usage, memory_limit_bytes=400)
    make_measured(web, noon(0.5), usage={**usage, "cpu_cores": 0.1, "memory_bytes": 200}, memory_limit_bytes=500)
    row = rows()[0]
    assert (row.cpu_peak, row.memory_peak, row.memory_limit, row.cpu_seconds) == (0.9, 300, 500, 10.0)


def test_it_counts_what_is_sent_twice_once(web: Service) -> None:
    for _ in range(3):
        make_measured(web, noon())
    make_measured(web, noon(0.5))
    make_measured(web, noon())
    assert [row.requests for row in rows()] == [40]
    assert [row.requests for row in rows(QUARTER)] == [40]


def test_it_takes_nothing_from_the_future_nor_of_long_ago(web: Service) -> None:
    make_measured(web, timezone.now() + timedelta(minutes=6))
    make_measured(web, timezone.now() - timedelta(hours=25))
    assert rows() == []
    make_measured(web, timezone.now() + timedelta(minutes=1))
    assert len(rows()) == 1


def test_it_hears_a_host_about_its_own_services_only(web: Service, settings: Any) -> None:
    token = settings.SLIPWAY.host_token.get_secret_value()
    traffic = {"seconds": 10, "requests": 5, "errors": 0, "latency": EMPTY}
    body = {"ticks": [{"at": noon().isoformat(), "samples": [{"service": str(web.pk), "traffic": traffic}]}]}
    assert post(body, "wrong") == 401
    assert post(body, token) == 204
    assert [row.requests for row in rows()] == [5]
    ServiceState.objects.update(host=Host.objects.create(name="other", token_digest="o" * 64))
    body["ticks"][0]["at"] = noon(1).isoformat()
    assert post(body, token) == 204
    assert len(rows()) == 1


@pytest.mark.parametrize(
    "broken", [{"requests": -1}, {"latency": [1]}, {"seconds": 1e999}, {"requests": 2**60}, {"surplus": 1}]
)
def test_it_refuses_what_is_no_measurement(web: Service, settings: Any, broken: dict[str, Any]) -> None:
    traffic = {"seconds": 10, "requests": 5, "errors": 0, "latency": EMPTY, **broken}
    body = {"ticks": [{"at": noon().isoformat(), "samples": [{"service": str(web.pk), "traffic": traffic}]}]}
    assert post(body, settings.SLIPWAY.host_token.get_secret_value()) in (400, 422)
    assert rows() == []


def test_it_takes_a_moment_of_many_services_in_two_statements(
    web: Service, make_service: Callable[[str], Service]
) -> None:
    services = [web, *(make_service(f"more-{n}") for n in range(4))]
    samples = [{"service": str(service.pk)} for service in services]
    report = MetricsReport.model_validate({"ticks": [{"at": noon(), "samples": samples}]})
    with CaptureQueriesContext(
        connection,
    ) as queries:
        metrics.take_metrics(Host.objects.default(), report)
    assert (len(queries), len(rows())) == (3, 5)  # The host, the states, the rows.


def test_it_forgets_minutes_after_a_day_and_quarters_after_thirty(web: Service) -> None:
    make_measured(web)
    for days in (0.9, 1.1, 29, 31):
        for span in (MINUTE, QUARTER):
            at = timezone.now() - timedelta(days=days)
            state = ServiceState.objects.get(service=web)
            Measurement.objects.create(state=state, minutes=span, at=at, taken_at=at, latency=EMPTY)
    assert metrics.forget_old() == 4
    kept = [(row.minutes, (timezone.now() - row.at).days) for row in Measurement.objects.order_by("minutes", "-at")]
    assert kept == [(1, 0), (1, 0), (15, 0), (15, 0), (15, 1), (15, 29)]


def test_the_reconciler_has_it_forgotten(settings: Any) -> None:
    assert metrics.forget_old in [import_string(name) for name in settings.PERIODIC]


def test_it_forgets_with_the_service(shop: Shop) -> None:
    assert Measurement.objects.count() == 2
    shop.service.volumes.all().delete()
    Deployment.objects.filter(service=shop.service).update(rollback_of=None)
    ServiceState.objects.filter(service=shop.service).delete()
    assert Measurement.objects.count() == 0


# Reading


def test_it_shows_a_gap_where_nothing_was_reported(web: Service) -> None:
    for minute in (0, 1, 4):
        make_measured(web, noon(minute))
    history = history_of(web, web.environment, RANGES["1h"], now=noon(5))
    rates = [point.request_rate for point in history.points]
    assert (len(rates), rates[-7:]) == (60, [None, 2.0, 2.0, None, None, 2.0, None])
    assert history.points[-2].memory == 188 * 2**20
    assert history.points[-3].used(history.points[-3].memory) is None


def test_it_tells_no_traffic_from_traffic_that_was_not_measured(web: Service) -> None:
    make_measured(web, noon(), traffic=None)
    make_measured(web, noon(1), traffic={"seconds": 10, "requests": 0, "errors": 0, "latency": EMPTY})
    unknown, none = history_of(web, web.environment, RANGES["1h"], now=noon(1)).points[-2:]
    assert (unknown.request_rate, unknown.p95) == (None, None)
    assert (none.request_rate, none.error_share, none.p95) == (0.0, None, None)


@pytest.mark.parametrize("name", RANGES)
def test_it_holds_every_range_in_a_chart_s_number_of_points(web: Service, name: str) -> None:
    make_measured(web, noon())
    where = web.environment
    with CaptureQueriesContext(connection) as queries:
        history = history_of(web, where, RANGES[name])
    assert len(queries) == 1
    assert 60 <= len(history.points) <= 120
    assert history.requests == (20 if name not in ("1h", "6h") else 0)
    assert history.points[0].at == history.since and history.until > timezone.now()


def test_it_adds_the_hosts_of_a_service_up(web: Service) -> None:
    make_measured(web, noon())
    state = ServiceState.objects.get(service=web)
    row = rows()[0]
    other = Host.objects.create(name="other", token_digest="o" * 64)
    row.pk, row.state = None, ServiceState.objects.create(
        service=web, environment=state.environment, host=other, reported_at=noon()
    )  # fmt: skip
    row.save()
    point = history_of(web, web.environment, RANGES["1h"], now=noon()).points[-1]
    assert (point.requests, point.request_rate, round(point.cpu_cores, 2), point.cpu_limit) == (40, 4.0, 0.44, 2.0)


def test_it_leaves_other_environments_out(web: Service) -> None:
    make_measured(web, noon())
    preview = Environment.objects.create(project=web.project, name="pr-1", slug="pr-1")
    ServiceState.objects.update(environment=preview)
    assert history_of(web, web.environment, RANGES["1h"], now=noon()).is_empty


def test_it_finds_the_time_that_95_of_100_answers_stay_below() -> None:
    def counts(**at: int) -> list[int]:
        return [at.get(f"b{number}", 0) for number in range(len(EMPTY))]

    assert quantile(EMPTY, 0.95) is None
    assert quantile(counts(b0=100), 0.95) == pytest.approx(0.0019)
    assert quantile(counts(b0=90, b9=10), 0.95) == pytest.approx(0.375)  # Half way through 250 to 500 ms.
    assert quantile(counts(b0=1, b15=99), 0.95) == 10.0


# Charts


def test_it_breaks_a_line_at_gaps_and_draws_a_lone_point() -> None:
    assert path_of([1, 2, None, None, 4], 4) == "M100.0 75.0L300.0 50.0M900.0 0.0h.1"
    assert path_of([1, 2], 4, is_area=True) == "M250.0 75.0L750.0 50.0L750.0 100L250.0 100Z"
    assert path_of([None], 4) == ""
    assert dots_of([1, 2, None, None, 4], 4) == "M900.0 0.0h.1"


def test_it_ends_axes_at_numbers_that_halve_well() -> None:
    ends = {0: 0.001, 0.3: 0.4, 1: 1, 1.1: 2, 84: 100, 512: 600, 0.0005: 0.001, 38204: 40000}
    assert {value: round(rounded_up(value), 6) for value in ends} == ends


def test_it_says_figures_and_times_as_a_person_does() -> None:
    told = {0: "0", 0.004: "0.004", 0.22: "0.22", 84.26: "84.3", 188: "188", 38204: "38,204"}
    assert {value: figure(value) for value in told} == told
    assert (seconds_text(0.084), seconds_text(1.25)) == ("84 ms", "1.25 s")


def chart(service: Service, name: str, now: datetime) -> Chart:
    return next(c for c in charts_of(history_of(service, service.environment, RANGES["1h"], now=now)) if c.name == name)


def test_it_says_each_chart_in_a_sentence(web: Service) -> None:
    for minute in (0, 1, 4):
        make_measured(web, noon(minute))
    said = {c.name: c.summary for c in charts_of(history_of(web, web.environment, RANGES["1h"], now=noon(5)))}
    last = f"{noon(4):%H:%M}"
    assert said["requests"].startswith("60 requests in 1 hour, highest 2 a second at ")
    assert said["requests"].endswith("Nothing was reported for 2 min of it.")
    assert "95 of 100 answers took at most 98.8 ms" in said["p95"]
    assert "3 of 60 answers were 5xx, highest 5 % at" in said["errors"]
    assert said["cpu"].startswith("22 % of 1 core now, highest 22 % at ")
    assert said["memory"].startswith("188 of 512 MB now")
    assert said["network"].startswith("Received, highest 1 kB/s at ") and "; sent, highest 100 kB/s" in said["network"]
    assert any(last in row[0] for row in chart(web, "cpu", noon(5)).rows)


def test_it_has_a_table_with_the_same_numbers(web: Service) -> None:
    make_measured(web, noon())
    memory = chart(web, "memory", noon())
    assert (memory.head, memory.unit, memory.ticks) == (["used", "limit"], "MB", ["600", "300", "0"])
    assert memory.rows[-1] == [f"{noon():%H:%M}", "188 MB", "512 MB"]
    assert memory.rows[0][1:] == ["not measured", "not measured"]
    assert len(memory.rows) == 60


def test_it_shows_no_charts_of_requests_that_nobody_counted(web: Service) -> None:
    make_measured(web, noon(), traffic=None)
    assert [c.name for c in charts_of(history_of(web, web.environment, RANGES["1h"], now=noon()))] == [
        "cpu",
        "memory",
        "network",
    ]


def test_it_draws_the_highest_and_nothing_at_all() -> None:
    assert sparkline([0, 10], "x").path == "M250.0 100.0L750.0 9.1"
    assert sparkline([None, 0], "x").path == "M750.0 100.0h.1"
    assert Point(noon()).request_rate is None


# Pages and API


def test_it_tells_the_last_hour_in_two_queries(shop: Shop, web: Service) -> None:
    where = web.environment
    assert last_hour(web, where) is None
    make_measured(web)
    with CaptureQueriesContext(connection) as queries:
        hour = last_hour(web, where)
    assert hour is not None and len(queries) == 2
    told = (hour.requests, hour.p95, hour.errors, hour.cpu, hour.memory)
    assert told == ("20", "98.8 ms", "1", "22 % of 1 core", "188 of 512 MB")
    assert [mark.deployment for mark in hour.marks] == [shop.first, shop.live]
    assert all(900 < mark.x <= 1000 for mark in hour.marks)


def test_it_draws_the_lines_of_many_services_in_one_query(web: Service, make_service: Callable[[str], Service]) -> None:
    quiet, unheard = make_service("quiet"), make_service("unheard")
    make_measured(web)
    make_measured(quiet, traffic=None)
    with CaptureQueriesContext(connection) as queries:
        lines = sparklines([web.pk, quiet.pk, unheard.pk])
    assert len(queries) == 1
    assert {key: line.label for key, line in lines.items()} == {
        web.pk: "20 requests in 6 hours", quiet.pk: "CPU of 6 hours",
    }  # fmt: skip


def test_it_draws_a_quarter_that_is_not_over_as_high_as_the_others(web: Service) -> None:
    now = timezone.now()
    for minutes in (*range(30, 15, -1), 0):
        make_measured(web, now - timedelta(minutes=minutes))
    heights = re.findall(r"[ML][0-9.]+ ([0-9.]+)", sparklines([web.pk])[web.pk].path)
    assert set(heights) == {"9.1"}, "two requests a second all the time"


def test_it_marks_releases_of_the_range_only(shop: Shop, web: Service) -> None:
    Deployment.objects.filter(pk=shop.first.pk).update(live_at=timezone.now() - timedelta(hours=2))
    assert [
        mark.deployment for mark in marks_of(web, web.environment, history_of(web, web.environment, RANGES["1h"]))
    ] == [shop.live]
    assert len(marks_of(web, web.environment, history_of(web, web.environment, RANGES["6h"]))) == 2


def page(person: Person, service: Service, query: str = "", **headers: str) -> str:
    return person.client.get(f"/services/{service.pk}/metrics{query}", headers=headers).content.decode()


def test_it_shows_charts_with_marks_and_tables(shop: Shop, bob: Person) -> None:
    told = page(bob, shop.service)
    assert told.count("<figure") == 6 and told.count("<table>") == 6
    assert f'href="/deployments/{shop.live.pk}"' in told
    assert "style=" not in told and "<script>" not in told
    assert "<html" not in page(bob, shop.service, "?range=24h", HX_Request="true")


@pytest.mark.parametrize("name", ["24h", "nonsense", "'><script>"])
def test_it_keeps_the_range_in_the_address(shop: Shop, bob: Person, name: str) -> None:
    told = page(bob, shop.service, f"?range={name}")
    wanted = name if name in RANGES else "1h"
    assert f'<a href="?range={wanted}" aria-current="true"' in told
    assert f"/metrics?range={wanted}" in told


def test_it_says_what_to_do_when_nothing_was_measured(web: Service, alice: Person, bob: Person) -> None:
    told = page(alice, web)
    assert "Nothing measured in the last 1 hour" in told and "what runs of it" in told
    Deployment.objects.filter(service=web).update(status="superseded")
    assert "Deploy main" in page(alice, web)
    assert "Deploy main" not in page(bob, web)


def test_it_gives_the_same_numbers_over_the_api(shop: Shop, bob: Person, charlie: Person) -> None:
    told = bob.get(f"/services/{shop.service.key}/metrics?range=1h").json()  # type: ignore[attr-defined]
    series = {one["name"]: one for one in told["series"]}
    assert (told["range"], told["step_seconds"], len(told["times"])) == ("1h", 60, 60)
    assert all(len(one["values"]) == 60 for one in told["series"])
    newest = {name: [value for value in one["values"] if value is not None] for name, one in series.items()}
    assert newest["requests"] == [2.0] and newest["errors"] == [0.05]
    assert newest["cpu"] == [pytest.approx(0.22)] and newest["memory_limit"] == [512 * 2**20]
    assert series["response_time_p95"]["unit"] == "seconds"
    assert bob.get(f"/services/{shop.service.key}/metrics?range=2h").status_code == 422
    assert charlie.get(f"/services/{shop.service.key}/metrics").status_code == 404
