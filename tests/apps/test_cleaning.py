"""What is cleaned, when it is asked for, and when it is asked for again. Real rows, folders and Valkey."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest
from celery.signals import worker_ready
from django.conf import settings
from django.utils import timezone

from apps.accounts.installation import installation
from apps.accounts.models import Installation
from apps.deployments import cleaning, retention, tasks, wakeup
from apps.deployments.actions import deploy
from apps.deployments.lease import claim
from apps.deployments.models import Deployment
from apps.deployments.states import Status
from apps.lib import wake
from tests.apps.cast import Person, Shop
from workers.file_lock import locked

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh() -> None:
    wake.valkey().delete(wake.key(retention.CLEANED))


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A client that finds no images, and writes down what it is asked."""
    asked, client = tmp_path / "asked", tmp_path / "docker"
    client.write_text(f'#!/bin/sh\necho "$@" >> {asked}\n')
    client.chmod(0o755)
    monkeypatch.setattr(cleaning, "working_client", lambda _: str(client))
    return asked


@pytest.fixture
def building(alice: Person, shop: Shop) -> Deployment:
    row = deploy(actor=alice.actor, service=shop.service)
    found = claim(row.key, start=Status.PENDING, during=Status.BUILDING, step="fetch")
    assert found is not None
    return found


def folder(settings: Any, place: str, name: str) -> Path:
    made = Path(settings.SLIPWAY.home) / place / name
    (made / "build" / "secrets").mkdir(parents=True)
    (made / "build" / "secrets" / "variables").write_text("export A=secret\n")
    return made


def test_it_removes_what_a_killed_build_worker_left(building: Deployment, shop: Shop, settings: Any) -> None:
    working = folder(settings, "builds", f"{building.pk}-{building.fence}")
    killed = folder(settings, "builds", f"{building.pk}-{building.fence - 1}")
    finished = folder(settings, "builds", f"{shop.live.pk}-{shop.live.fence}")
    assert tasks.remove_leftovers in [ref() for _, ref in worker_ready.receivers]
    cleaning.remove_folders()
    assert [working.exists(), killed.exists(), finished.exists()] == [True, False, False]


def test_it_removes_detections_of_an_hour_ago_only(settings: Any) -> None:
    old, new = folder(settings, "detect", "aa"), folder(settings, "detect", "bb")
    os.utime(old, (time.time() - 3700,) * 2)
    cleaning.remove_folders()
    assert [old.exists(), new.exists()] == [False, True]


def test_it_shrinks_the_build_cache_to_its_budget(engine: Path, settings: Any) -> None:
    cleaning.clean()
    assert "builder prune --force --keep-storage=20000000000" in engine.read_text()
    engine.unlink()
    settings.SLIPWAY = settings.SLIPWAY.model_copy(update={"build_cache_gb": 0})
    cleaning.clean()
    assert "prune" not in engine.read_text()


def test_it_asks_for_a_cleaning_once_a_day_though_nothing_was_pruned(engine: Path) -> None:
    assert retention.cleaning_is_due(after=0)
    cleaning.clean()
    assert not retention.cleaning_is_due(after=0)
    assert 0 < wake.valkey().ttl(wake.key(retention.CLEANED)) <= 86_400
    assert retention.cleaning_is_due(after=2)
    assert retention.cleaning_is_due(after=0)  # Until one has gone through.


def test_it_cleans_beside_a_build_and_asks_again_for_what_is_of_its_service(engine: Path, building: Deployment) -> None:
    """An image that was just built, and has no row yet, is among those of its service."""
    listing = (
        f"*slipway.service={building.service_id}*) echo sha256:new;; *image*ls*) echo sha256:old; echo sha256:new;;"
    )
    engine.with_name("docker").write_text(f'#!/bin/sh\necho "$@" >> {engine}\ncase "$*" in {listing} esac\n')

    def removed() -> list[str]:
        cleaning.clean()
        lines = engine.read_text().splitlines()
        engine.unlink()
        return [line.rpartition(" ")[2] for line in lines if line.startswith("image rm")]

    assert removed() == ["sha256:old"]
    assert retention.cleaning_is_due(after=0)
    building.advance(Status.CANCELLED)
    assert removed() == ["sha256:old", "sha256:new"]
    assert not retention.cleaning_is_due(after=0)


def test_it_asks_again_when_the_engine_failed(engine: Path, tmp_path: Path) -> None:
    (tmp_path / "docker").write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(Exception, match="cannot be"):
        cleaning.clean()
    assert retention.cleaning_is_due(after=0)


def test_one_cleaning_at_a_time_and_the_other_is_asked_for_again(engine: Path) -> None:
    with locked(Path(settings.SLIPWAY.home) / "cleaning.lock"):
        cleaning.clean()
    assert not engine.exists() and retention.cleaning_is_due(after=0)
    cleaning.clean()
    assert engine.exists() and not retention.cleaning_is_due(after=0)


