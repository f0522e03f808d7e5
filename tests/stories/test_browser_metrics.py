"""The charts in a real browser: readable without JavaScript, walked by keys, updated in place, narrow and wide."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page

from apps.deployments.models import Deployment
from apps.hosts.metrics_models import Measurement
from tests.apps.cast import Person, Shop, make_measured
from tests.stories.test_browser_pages import browser, complaints, follow, signed_in, site, until
from workers.desired import LATENCY_BOUNDS, Traffic, Usage

__all__ = ["browser", "site"]

PICTURES = os.environ.get("PICTURES")  # A folder: every test that looks leaves a picture there.
SCHEMES = [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")]


def picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES, f"{name}.png")), full_page=True)


def an_hour(shop: Shop) -> None:
    """Busy, with a gap of six minutes, a release half an hour ago and errors after it."""
    Measurement.objects.all().delete()
    now = timezone.now()
    Deployment.objects.filter(pk=shop.live.pk).update(live_at=now - timedelta(minutes=30))
    Deployment.objects.filter(pk=shop.first.pk).update(live_at=now - timedelta(hours=3))
    for minute in [*range(59, 44, -1), *range(38, -1, -1)]:
        requests = 300 + (minute * 37) % 190
        latency = [0] * (len(LATENCY_BOUNDS) + 1)
        latency[3], latency[6] = requests - requests // 9, requests // 9
        usage = Usage(
            seconds=60, cpu_cores=0.12 + (minute * 13 % 20) / 100, memory_bytes=(150 + 60 - minute) * 2**20,
            received_bytes=requests * 2_000, sent_bytes=requests * 30_000,
        )  # fmt: skip
        errors = minute % 7 if minute < 30 else 0
        traffic = Traffic(seconds=60, requests=requests, errors=errors, latency=latency)
        make_measured(shop.service, now - timedelta(minutes=minute, seconds=1), usage=usage, traffic=traffic)


@pytest.mark.parametrize(("width", "scheme"), SCHEMES)
def test_it_draws_charts_that_fit_and_complain_of_nothing(
    browser: Browser, site: str, shop: Shop, bob: Person, width: int, scheme: str
) -> None:
    an_hour(shop)
    context = signed_in(browser, site, bob, viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    said = complaints(page)
    for name in ("1h", "24h", "30d"):
        page.goto(f"{site}/services/{shop.service.pk}/metrics?range={name}")
        assert page.locator("figure svg").count() == 6
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        picture(page, f"metrics-{name}-{width}-{scheme}")
    page.goto(f"{site}/services/{shop.service.pk}")
    assert page.locator("#last_hour .spark .mark").count() == 1
    picture(page, f"service-{width}-{scheme}")
    page.goto(f"{site}/")
    assert page.locator(".spark").count() == 1
    picture(page, f"projects-{width}-{scheme}")
    assert said == []


def test_it_says_gaps_as_gaps(browser: Browser, site: str, shop: Shop, bob: Person) -> None:
    an_hour(shop)
    page = signed_in(browser, site, bob).new_page()
    page.goto(f"{site}/services/{shop.service.pk}/metrics")
    path = page.locator("#chart-cpu .line.main").get_attribute("d") or ""
    assert path.count("M") == 2
    assert "Nothing was reported for 6 min of it." in page.inner_text("#says-cpu")
    page.click("#table-cpu summary")
    assert page.locator("#table-cpu tbody tr").count() == 60
    assert page.locator("#table-cpu tr:has-text('not measured')").count() >= 6


def test_it_reads_out_by_keys_and_pointer(browser: Browser, site: str, shop: Shop, bob: Person) -> None:
    an_hour(shop)
    page = signed_in(browser, site, bob).new_page()
    said = complaints(page)
    page.goto(f"{site}/services/{shop.service.pk}/metrics")
    plot = page.locator("#chart-memory [data-plot]")
    until(page, lambda: plot.get_attribute("role") == "slider")
    plot.focus()
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")

    def wanted() -> str:  # Read anew each time: the page updates itself, and another minute may have begun.
        last = page.locator("#table-memory tbody tr").nth(58)
        return f"{last.locator('th').text_content()}: used {last.locator('td').first.text_content()}, limit 512 MB"

    until(page, lambda: plot.get_attribute("aria-valuetext") == wanted())
    until(page, lambda: page.inner_text("#chart-memory [data-readout]") == wanted())
    page.locator("#chart-cpu [data-area]").hover(position={"x": 3, "y": 20})
    until(page, lambda: points_at(page, page.locator("#table-cpu tbody th").first.text_content()))
    picture(page, "metrics-readout")
    assert said == []


def points_at(page: Page, time: str | None) -> bool:
    return bool(time) and page.inner_text("#chart-cpu [data-readout]").startswith(f"{time}: ")


def test_it_updates_in_place_and_keeps_the_reader_s_place(browser: Browser, site: str, shop: Shop, bob: Person) -> None:
    page = signed_in(browser, site, bob).new_page()
    page.clock.install()
    page.goto(f"{site}/services/{shop.service.pk}/metrics")
    page.clock.resume()
    page.click("#table-cpu summary")
    page.locator("#chart-requests [data-plot]").focus()
    page.locator("#chart-cpu [data-area]").hover(position={"x": 3, "y": 20})
    make_measured(shop.service)
    make_measured(shop.service, timezone.now() + timedelta(seconds=1))
    page.clock.fast_forward(11_000)
    until(page, lambda: "60 requests in 1 hour" in page.inner_text("#says-requests"))
    assert page.evaluate("document.getElementById('table-cpu').open")
    assert page.evaluate("document.activeElement.closest('figure')?.id") == "chart-requests"
    assert page.locator("#chart-requests [data-plot]").get_attribute("role") == "slider"
    until(page, lambda: points_at(page, page.locator("#table-cpu tbody th").first.text_content()))


def test_it_is_read_without_javascript(browser: Browser, site: str, shop: Shop, bob: Person) -> None:
    page = signed_in(browser, site, bob, java_script_enabled=False).new_page()
    page.goto(f"{site}/services/{shop.service.pk}/metrics")
    follow(page, "nav.ranges a:has-text('24h')")
    assert page.url.endswith("range=24h")
    assert "20 requests in 24 hours" in page.inner_text("#says-requests")
    page.click("#table-requests summary")
    assert page.locator("#table-requests tbody tr").count() == 96
    follow(page, f".marks a[href='/deployments/{shop.live.pk}']")
    assert "/deployments/" in page.url


@pytest.mark.parametrize("width", [1440, 390])
def test_it_says_what_to_do_while_there_is_nothing(
    browser: Browser, site: str, shop: Shop, alice: Person, width: int
) -> None:
    Measurement.objects.all().delete()
    page = signed_in(browser, site, alice, viewport={"width": width, "height": 900}).new_page()
    page.goto(f"{site}/services/{shop.service.pk}/metrics")
    assert "Nothing measured in the last 1 hour" in page.inner_text("main")
    picture(page, f"metrics-empty-{width}")
    make_measured(shop.service, traffic=None)
    page.reload()
    assert "Requests are not measured" in page.inner_text("main")
    assert page.locator("figure").count() == 3
    picture(page, f"metrics-foreign-{width}")
