"""Compose files on the pages and in the API: shown before, made all at once, run as they say, in their order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from apps.deployments import logs, waiting
from apps.deployments.desired import document_for
from apps.deployments.lease import AGENT
from apps.deployments.models import Deployment
from apps.deployments.planned import plan_of
from apps.deployments.states import Status
from apps.deployments.steps.release import spec_of
from apps.deployments.templatetags.deployments import compose_file
from apps.hosts.models import Host
from apps.projects.models import Domain, Project, Service, Variable, Volume
from tests.apps.cast import Person, make_live
from tests.apps.test_pages_walk import browser
from tests.workers.git_server import make_repository, served

SHOP = """
name: corner shop
services:
  web:
    build: ./web
    ports: ["8080:8000"]
    environment:
      STORE: http://store:9000
      API_TOKEN: ${API_TOKEN:?tell it}
      ODD: $${{store.DB_PASSWORD}}
    depends_on: [store]
  store:
    image: ghcr.io/acme/store:1
    command: [store, --port, "${PASS:-9000}"]
    user: "1000"
    expose: [9000]
    environment: {DB_PASSWORD: "${DB_PASSWORD}"}
    volumes: ["data:/data"]
    healthcheck: {test: [CMD, store, ping]}
  bad:
    image: nginx
    privileged: true
volumes: {data: {}}
"""
FILES = {".env": "DB_PASSWORD=in-the-file\n", "compose.yml": SHOP, "web/Dockerfile": "FROM scratch\n", "web/app.py": ""}


@pytest.fixture
def git_url(tmp_path: Path) -> Iterator[str]:
    make_repository(tmp_path / "shop", FILES, branch="trunk")
    with served(tmp_path) as (url, _):
        yield f"{url}/shop/.git"


@pytest.fixture
def made(alice: Person, git_url: str) -> dict[str, Deployment]:
    told = {"source_url": git_url, "project": "shop", "variables": {"API_TOKEN": "t"}}
    answer = alice.post("/compose", told)
    assert answer.status_code == 201, answer.content
    rows = Deployment.objects.select_related("service", "environment").order_by("created_at")
    assert [one["id"] for one in answer.json()["deployments"]] == [row.key for row in rows]
    return {row.service.name: row for row in rows}


def test_its_page_says_what_it_becomes_and_makes_it(alice: Person, bob: Person, git_url: str) -> None:
    client = browser(alice)
    page = client.post("/new", {"source_url": git_url})
    text = page.content.decode()
    assert page.status_code == 200 and "Create 2 services and deploy" in text
    said = ("acme/store:1", "store:9000", "line 22, <b>refused</b>", "or devices", 'value="corner shop"')
    assert [words for words in said if words not in text] == []
    assert "in-the-file" not in text and "the file&#x27;s own" in text, "values of secrets are not shown"
    sent = {"found": page.context["sealed"], "project": "corner shop"}
    assert browser(bob).post("/new/compose", sent).status_code == 403
    alone = client.post("/new/deploy", {**sent, "service": "web"})
    assert "Create 2 services and deploy" in alone.content.decode(), "it is no app by itself"
    without = client.post("/new/compose", sent)
    assert without.status_code == 422 and "needs a value for API_TOKEN" in without.content.decode()
    assert not Project.objects.exists()
    shown = client.post("/new/compose", {**sent, "suggested-0": "t", "suggested-1": "p"})
    assert "line 14: with these values command is refused" in shown.content.decode()
    answer = client.post("/new/compose", {**sent, "suggested-0": "t"})
    project = Project.objects.get()
    assert (answer["Location"], project.slug) == (f"/projects/{project.pk}", "corner-shop")
    rows = {row.name: row for row in Service.objects.all()}
    assert set(rows) == {"web", "store"}
    web, store = rows["web"], rows["store"]
    assert (web.source_url, web.branch, web.root_directory, web.port) == (git_url, "trunk", "web", 8000)
    assert (store.image, store.source_url, store.port) == ("ghcr.io/acme/store:1", "", 9000)
    assert [domain.service.name for domain in Domain.objects.all()] == ["web"], "store is reached from inside alone"
    assert [(one.service, one.name, one.path) for one in Volume.objects.all()] == [(store, "data", "/data")]
    assert {one.name: (one.value, one.is_secret) for one in Variable.objects.all()} == {
        "STORE": ("http://store:9000", False), "API_TOKEN": ("t", True), "ODD": ("$${{store.DB_PASSWORD}}", False),
        "DB_PASSWORD": ("in-the-file", True),
    }  # fmt: skip
    assert "compose.yml" in client.get(f"/services/{store.pk}").content.decode()


def test_its_page_takes_no_team_of_others(alice: Person, charlie: Person, git_url: str) -> None:
    page = browser(alice).post("/new", {"source_url": git_url})
    sent = {"found": page.context["sealed"], "project": "x", "team": alice.team.key, "suggested-0": "t"}
    assert browser(charlie).post("/new/compose", sent).status_code == 302
    assert Project.objects.get().team == charlie.team


def test_the_api_tells_and_makes_it_once(alice: Person, bob: Person, git_url: str) -> None:
    told = alice.post("/analyze", {"source_url": git_url}).json()
    assert (told["plan"], told["problem"]["code"]) == (None, "build:user:nothing-recognised")
    assert [(one["name"], one["is_made"]) for one in told["compose"]["services"]] == [
        ("store", True), ("bad", False), ("web", True),
    ]  # fmt: skip
    assert told["compose"]["services"][2]["variables"] == ["API_TOKEN", "ODD", "STORE"]
    assert told["compose"]["asked"][2] == {
        "name": "DB_PASSWORD", "default": "", "has_default": True, "required": False, "line": 17,
        "file": "compose.yml", "is_secret": True,
    }  # fmt: skip
    body: dict[str, Any] = {"source_url": git_url, "project": "shop"}
    assert bob.post("/compose", body).status_code == 403
    refused = alice.post("/compose", body).json()
    assert (refused["code"], Service.objects.count()) == ("compose:user:needs-value", 0)
    assert "line 9" in refused["message"]
    body |= {"variables": {"API_TOKEN": "t"}}
    answers = [alice.post("/compose", body, **{"Idempotency-Key": "k"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json() and Service.objects.count() == 2
    assert alice.post("/compose", body).json()["deployments"] == [], "they are here already"
    assert Service.objects.count() == 2


def test_its_page_hides_what_the_file_calls_a_secret(alice: Person, tmp_path: Path) -> None:
    text = """