def test_no_build_waits_for_upkeep(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine of two cores has one slot for builds, and a cache may take minutes to clean."""
    sent: dict[str, str] = {}
    monkeypatch.setattr(wake, "after_commit", lambda call: call())
    monkeypatch.setattr(wakeup.current_app, "send_task", lambda name, **told: sent.update({name: told["queue"]}))
    wakeup.clean()
    wakeup.measure_disk()
    assert set(sent) == {tasks.clean.name, tasks.measure_disk.name} and "build" not in sent.values()


def test_tidying_wakes_the_cleaning(host: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(wakeup, "clean", lambda: asked.append(1))
    monkeypatch.setattr(retention, "_next", timezone.now())
    retention.tidy()
    retention.begin_cleaning()
    monkeypatch.setattr(retention, "_next", timezone.now())
    retention.tidy()
    assert asked == [1]


def test_it_asks_again_while_an_image_is_still_in_use(engine: Path, tmp_path: Path, db: None) -> None:
    """What was just taken away is stopped by the agent, which takes its time."""
    (tmp_path / "docker").write_text(
        '#!/bin/sh\ncase "$*" in *"image rm"*) exit 1;; *image*) echo "sha256:feed <none>";; esac\n'
    )
    cleaning.clean()
    assert retention.cleaning_is_due(after=0)
    (tmp_path / "docker").write_text(
        '#!/bin/sh\ncase "$*" in *"image rm"*) exit 0;; *image*) echo "sha256:feed <none>";; esac\n'
    )
    cleaning.clean()
    assert not retention.cleaning_is_due(after=0)


def test_it_cleans_to_the_budget_and_never_what_is_kept(engine: Path, shop: Shop, settings: Any) -> None:
    client = engine.with_name("docker")
    lines = f"image {shop.build.digest} 61MB 40MB\\ncache 3GB regular\\ncache 1GB exec.cachemount"
    client.write_text(f'#!/bin/sh\necho "$@" >> {engine}\ncase "$*" in system*) printf "{lines}\\n";; esac\n')
    installation()
    kept = folder(settings, "cache", shop.service.key)
    (kept / "git").mkdir()
    for gigabytes, keeps in ((100, 0), (3, 3 * 1024**3 - 40_000_000), (0.02, 0)):
        engine.write_text("")
        Installation.objects.update(disk_budget_gb=gigabytes)
        cleaning.clean_to_budget(str(client))
        prunes = [line for line in engine.read_text().splitlines() if "prune" in line]
        assert prunes == ([] if gigabytes == 100 else [prunes[0]])
        assert all(abs(int(line.rpartition("=")[2]) - keeps) < 1_000_000 for line in prunes)
        assert "image rm" not in engine.read_text()
    assert not (kept / "git").exists() and (kept / "build").exists()


@pytest.mark.timeout(30)
def test_it_leaves_a_source_that_is_being_fetched(engine: Path, shop: Shop, settings: Any) -> None:
    client = engine.with_name("docker")
    client.write_text(f'#!/bin/sh\ncase "$*" in system*) printf "image {shop.build.digest} 61MB 40MB\\n";; esac\n')
    installation()
    Installation.objects.update(disk_budget_gb=0.02)
    kept = folder(settings, "cache", shop.service.key)
    (kept / "git").mkdir()
    with locked(kept / "git.lock"):
        cleaning.clean_to_budget(str(client))
        assert (kept / "git").exists()
    cleaning.clean_to_budget(str(client))
    assert not (kept / "git").exists()


def test_a_change_of_the_installation_is_whole_or_none(alice: Person) -> None:
    told = {"base_domain": "new.example.com", "checklist_dismissed": True, "disk_budget_gb": 0.5}
    before = alice.get("/installation").json()
    assert alice.patch("/installation", told).status_code == 422
    assert alice.get("/installation").json() == before


def test_operators_set_the_budget_and_see_what_takes_the_space(
    alice: Person, dora: Person, shop: Shop, settings: Any
) -> None:
    assert alice.patch("/installation", {"disk_budget_gb": 0.5}).status_code == 422
    assert alice.patch("/installation", {"disk_budget_gb": 2}).json()["disk_budget_gb"] == 2
    assert dora.post("/operator/disk/clean").status_code == 403
    told = {"total": 9, "free": 1, "cache": 2 * 10**9, "own": {shop.build.digest: 10**9}, "images": {}}
    Installation.objects.update(disk={**told, "sources": {shop.service.key: 5}}, disk_measured_at=timezone.now())
    found = alice.post("/operator/disk/clean").json()
    assert (found["kept"], found["budget"]) == (3 * 10**9 + 5, 2 * 1024**3)
    assert found["sources"] == [{"name": "shop / web", "size": 5, "owner": "", "note": ""}]
    assert "over the budget" in alice.client.get("/operator/disk").content.decode()
    settings.SLIPWAY = settings.SLIPWAY.model_copy(update={"builder": "ssh://build@10.0.0.7"})
    assert "on the builder <code>ssh://build@10.0.0.7</code>" in alice.client.get("/operator/disk").content.decode()
    client = alice.client
    client.handler.enforce_csrf_checks = False
    assert client.post("/operator/disk/budget", {"disk_budget_gb": "0.5"}).status_code == 422
    assert client.post("/operator/disk/budget", {"disk_budget_gb": "0"}).status_code == 302
    assert alice.get("/installation").json()["disk_budget_gb"] == 0
