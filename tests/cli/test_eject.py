"""`slipway eject`: shown, and written into the folder where one is."""

from __future__ import annotations

from pathlib import Path

import pytest

from apps.deployments.models import Deployment
from tests.apps.cast import Person, Shop
from tests.cli.conftest import Type


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "web"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def test_it_shows_the_dockerfile_and_what_to_know(shop: Shop, bob: Person, type_: Type, here: Path) -> None:
    said = type_(bob, "eject", "web")
    assert said.out == bob.get(f"/services/{shop.service.pk}/dockerfile?format=text").content.decode()
    assert said.err.startswith(
        "\nTo do: put `Dockerfile` and `.dockerignore` (or its lines, where you have one) into the top"
    )
    assert list(here.iterdir()) == []


def test_it_writes_and_overwrites_only_when_told_to(shop: Shop, bob: Person, type_: Type, here: Path) -> None:
    (here / ".dockerignore").write_text("docs\n.git\n")
    said = type_(bob, "eject", "web", "--write")
    assert (said.code, said.out) == (0, "")
    assert said.err.startswith("wrote Dockerfile\nwrote .dockerignore\n")
    made = (here / "Dockerfile").read_text()
    assert (here / ".dockerignore").read_text().startswith("docs\n.git\n**/node_modules\n")
    assert type_(bob, "eject", "web", "--write").code == 0  # They are the same.
    (here / "Dockerfile").write_text("FROM scratch\n")
    said = type_(bob, "eject", "web", "--write")
    assert (said.code, (here / "Dockerfile").read_text()) == (2, "FROM scratch\n")
    assert "There is Dockerfile already, and it is another one." in said.err
    assert type_(bob, "eject", "web", "--write", "--force").code == 0
    assert (here / "Dockerfile").read_text() == made
    assert (here / ".dockerignore").read_text().count(".git\n") == 1


def test_it_says_why_there_is_nothing(shop: Shop, bob: Person, type_: Type, here: Path) -> None:
    Deployment.objects.filter(pk=shop.live.pk).update(plan={"language": "dockerfile"})
    said = type_(bob, "eject", "web", "--write")
    assert (said.code, said.out, list(here.iterdir())) == (2, "", [])
    assert said.err.startswith("slipway: This service brings its own Dockerfile.\n")
