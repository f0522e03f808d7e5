"""What ended a deployment leads those who may mend it to where they can, or mends it by one click."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.models import ActivityEvent
from apps.deployments.mending import mend
from apps.deployments.models import Deployment
from apps.deployments.remedies import PLACES, remedy_of
from apps.deployments.states import Status
from apps.projects.models import Service
from tests.apps.cast import Person, Shop
from tests.apps.test_pages_walk import browser

pytestmark = pytest.mark.django_db

SENTENCE = "The build ran out of memory at 1 GB."


@pytest.fixture
def failed(shop: Shop) -> Deployment:
    told = {"error_code": "build:user:out-of-memory", "error_message": SENTENCE, "status": Status.FAILED}
    Deployment.objects.filter(pk=shop.first.pk).update(**told)
    shop.first.refresh_from_db()
    return shop.first


def page(person: Person, row: Deployment) -> str:
    return person.client.get(reverse("deployment", args=[row.pk])).content.decode()


def test_a_build_that_met_its_memory_leads_to_the_setting(dora: Person, bob: Person, failed: Deployment) -> None:
    field = f"{reverse('service-settings', args=[failed.service_id])}#id_build_memory_mb"
    assert SENTENCE in page(dora, failed) and field in page(dora, failed)
    assert 'id="id_build_memory_mb"' in dora.client.get(field.partition("#")[0]).content.decode()
    assert SENTENCE in page(bob, failed) and field not in page(bob, failed)  # Bob may not raise it.
    error = dora.get(f"/deployments/{failed.pk}").json()["error"]
    assert (error["message"], error["setting"]) == (SENTENCE, "build_memory_mb")


def test_one_at_the_installations_ceiling_names_what_an_operator_can_raise(
    dora: Person, failed: Deployment, settings: Any
) -> None:
    settings.SLIPWAY = settings.SLIPWAY.model_copy(update={"build_memory_max_mb": 1})
    assert "SLIPWAY_BUILD_MEMORY_MAX_MB" in page(dora, failed)
    assert "#id_build_memory_mb" not in page(dora, failed)


def test_an_image_that_is_refused_leads_to_the_teams_logins(bob: Person, charlie: Person, shop: Shop) -> None:
    told = {"error_code": "image:user:denied", "error_message": "ghcr.io does not let it be read."}
    Deployment.objects.filter(pk=shop.first.pk).update(status=Status.FAILED, **told)
    logins = reverse("registries", args=[shop.team.pk])
    assert f'href="{logins}" data-do' in page(bob, shop.first) and bob.client.get(logins).status_code == 200
    assert logins not in page(charlie, shop.first) and charlie.client.get(logins).status_code == 404


def failed_by(row: Deployment, name: str, **change: str) -> Deployment:
    told = {"error_code": name, "error_message": "It needs something.", "error_change": change}
    Deployment.objects.filter(pk=row.pk).update(status=Status.FAILED, plan={"language": "node"}, **told)
    return Deployment.objects.with_names().get(pk=row.pk)


@pytest.mark.parametrize(
    ("setting", "asked", "before", "after", "words"),
    [
        ("packages", "libpq-dev", "ffmpeg", "ffmpeg libpq-dev", "Add libpq-dev and deploy again"),
        ("port", "3000", None, 3000, "Set the port to 3000 and deploy again"),
        ("language_version", "22", "16", "22", "Use Node 22 and deploy again"),
        ("install_command", "npm ci --x", "", "npm ci --x", "Install with --x and deploy again"),
        ("root_directory", "apps/web", "", "apps/web", "Take the folder apps/web and deploy again"),
        ("build_memory_mb", "4096", None, 4096, "Raise the build memory to 4 GB and deploy again"),
        ("build_timeout_seconds", "120", 60, 120, "Raise the build time limit to 120 s and deploy again"),
        ("memory_mb", "768", 384, 768, "Raise the memory to 768 MB and deploy again"),
    ],
)
def test_one_click_changes_the_setting_that_a_failure_names(
    dora: Person, shop: Shop, setting: str, asked: str, before: Any, after: Any, words: str
) -> None:
    Service.objects.filter(pk=shop.service.pk).update(**{setting: before})
    row = failed_by(shop.first, "build:user:any", **{setting: asked})
    assert f">{words}<" in page(dora, row)
    error = dora.get(f"/deployments/{row.pk}").json()["error"]
    assert (error["remedy"]["sentence"], error["remedy"]["change"]) == (words, {setting: str(after)})
    answer = browser(dora).post(reverse("deployment-mend", args=[row.pk]))
    made = Deployment.objects.latest("number")
    assert answer.url == reverse("deployment", args=[made.pk]) and made.status == Status.PENDING  # type: ignore[attr-defined]
    assert getattr(Service.objects.get(pk=shop.service.pk), setting) == after
    event = ActivityEvent.objects.filter(verb="changed the settings").latest("created_at")
    assert (event.actor_name, event.data["fields"]) == ("Dora", [setting])
    assert words not in page(dora, row), "it has it by now"
    assert dora.post(f"/deployments/{row.pk}/mend").json()["code"] == "deployment:user:no-remedy"


def test_two_who_mend_at_once_lose_nothing_of_each_other(dora: Person, shop: Shop) -> None:
    packages, port = (
        failed_by(shop.first, "build:user:any", **one) for one in ({"packages": "libpq-dev"}, {"port": "3000"})
    )
    with CaptureQueriesContext(connection) as asked:
        for row in (packages, port):  # Read before either was mended.
            mend(actor=dora.actor, deployment=row)
    service = Service.objects.get(pk=shop.service.pk)
    assert (service.packages, service.port) == ("libpq-dev", 3000)
    first = next(one["sql"] for one in asked if "projects_service" in one["sql"])
    assert first.endswith("FOR NO KEY UPDATE"), "the second waits before it reads"


@pytest.mark.parametrize(("most", "asked", "words"), [(3000, "4096", "to 2.93 GB"), (8192, "9999999", "to 4 GB")])
def test_a_limit_is_raised_no_further_than_an_operator_allows_nor_than_its_double(
    dora: Person, shop: Shop, settings: Any, most: int, asked: str, words: str
) -> None:
    settings.SLIPWAY = settings.SLIPWAY.model_copy(update={"build_memory_mb": 2048, "build_memory_max_mb": most})
    row = failed_by(shop.first, "build:user:out-of-memory", build_memory_mb=asked)
    assert f"Raise the build memory {words} and deploy again" in page(dora, row)
    settings.SLIPWAY = settings.SLIPWAY.model_copy(update={"build_memory_max_mb": 2048})
    assert "SLIPWAY_BUILD_MEMORY_MAX_MB" in page(dora, row) and "deployment-mend" not in page(dora, row)
    assert dora.post(f"/deployments/{row.pk}/mend").json()["code"] == "deployment:user:no-remedy"


def test_mending_is_for_those_who_may_change_the_service(
    bob: Person, charlie: Person, dora: Person, shop: Shop
) -> None:
    row = failed_by(shop.first, "health:user:other-port", port="3000")
    address = reverse("deployment-mend", args=[row.pk])
    assert address in page(dora, row) and address not in page(bob, row)
    assert [browser(person).post(address).status_code for person in (bob, charlie)] == [403, 404]
    assert [person.post(f"/deployments/{row.pk}/mend").status_code for person in (bob, charlie)] == [403, 404]
    answer = dora.post(f"/deployments/{row.pk}/mend")
    assert (answer.status_code, answer.json()["trigger"]) == (201, "api")


@pytest.mark.parametrize("language", ["dockerfile", "railpack", "buildpacks"])
def test_what_builds_itself_feels_its_port_alone(shop: Shop, language: str) -> None:
    for setting, is_felt in (("packages", False), ("port", True)):
        row = failed_by(shop.first, "build:user:needs-system-package", **{setting: "3000"})
        row.plan = {"language": language}
        assert (remedy_of(row) is not None) is is_felt


def test_every_other_cause_leads_to_a_place_that_is_there(alice: Person, shop: Shop) -> None:
    pages: dict[str, str] = {}
    for code in PLACES:
        remedy = remedy_of(failed_by(shop.first, code))
        assert remedy is not None and remedy.mended is None
        path, _, field = remedy.url.partition("#")
        pages[path] = pages.get(path) or alice.client.get(path).content.decode()
        assert f'id="{field}"' in pages[path] if field else "<main" in pages[path]


def test_free_space_is_an_operators(alice: Person, dora: Person, shop: Shop) -> None:
    row = failed_by(shop.first, "build:platform:disk-full")
    assert ">Free space<" in page(alice, row) and "Free space" not in page(dora, row)


def test_a_closed_network_says_who_opens_it(dora: Person, shop: Shop, settings: Any) -> None:
    row = failed_by(shop.first, "build:user:network")
    for mode, setting in (("public", "SLIPWAY_BUILD_NETWORK_ALLOW"), ("none", "SLIPWAY_BUILD_NETWORK")):
        settings.SLIPWAY = settings.SLIPWAY.model_copy(update={"build_network": mode})
        assert f"<code>{setting}</code>" in page(dora, row)
        assert setting in dora.get(f"/deployments/{row.pk}").json()["error"]["remedy"]["sentence"]
    settings.SLIPWAY = settings.SLIPWAY.model_copy(update={"build_network": "open"})
    assert dora.get(f"/deployments/{row.pk}").json()["error"]["remedy"] is None
