"""What a service may ask for, and what becomes of its access token when its source moves."""

from __future__ import annotations

import json
from typing import Any

import pytest

from apps.deployments.steps.attempt import settings_of
from apps.projects import actions
from apps.projects.models import Service
from tests.apps.cast import Person, Shop
from workers.errors import UserError

pytestmark = pytest.mark.django_db

MOST = {
    "build_memory_mb": 262_144,
    "build_timeout_seconds": 14_400,
    "memory_mb": 1_048_576,
    "cpus": 256,
    "pids": 65_536,
    "health_interval_seconds": 60,
    "releases_kept": 100,
}


@pytest.mark.parametrize(("field", "most"), MOST.items())
def test_it_refuses_settings_without_measure(alice: Person, shop: Shop, field: str, most: int) -> None:
    assert alice.patch(f"/services/{shop.service.pk}", {field: most}).status_code == 200
    answer = alice.patch(f"/services/{shop.service.pk}", {field: most + 1})
    assert answer.status_code == 422
    assert field in json.loads(answer.content)["message"]
    assert getattr(Service.objects.get(pk=shop.service.pk), field) == most


@pytest.mark.parametrize("field", ["cpus", "drain_seconds", "health_interval_seconds"])
def test_it_refuses_what_is_no_number(alice: Person, shop: Shop, field: str) -> None:
    with pytest.raises(UserError, match=field):
        actions.change_service(actor=alice.actor, service=shop.service, **{field: float("nan")})


def test_it_builds_never_above_the_installations_ceiling(shop: Shop, settings: Any) -> None:
    shop.service.build_memory_mb, shop.service.build_timeout_seconds = 200_000, 14_000
    limits = settings_of(shop.service, {}).limits
    assert (limits.memory_bytes, limits.timeout_seconds) == (4 * 2048 * 1024**2, 7200)
    settings.SLIPWAY = settings.SLIPWAY.model_copy(
        update={"build_memory_max_mb": 100_000, "build_timeout_max_seconds": 9000}
    )
    limits = settings_of(shop.service, {}).limits
    assert (limits.memory_bytes, limits.timeout_seconds) == (100_000 * 1024**2, 9000)
    # A ceiling below the default does not lower the default.
    settings.SLIPWAY = settings.SLIPWAY.model_copy(
        update={"build_memory_max_mb": 1, "build_timeout_max_seconds": 1, "build_timeout_seconds": 9999}
    )
    limits = settings_of(shop.service, {}).limits
    assert (limits.memory_bytes, limits.timeout_seconds) == (2048 * 1024**2, 9999)


@pytest.fixture
def private(alice: Person, shop: Shop) -> Service:
    changes = {"source_url": "https://git.example/shop.git", "source_token": "t0k-of-alice"}
    return actions.change_service(actor=alice.actor, service=shop.service, **changes)


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/shop.git",
        "http://git.example/shop.git",
        "https://git.example:8443/shop.git",
        "https://git.example.evil.example/shop.git",
        "file:///srv/shop.git",
    ],
)
def test_it_forgets_the_token_when_the_source_moves_to_another_server(dora: Person, private: Service, url: str) -> None:
    assert dora.patch(f"/services/{private.pk}", {"source_url": url}).status_code == 200
    private.refresh_from_db()
    assert (private.source_url, private.source_token) == (url, "")


@pytest.mark.parametrize("url", ["https://git.example/other.git", "https://GIT.example:443/shop.git"])
def test_it_keeps_the_token_on_the_same_server(dora: Person, private: Service, url: str) -> None:
    assert dora.patch(f"/services/{private.pk}", {"source_url": url}).status_code == 200
    private.refresh_from_db()
    assert (private.source_url, private.source_token) == (url, "t0k-of-alice")


def test_it_takes_a_new_token_with_a_new_server(dora: Person, private: Service) -> None:
    changes = {"source_url": "https://other.example/shop.git", "source_token": "new"}
    actions.change_service(actor=dora.actor, service=private, **changes)
    private.refresh_from_db()
    assert private.source_token == "new"


@pytest.mark.parametrize("url", ["https://user:pass@git.example/shop.git", "https://tok@git.example/shop.git"])
def test_it_refuses_credentials_in_the_address(alice: Person, shop: Shop, url: str) -> None:
    with pytest.raises(UserError) as refused:
        actions.create_service(actor=alice.actor, project=shop.project, name="two", source_url=url)
    assert refused.value.code == "source:user:credentials-in-url"
    with pytest.raises(UserError) as refused:
        actions.change_service(actor=alice.actor, service=shop.service, source_url=url)
    assert refused.value.code == "source:user:credentials-in-url"


def test_it_asks_no_name_server_for_an_address(alice: Person, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: pytest.fail("a name server was asked"))
    url = "https://nowhere.invalid/shop.git"
    assert actions.change_service(actor=alice.actor, service=shop.service, source_url=url).source_url == url


def test_it_keeps_the_dashboards_own_name_however_it_is_spelt(alice: Person, shop: Shop, settings: Any) -> None:
    settings.SLIPWAY = settings.SLIPWAY.model_copy(update={"dashboard_url": "https://Deploy.Example.com:8443/"})
    with pytest.raises(UserError) as refused:
        actions.make_domain(
            actor=alice.actor, service=shop.service, environment=shop.environment, host="deploy.example.COM"
        )
    assert refused.value.code == "domain:user:reserved"
