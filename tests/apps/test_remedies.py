"""What ended a deployment at a limit says which, and leads to it those who may raise it."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from apps.deployments.models import Deployment
from apps.deployments.states import Status
from tests.apps.cast import Person, Shop

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
