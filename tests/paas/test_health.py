"""Health of our own."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.test import Client

from apps.lib import vitals, wake
from tests.apps.cast import Shop

pytestmark = pytest.mark.django_db


def test_it_is_alive_without_asking_anything(client: Client, django_assert_num_queries: pytest.FixtureRequest) -> None:
    with django_assert_num_queries(0):  # type: ignore[operator]
        assert client.get("/livez").status_code == 200


def test_it_is_ready_with_its_servers(client: Client) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"checks": {"postgresql": "ok", "valkey": "ok"}})


def test_it_is_ready_without_valkey_and_says_so_at_once(
    client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.REDIS_URL = "unix:///nonexistent"
    monkeypatch.setattr(vitals, "valkey", wake.valkey.__wrapped__)
    began = time.monotonic()
    answer = client.get("/readyz")
    assert answer.status_code == 200 and answer.json()["checks"]["valkey"].startswith("away")
    assert time.monotonic() - began < 30


def test_metrics_count_and_name_nobody(client: Client, shop: Shop) -> None:
    text = client.get("/metrics").content.decode()
    assert 'slipway_deployments{status="live"} 1' in text and "slipway_oldest_unfinished_seconds" in text
    assert shop.team.name not in text
