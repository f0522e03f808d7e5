"""Pages of operators: the queue of all teams, the disk, health; and what they never show."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import connection
from django.template.loader import render_to_string
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.installation import installation
from apps.accounts.models import ActivityEvent, Installation
from apps.deployments import actions
from apps.deployments.disk_measuring import store_measurement
from apps.deployments.disk_standing import disk_standing
from apps.deployments.models import Deployment
from apps.deployments.states import Status
from apps.hosts.models import Host
from tests.apps.cast import CANARY, Person, Shop
from tests.apps.test_pages_walk import browser
from workers.build import cache_marks, disk
from workers.errors import UserError

PAGES = ["/operator/hosts", "/operator/queue", "/operator/disk", "/operator/health", "/operator/installation"]


def of_charlie(charlie: Person) -> Deployment:
    settings_ = {"source_url": "https://git.example/secret-plans.git"}
    return actions.create_app(
        actor=charlie.actor, team=charlie.team, project="plans", service="api", settings=settings_
    )


def test_it_shows_what_waits_of_all_teams_and_no_more(alice: Person, charlie: Person, shop: Shop) -> None:
    row = of_charlie(charlie)
    text = browser(alice).get("/operator/queue").content.decode()
    assert "plans / api" in text and "Charlie&#x27;s team" in text and "nobody" in text
    assert "secret-plans" not in text and "shop / web" not in text
    assert alice.get(f"/services/{row.service_id}").status_code == 404


def test_it_cancels_for_another_team_which_sees_who_did_it(alice: Person, charlie: Person) -> None:
    row = of_charlie(charlie)
    assert browser(alice).post(f"/operator/queue/{row.pk}/cancel")["Location"] == "/operator/queue"
    row.refresh_from_db()
    assert row.status == Status.CANCELLED
    event = ActivityEvent.objects.get(verb="cancelled as an operator")
    assert (event.team_id, event.actor_name) == (charlie.team.pk, "Alice")
    assert browser(alice).post(f"/operator/queue/{row.pk}/cancel").status_code == 409
    assert alice.post(f"/operator/queue/{row.pk}/wake").status_code == 409


def test_it_calls_a_waiting_one_again_without_changing_it(alice: Person, charlie: Person) -> None:
    row = of_charlie(charlie)
    assert browser(alice).post(f"/operator/queue/{row.pk}/wake").status_code == 302
    row.refresh_from_db()
    assert (row.status, row.attempt) == (Status.PENDING, 0)


def test_it_lists_the_queue_over_the_api_for_operators(alice: Person, charlie: Person) -> None:
    row = of_charlie(charlie)
    assert [queued["id"] for queued in alice.get("/operator/queue").json()] == [row.key]
    assert charlie.get("/operator/queue").status_code == 403
    assert charlie.post(f"/operator/queue/{row.pk}/cancel").status_code == 403  # It is its own, but not as an operator.


def test_it_drains_a_host_and_takes_it_up_again(alice: Person, host: Host) -> None:
    client = browser(alice)
    client.post(f"/operator/hosts/{host.pk}/drain", {"on": "1"})
    assert Host.objects.get().draining_since is not None
    client.post(f"/operator/hosts/{host.pk}/drain")
    assert Host.objects.get().draining_since is None
    assert alice.patch(f"/hosts/{host.pk}", {"draining": True}).json()["draining_since"]


def test_it_says_how_far_a_host_is_behind(alice: Person, shop: Shop) -> None:
    Host.objects.update(generation=9, seen_generation=7, last_seen_at=timezone.now(), agent_version="1.2")
    text = browser(alice).get("/operator/hosts").content.decode()
    assert "7 of 9" in text and "Online" in text and "1.2" in text and "of 1 service" in text


LINES = [
    "image sha256:aaa 61MB 1MB",
    "image sha256:bbb 1.5GB 0.5GB",
    "volume 12.5kB slipway.instance=i1,slipway.volume=v1",
    "volume 3MB slipway.instance=other,slipway.volume=v2",
    "volume N/A slipway.instance=i1,slipway.volume=v3",
    "volume 3MB",
    "cache 100B regular",
    'cache 2MB exec.cachemount "cached mount /c/uv from exec /bin/sh -ec . /e; : caches of 5f161c9149882e0e; uv sync"',
    'cache 1MB exec.cachemount "cached mount /c/pip from exec . /e; : caches of 5f161c9149882e0e; pip\\nimage x"',
    'cache 3MB exec.cachemount "cached mount /root/.npm from exec npm ci"',
]


def test_it_reads_what_the_engine_says_of_the_disk() -> None:
    found = disk.read(LINES, "i1")
    assert found == disk.Disk(
        cache=6_000_100,
        dependencies=6_000_000,
        caches={"5f161c9149882e0e": 3_000_000, "": 3_000_000},
        images={"sha256:aaa": 61_000_000, "sha256:bbb": 1_500_000_000},
        own={"sha256:aaa": 1_000_000, "sha256:bbb": 500_000_000},
        volumes={"v1": 12_500, "v3": 0},
    )


def test_it_tells_caches_of_services_apart_by_their_scope() -> None:
    caches = {cache_marks.mark_of("one"): 5, cache_marks.mark_of("gone"): 7, "": 9}
    assert disk.by_service(caches, {"a": "one", "b": "two", "c": ""}) == {"a": 5}


def test_it_says_whose_an_image_is_and_why_it_is_here(alice: Person, shop: Shop) -> None:
    installation()
    told = {"total": 100, "free": 25, "images": {shop.build.digest: 61_000_000, "sha256:x": 5}, "dependencies": 9}
    told |= {"volumes": {shop.volume.key: 7}, "caches": {shop.service.key: 6}}
    Installation.objects.update(disk=told, disk_measured_at=timezone.now())
    standing = disk_standing()
    assert [(p.owner, p.size, p.note) for p in standing.images] == [
        ("shop / web", 61_000_000, "kept: serves, or may serve again")
    ]
    assert (standing.others, standing.percent, [p.name for p in standing.volumes]) == (5, 75, ["data"])
    assert "shop / web" in browser(alice).get("/operator/disk").content.decode()
    assert alice.get("/operator/disk").json()["images"][0]["size"] == 61_000_000
    assert alice.get("/operator/disk").json()["caches"] == [{"name": "shop / web", "size": 6, "owner": "", "note": ""}]
    assert standing.other_caches == 3


def test_it_asks_for_a_measurement_and_says_so(alice: Person) -> None:
    assert "not measured yet" in browser(alice).get("/operator/disk").content.decode()
    browser(alice).post("/operator/disk")
    assert disk_standing().is_measuring
    assert "being measured" in browser(alice).get("/operator/disk").content.decode()


def test_it_stores_why_a_measurement_failed(db: None, monkeypatch: Any) -> None:
    def away(*_: object) -> None:
        raise UserError("engine:platform:disk", "The engine does not answer.")

    monkeypatch.setattr("apps.deployments.disk_measuring.working_client", away)
    store_measurement()
    assert installation().disk["problem"] == "The engine does not answer."


def test_it_tells_settings_without_secrets(alice: Person) -> None:
    text = browser(alice).get("/operator/health").content.decode()
    told = settings.SLIPWAY
    for secret in (told.secret_key, told.variable_keys, told.host_token, told.database_url, told.redis_url):
        assert secret.get_secret_value() not in text
    assert "set, not shown" in text and "releases_kept" in text and "postgresql" in text
    assert alice.get("/operator/health").json()["checks"]["postgresql"] == "ok"


def test_it_shows_no_secret_of_any_team(alice: Person, shop: Shop) -> None:
    actions.deploy(actor=alice.actor, service=shop.service)
    for page in PAGES:
        assert CANARY not in browser(alice).get(page).content.decode()


def test_errors_say_what_why_and_what_to_do_without_the_database(alice: Person, client: Any) -> None:
    for name, words in {"500": "make logs", "503": "make status"}.items():
        with CaptureQueriesContext(connection) as seen:
            text = render_to_string(f"{name}.html", {"request_id": "abc123"})
        assert words in text and "abc123" in text and "go on serving" in text and len(seen) == 0
    missing = browser(alice).get("/nowhere")
    assert missing["X-Request-Id"] in missing.content.decode() and "Check the address" in missing.content.decode()
