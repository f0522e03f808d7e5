"""A service's builder: offered where its command is on the host, set over the API, refused by the build where it is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from apps.deployments.builders import maker_of
from apps.projects.models import Service
from tests.apps.cast import Person, Shop
from workers.build.buildpacks import build_by_buildpacks
from workers.build.image import build_image
from workers.build.plan import Plan
from workers.errors import UserError
from workers.image_reference import parse_image

pytestmark = pytest.mark.django_db


@pytest.fixture
def pack(tmp_path: Path, settings: Any) -> str:
    program = tmp_path / "pack"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    told = {"pack": str(program), "railpack": "no-railpack", "buildpacks_builder": "acme/ours"}
    settings.SLIPWAY = settings.SLIPWAY.model_copy(update=told)
    return str(program)


def test_the_page_offers_what_is_on_the_host_and_says_what_is_not(dora: Person, shop: Shop, pack: str) -> None:
    where = reverse("service-settings", args=[shop.service.pk])
    page = dora.client.get(where).content.decode()
    assert '<option value="buildpacks">Cloud Native Buildpacks</option>' in page
    assert 'value="railpack"' not in page and "Not on this host: Railpack (no-railpack)." in page
    Service.objects.update(builder="railpack")
    assert "Railpack (no-railpack is not on this host)</option>" in dora.client.get(where).content.decode()


def test_the_api_sets_it_and_refuses_others(dora: Person, bob: Person, shop: Shop, pack: str) -> None:
    path, told = f"/services/{shop.service.pk}", {"builder": "buildpacks", "builder_image": "acme/builder:2"}
    assert dora.patch(path, told).json().items() >= told.items() <= dora.get(path).json().items()
    assert bob.patch(path, told).status_code == 403
    for wrong in ({"builder": "nixpacks"}, {"builder_image": "no image"}):
        answer = dora.patch(path, wrong)
        assert (answer.status_code, answer["Content-Type"]) == (422, "application/problem+json")


def test_a_build_takes_the_one_that_was_chosen_or_none(pack: str) -> None:
    assert maker_of(Plan("python")) is build_image
    made: Any = maker_of(Plan("buildpacks"))
    assert (made.func, made.keywords) == (
        build_by_buildpacks,
        {"program": pack, "builder": "acme/ours", "lifecycle": "buildpacksio/lifecycle:0.20.5", "look": None},
    )
    told: Any = maker_of(Plan("buildpacks", builder_image="x/y")).keywords  # type: ignore[attr-defined]
    assert told["builder"] == "x/y"
    with pytest.raises(UserError, match="no registry that images can be pulled from"):
        told["look"](parse_image("169.254.169.254/latest"))
    with pytest.raises(UserError, match="no-railpack is not on this host"):
        maker_of(Plan("railpack"))