services:
  db:
    image: mysql
    environment: {MYSQL_PASSWORD_FILE: /run/secrets/db_pin, URL: $URL}
    secrets: [db_pin]
secrets: {db_pin: {file: none.txt}}
"""
    files = {"compose.yml": text, ".env": "API_TOKEN=in-the-file\nURL=http://$API_TOKEN@x\n"}
    make_repository(tmp_path / "shop", files)
    with served(tmp_path) as (url, _):
        told_where = {"source_url": f"{url}/shop/.git"}
        page = browser(alice).post("/new", told_where)
        told = alice.post("/analyze", told_where).json()["compose"]["asked"]
    assert [(row.name, row.is_secret, row.value) for row in page.context["compose_rows"]] == [
        ("URL", True, ""), ("DB_PIN", True, ""),
    ]  # fmt: skip
    assert {(one["name"], one["is_secret"], one["default"], one["has_default"]) for one in told} == {
        ("URL", True, "", True), ("DB_PIN", True, "", False),
    }  # fmt: skip
    assert "in-the-file" not in page.content.decode()


def test_it_says_what_a_file_is_not(alice: Person, tmp_path: Path) -> None:
    make_repository(tmp_path / "shop", {"compose.yml": "services:\n  a: [", "other/x": ""}, branch="trunk")
    with served(tmp_path) as (url, _):
        told = {"source_url": f"{url}/shop/.git", "project": "shop"}
        answers = [alice.post("/compose", {**told, "root_directory": folder}).json() for folder in ("", "other")]
        seen = browser(alice).post("/new", {"source_url": f"{url}/shop/.git"})
    assert [answer["code"] for answer in answers] == ["compose:user:invalid", "build:user:nothing-recognised"]
    image = browser(alice).post("/new/image", {"image": "nginx"})
    sent = browser(alice).post("/new/compose", {"found": image.context["sealed"], "project": "x"})
    assert sent.status_code == 422, "a page of something else"
    assert seen.status_code == 422 and "compose.yml, line 2" in seen.content.decode()


def test_it_runs_as_the_file_says(alice: Person, made: dict[str, Deployment]) -> None:
    live = make_live(made["store"], "a" * 40)
    [service] = document_for(Host.objects.default()).services
    process = service.release.processes["web"]
    assert (process.command, process.user, process.port) == (["store", "--port", "9000"], "1000", 9000)
    assert (service.names, service.routes, service.release.health.command) == (["store"], [], ["store", "ping"])
    start = next(value for value in plan_of(live) if value.name == "start")
    assert (start.value, start.origin) == ("store --port 9000", "set in compose.yml, line 12")
    row = Service.objects.get(name="store")
    row.start_command, row.health_path, row.port = "other", "/up", None
    assert live.build is not None
    spec = spec_of(row, live.environment, live.build)
    assert spec["processes"]["worker"]["command"] == ["/bin/sh", "-c", "exec other"], "a setting wins, and has no port"
    assert (spec["health"]["path"], spec["health"]["command"]) == ("/up", None)


def test_it_names_an_included_file_from_the_top() -> None:
    row = Service(compose={"file": "../data/compose.yml"}, compose_said={"folder": "app"})
    assert compose_file(row) == "data/compose.yml"


def deploying(row: Deployment) -> Deployment:
    """Built: its rollout is next."""
    Deployment.objects.filter(pk=row.pk).update(status=Status.DEPLOYING)
    row.refresh_from_db()
    return row


def test_it_waits_for_what_it_depends_on(
    alice: Person, made: dict[str, Deployment], django_assert_num_queries: Any
) -> None:
    web = deploying(made["web"])
    assert waiting.must_wait(web.key) and waiting.must_wait(web.key)
    assert [line.text for line in logs.read(web.log, 0)] == [
        "waits until store is live, on which it depends by compose.yml, line 4"
    ]
    assert alice.get(f"/deployments/{web.pk}").json()["waits"] == "It begins when store is live."
    rows = [*Deployment.objects.select_related("service")]
    with django_assert_num_queries(2):
        assert waiting.awaited(rows)[web.pk] == made["store"]
    make_live(made["store"], "a" * 40)
    assert not waiting.must_wait(web.key)
    assert not waiting.must_wait(made["store"].key)


def test_it_does_not_wait_in_vain(alice: Person, made: dict[str, Deployment]) -> None:
    web = deploying(made["web"])
    Deployment.objects.filter(pk=made["store"].pk).update(status=Status.FAILED)
    Deployment.objects.filter(pk=web.pk).update(lease_owner=AGENT)
    assert not waiting.must_wait(web.key), "the agent has it already"
    Deployment.objects.filter(pk=web.pk).update(lease_owner="")
    assert waiting.must_wait(web.key)
    web.refresh_from_db()
    assert (web.status, web.error_code) == (Status.FAILED, "compose:user:dependency")
    assert web.error_message == "store did not become live, and web depends on it by compose.yml, line 4."


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_it_begins_or_waits_when_the_other_goes_live_while_it_looks(made: dict[str, Deployment], nth: int) -> None:
    web, asked = deploying(made["web"]), iter(range(1, 100))

    def goes_live(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("SELECT") and next(asked) == nth:
            Deployment.objects.filter(pk=made["store"].pk).update(status=Status.LIVE)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(goes_live):
        waiting.must_wait(web.key)
    assert next(asked) > nth
    web.refresh_from_db()
    assert web.status == Status.DEPLOYING
