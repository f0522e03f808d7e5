"""A look into a service's own source tells no secret, also where its compose file puts one into a text."""

from __future__ import annotations

from pathlib import Path

from apps.projects.models import Service, Variable
from tests.apps.cast import CANARY, Person, Shop
from tests.workers.git_server import make_repository, served

COMPOSE = """\
services:
  web:
    build: {context: ., args: {OF: "${STRIPE}"}}
    command: say ${STRIPE} ${GREETING}
  db:
    image: postgres:${STRIPE}
"""


def test_it_tells_no_secret(dora: Person, shop: Shop, tmp_path: Path) -> None:
    Variable.objects.filter(name="API_KEY").update(name="STRIPE")  # A name that does not sound like one.
    make_repository(tmp_path / "shop", {"compose.yml": COMPOSE, "Dockerfile": "FROM scratch\n"}, branch="trunk")
    with served(tmp_path) as (url, _):
        Service.objects.update(source_url=f"{url}/shop/.git", branch="trunk", source_token="")
        told = dora.post(f"/services/{shop.service.key}/analyze")
    web, db = told.json()["compose"]["services"]
    assert CANARY not in told.content.decode()
    assert (web["command"][-2:], web["build_args"], db["image"]) == (
        ["secret", "hello"], {"OF": "secret"}, "postgres:secret",
    )  # fmt: skip


def test_it_answers_the_same_for_all_files_that_cannot_be_read(dora: Person, shop: Shop, tmp_path: Path) -> None:
    make_repository(tmp_path / "shop", {"slipway.toml": "port = [", "main.py": ""}, branch="trunk")
    with served(tmp_path) as (url, _):
        Service.objects.update(source_url=f"{url}/shop/.git", branch="trunk", source_token="")
        answer = dora.post(f"/services/{shop.service.key}/analyze")
    assert (answer.status_code, answer.json()["code"]) == (422, "build:user:invalid-file")
    assert answer.json()["message"].startswith("slipway.toml is not valid TOML: ")
