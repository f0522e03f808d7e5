"""A compose file that is read again: with each push, and when it is imported into the project that it was imported into."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.deployments import actions
from apps.deployments.following import merged
from apps.deployments.models import Deployment
from apps.deployments.planned import plan_of
from apps.deployments.said import Said
from apps.deployments.staged import staged_of
from apps.deployments.steps.attempt import Attempt
from apps.deployments.steps.follow import follow_file
from apps.deployments.steps.release import variables_of
from apps.lib.encryption import encrypt
from apps.projects.models import Environment, Project, Service, Variable, Volume
from tests.apps.cast import Person, make_live
from tests.apps.test_pages_walk import browser
from tests.workers.git_server import git, make_repository, served
from tests.workers.ssh_server import SshServer, ssh_server
from workers.build.job import Checkout
from workers.deploy_key import make_key, public_part
from workers.errors import UserError

FIRST = """
services:
  web:
    build: ./web
    ports: ["8080:8000"]
    command: [serve]
    mem_limit: 256m
    environment: {LEVEL: info, URL: "http://x:${PORT_THERE:-9000}/", KEPT: a, PASSWORD: "${PASSWORD:?}"}
  db:
    image: postgres:16
    volumes: ["data:/data"]
volumes: {data: {}}
"""
SECOND = """
services:
  cache: {image: "redis:7"}
  db:
    image: postgres:17
    volumes: ["data:/data"]
  web:
    build: ./app
    ports: ["8080:9000"]
    command: [serve, --fast]
    mem_limit: 384m
    cpus: 2
    entrypoint: ""
    healthcheck: {test: [CMD, check]}
    environment: {LEVEL: debug, URL: "http://y:${PORT_THERE:-9000}/", KEPT: b, NEW: "1", PASSWORD: "${PASSWORD:?}"}
    volumes: ["files:/files"]
volumes: {data: {}, files: {}}
"""


class Told(list[str]):
    """What the log says."""

    def line(self, text: str, *, level: str = "out") -> None:
        self.append(text)

    def check(self) -> None: ...

    def hide(self, value: str) -> None: ...


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    files = {"compose.yml": FIRST, "web/Dockerfile": "FROM scratch\n", "app/Dockerfile": "FROM scratch\n"}
    make_repository(tmp_path / "shop", files, branch="trunk")
    with served(tmp_path) as (url, _):
        yield f"{url}/shop/.git", tmp_path / "shop"


@pytest.fixture
def web(alice: Person, repository: tuple[str, Path]) -> Service:
    told = {
        "source_url": repository[0],
        "project": "shop",
        "variables": {"PORT_THERE": "9001", "PASSWORD": "hush-3141"},
    }
    assert alice.post("/compose", told).status_code == 201
    for row in Deployment.objects.all():
        make_live(row, "a" * 40)
    return Service.objects.get(name="web")


Pushed = Callable[..., tuple[Deployment, Attempt]]


@pytest.fixture
def pushed(alice: Person, web: Service, tmp_path: Path) -> Pushed:
    """Fetched, built and released with `text` as the compose file."""

    def push(text: str, environment: Environment | None = None) -> tuple[Deployment, Attempt]:
        top = tmp_path / "top"
        for name in ("web", "app"):
            (top / name).mkdir(parents=True, exist_ok=True)
        (top / "compose.yml").write_text(text)
        row = actions.deploy(actor=alice.actor, service=Service.objects.get(pk=web.pk), environment=environment)
        attempt = Attempt(row, Told(), variables_of(row.service, row.environment)[0])  # type: ignore[arg-type]
        attempt.checkout = follow_file(attempt, Checkout(top, top, "b" * 40, "", ""))
        return make_live(row, "b" * 40), attempt

    return push


def test_it_takes_what_is_as_the_file_said_it() -> None:
    before, now = {"a": 1, "b": 1, "c": 1, "d": 1}, {"a": 2, "b": 2, "c": 1, "e": 5, "f": 6}
    current = {"a": 1, "b": 7, "c": 9, "d": 1, "f": 0}
    assert merged(current, before, now) == ({"a": 2, "e": 5}, ["b", "f"])
    assert merged({"a": 2}, {"a": 1}, {"a": 2}) == ({}, []), "a person was quicker"


def test_a_push_brings_what_changed_in_the_file(web: Service, pushed: Pushed) -> None:
    Service.objects.filter(pk=web.pk).update(memory_mb=1024)
    Variable.objects.filter(service=web, name="KEPT").update(value="mine")
    row, attempt = pushed(SECOND)
    assert attempt.checkout is not None and attempt.checkout.folder.name == "app"
    web.refresh_from_db()
    assert (web.port, web.cpus, web.root_directory, web.memory_mb) == (9000, 2, "app", 1024)
    assert row.release is not None
    [process] = row.release.spec["processes"].values()
    assert (process["command"], process["port"], process["limits"]["cpus"]) == (["serve", "--fast"], 9000, 2)
    assert process["entrypoint"] == []
    assert row.release.spec["health"]["command"] == ["check"]
    given = {"LEVEL": "debug", "URL": "http://y:9001/", "KEPT": "mine", "NEW": "1", "PASSWORD": "hush-3141"}
    assert (row.release.variables, row.release.secret_names) == (given, ["PASSWORD"])
    assert [(one.name, one.path) for one in Volume.objects.filter(service=web)] == [("files", "/files")]
    assert attempt.report == [  # type: ignore[comparison-overlap]
        "compose.yml, line 7: build context: app, was web.",
        "compose.yml, line 7: port: 9000, was 8000.",
        "compose.yml, line 7: CPUs: 2, was 1.",
        "compose.yml, line 7: health deadline: 90 s, was 60 s.",
        "compose.yml, line 7: memory: 384 MB in the file; 1024 MB stays, as it was set here.",
        "compose.yml, line 7: command: serve --fast, was serve.",
        "compose.yml, line 7: entrypoint: none, was the image's own.",
        "compose.yml, line 7: health check: check, was none.",
        "compose.yml, line 7: variables LEVEL, NEW, URL: as in the file now.",
        "compose.yml, line 7: variables KEPT: changed in the file; what was set here stays.",
        "compose.yml, line 7: volume: files at /files.",
        "compose.yml, line 3: cache is new, and not made yet. Read the file again to add it.",
        "compose.yml, line 4: db changed, and comes from an image. Read the file again to take it.",
    ]
    assert "hush-3141" not in str(attempt.report)
    origins = {one.name: one.origin for one in plan_of(row)}
    assert (origins["start"], origins["port"]) == ("set in compose.yml, line 7", "set in compose.yml, line 7")
    assert [note["kind"] for note in row.composed["notes"]].count("new") == 1
    _, again = pushed(SECOND)
    assert again.report == attempt.report[-1:], "the rest was said once"  # type: ignore[index]
    _, back = pushed(FIRST)
    web.refresh_from_db()
    assert (web.port, web.cpus, web.root_directory) == (8000, 1, "web")
    assert Volume.objects.filter(service=web).count() == 1, "data stays"


def test_it_takes_locks_in_everybodys_order(pushed: Pushed) -> None:
    with CaptureQueriesContext(connection) as told:
        pushed(SECOND)
    locks = [
        row["sql"].split(' FROM "')[1].split('"')[0] for row in told.captured_queries if " UPDATE" in row["sql"][6:]
    ]
    order = ["projects_project", "projects_service", "deployments_deployment"]
    assert order in [locks[at : at + 3] for at in range(len(locks))], "a cancelling waits for it, and it for nobody"


def test_another_environment_changes_nothing_of_production(alice: Person, web: Service, pushed: Pushed) -> None:
    where = Environment.objects.create(project=web.project, name="staging", slug="staging")
    row, attempt = pushed(SECOND.replace("KEPT: b", "LEAK: '${PASSWORD}'"), where)
    assert row.release is not None
    assert row.release.spec["processes"]["web"]["port"] == 9000
    assert (row.release.variables["LEVEL"], row.release.variable_sources["LEVEL"]["scope"]) == ("debug", "compose.yml")
    assert row.release.variables["KEPT"] == "a" and "LEAK" not in row.release.variables, "no secret by another name"
    assert attempt.settings.root_directory == "app" and attempt.variables["NEW"] == "1"
    web.refresh_from_db()
    assert (web.port, Said(**web.compose_said).settings["port"]) == (8000, 8000)
    assert not Variable.objects.filter(name="NEW").exists() and not Volume.objects.filter(service=web).exists()
    assert not any("db" in one for one in attempt.report), "siblings are production's"  # type: ignore[attr-defined]
    assert staged_of(web, where, may_read=True).changes == [], "another release of that build would be the same"
    Variable.objects.create(project=web.project, environment=where, name="MORE", value="1")
    assert [change.name for change in staged_of(web, where, may_read=True).changes] == ["MORE"]
    again = make_live(actions.deploy(actor=alice.actor, service=web, environment=where, reuse_build=True), "b" * 40)
    assert again.release is not None and again.composed["notes"] == []
    assert again.release.spec == row.release.spec
    assert again.release.variables == {**row.release.variables, "MORE": "1"}


def test_a_strangers_code_is_given_nothing_by_its_file(web: Service, pushed: Pushed) -> None:
    told = {"project": web.project, "name": "pr-1", "slug": "pr-1", "kind": "preview", "commit": "b" * 40}
    where = Environment.objects.create(**told, is_isolated=True)
    row, attempt = pushed(SECOND.replace("debug", "'${PASSWORD}'").replace("384m", "384g\n    scale: 9"), where)
    assert row.release is not None and row.release.variables == {} == attempt.variables
    [process] = row.release.spec["processes"].values()
    assert (process["replicas"], process["limits"]) == (1, {"memory_bytes": 2**28, "cpus": 1.0, "pids": 512})
    assert "hush-3141" not in str(row.composed["said"]["environment"])
    mine = pushed(FIRST)[1]
    assert attempt.workspace.cache != mine.workspace.cache, "what it leaves there would be run with our variables"
    mine.variables, mine.followed = attempt.variables, attempt.followed
    assert attempt.fingerprint != mine.fingerprint, "nor is its image used again"


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        (
            FIRST.replace("command: [serve]", "privileged: true"),
            "compose:user:refused",
            "line 6: privileged is refused",
        ),
        (FIRST.replace("LEVEL: info", "LEVEL: '${LEVEL_OF_IT:?}'"), "compose:user:needs-value", "LEVEL_OF_IT"),
        (FIRST.replace("[serve]", "["), "compose:user:invalid", "line"),
        (FIRST.replace("KEPT", "K" * 201), "variables:user:invalid-name", "compose.yml, line 3"),
        (FIRST.replace("./web", "./" + "w" * 251), "compose:user:invalid-setting", "line 3: root_directory"),
        (FIRST.replace("[serve]", "[serve, '${HIDDEN:?}']"), "compose:user:refused", "A secret in it"),
    ],
)
def test_what_is_refused_is_refused_with_a_push_too(
    web: Service, pushed: Pushed, text: str, code: str, said: str
) -> None:
    Variable.objects.create(project=web.project, name="HIDDEN", value="hush-2718", is_secret=True)
    with pytest.raises(UserError) as caught:
        pushed(text)
    assert caught.value.code == code and said in caught.value.message


def test_a_secret_stays_one_under_the_name_that_a_file_gives_it(web: Service, pushed: Pushed) -> None:
    Variable.objects.create(project=web.project, name="HIDDEN", value="hush-2718", is_secret=True)
    text = FIRST.replace("KEPT: a", "KEPT: '${HIDDEN:?}'")
    where = Environment.objects.create(project=web.project, name="staging", slug="staging")
    branch, _ = pushed(text, where)
    assert branch.release is not None and branch.release.variables["KEPT"] == "a"
    row, _ = pushed(text)
    assert row.release is not None and row.release.variables["KEPT"] == "hush-2718"
    assert row.release.secret_names == ["HIDDEN", "KEPT", "PASSWORD"]


def test_what_a_sibling_is_missing_fails_none_but_it(pushed: Pushed) -> None:
    row, attempt = pushed(FIRST.replace("postgres:16", "postgres:${TAG_OF_IT:?}"))
    assert (row.status, attempt.report) == ("live", [])


def test_one_from_before_the_file_was_kept_follows_it(web: Service, pushed: Pushed) -> None:
    Service.objects.update(compose_said={})
    _, attempt = pushed(FIRST.replace("8000", "9000"))
    web.refresh_from_db()
    assert attempt.report == [
        "compose.yml: this service follows compose.yml from now on. What is set here is as it was."
    ]  # type: ignore[comparison-overlap]
    assert (web.port, web.compose_said["settings"]["port"], web.compose_said["folder"]) == (8000, 9000, "")
    Service.objects.filter(pk=web.pk).update(port=9000)
    pushed(FIRST)
    web.refresh_from_db()
    assert web.port == 8000
    assert dict(Variable.objects.filter(service=web).values_list("name", "value"))["PASSWORD"] == "hush-3141"


@pytest.mark.parametrize("changes", [{"root_directory": "app"}, {"dockerfile": "D"}])
def test_one_that_is_none_of_the_files_stays_alone(web: Service, pushed: Pushed, changes: dict[str, str]) -> None:
    Service.objects.update(compose_said={}, **changes)
    _, attempt = pushed(FIRST)
    web.refresh_from_db()
    assert (attempt.report, web.compose_said) == ([], {})


def test_a_refused_sibling_is_not_gone(pushed: Pushed) -> None:
    _, attempt = pushed(FIRST.replace("postgres:16", "postgres:16\n    privileged: true"))
    assert attempt.report == []


@pytest.mark.parametrize("text", ["services: {other: {image: nginx}}", FIRST.replace("build: ./web", "image: nginx")])
def test_what_went_from_the_file_stays(web: Service, pushed: Pushed, text: str) -> None:
    row, attempt = pushed(text)
    kept = Service.objects.get(pk=web.pk)
    assert (kept.root_directory, kept.image, kept.port, row.status) == ("web", "", 8000, "live")
    assert len(attempt.report) in (1, 2), attempt.report  # type: ignore[arg-type]


def commit(folder: Path, text: str) -> None:
    (folder / "compose.yml").write_text(text)
    git(folder, "commit", "-qam", "change")


def test_the_same_file_again_adds_what_is_new(
    alice: Person, bob: Person, charlie: Person, web: Service, repository: tuple[str, Path]
) -> None:
    url, folder = repository
    body: dict[str, Any] = {"source_url": url, "project": "shop"}
    nothing = alice.post("/compose", body)
    assert (nothing.status_code, nothing.json()["kept"], nothing.json()["added"]) == (200, ["web", "db"], [])
    commit(folder, SECOND)
    told = alice.post("/compose", {**body, "dry_run": True})
    changed = {"db": ["compose.yml, line 4: image: postgres:17, was postgres:16."]}
    expected = {"added": ["cache"], "changed": changed, "kept": ["web"], "deployments": []}
    assert told.status_code == 200 and {name: told.json()[name] for name in expected} == expected
    assert Service.objects.count() == 2
    page = browser(alice).post(f"/services/{web.pk}/compose")
    text = page.content.decode()
    assert page.status_code == 200 and "Add 1 service, change 1 and deploy" in text and "hush-3141" not in text
    assert 'value="shop"' in text and "as it was given before" in text
    assert browser(bob).post(f"/services/{web.pk}/compose").status_code == 403
    sent = {"found": page.context["sealed"], "project": "shop", "team": alice.team.key}
    assert browser(charlie).post("/new/compose", sent).status_code == 404, "its credentials are of this team"
    assert browser(alice).post("/new/compose", sent)["Location"] == f"/projects/{Project.objects.get().pk}"
    assert set(Service.objects.values_list("name", "image")) == {
        ("web", ""), ("db", "postgres:17"), ("cache", "redis:7")
    }  # fmt: skip
    assert Volume.objects.get().service == Service.objects.get(name="db")
    assert Deployment.objects.filter(service__name__in=["db", "cache"], status="pending").count() == 2


def test_what_is_told_later_holds_from_then_on(
    alice: Person, web: Service, repository: tuple[str, Path], pushed: Pushed
) -> None:
    url, folder = repository
    text = FIRST.replace("KEPT: a", "KEPT: '${FRESH:?}'")
    text = text.replace("postgres:16", "postgres:16\n    environment: {POSTGRES_PASSWORD: '${PASSWORD:?}'}")
    commit(folder, text)
    body: dict[str, Any] = {"source_url": url, "project": "shop"}
    told = alice.post("/compose", {**body, "variables": {"FRESH": "b", "PASSWORD": "hush-1618"}})
    assert (list(told.json()["changed"]), told.json()["kept"]) == (["db"], ["web"])
    again = alice.post("/compose", body)
    assert (again.status_code, again.json()["changed"]) == (200, {})
    assert Variable.objects.get(service__name="db", name="POSTGRES_PASSWORD").value == "hush-1618"
    row, _ = pushed(text)
    assert row.release is not None
    assert (row.release.variables["KEPT"], row.release.variables["PASSWORD"]) == ("b", "hush-1618")


def test_a_service_of_something_else_is_not_taken_for_one_of_the_file(
    alice: Person, repository: tuple[str, Path]
) -> None:
    settings = {"source_url": "https://git.example/other.git"}
    actions.create_app(actor=alice.actor, team=alice.team, project="shop", service="web", settings=settings)
    told = {"source_url": repository[0], "project": "shop", "variables": {"PASSWORD": "p"}}
    answer = alice.post("/compose", told)
    assert (answer.status_code, answer.json()["code"]) == (409, "service:user:name-taken")
    assert Service.objects.count() == 1


def test_images_alone_are_read_again_with_what_opened_their_repository(alice: Person, tmp_path: Path) -> None:
    text = "services: {db: {image: 'postgres:16'}, cache: {image: 'redis:7'}}"
    make_repository(tmp_path / "shop", {"compose.yml": text}, branch="stable")
    git(tmp_path / "shop", "checkout", "-qb", "trunk")
    commit(tmp_path / "shop", "services: {}")
    with served(tmp_path, token="hush-1414") as (url, _):
        told = {"source_url": f"{url}/shop/.git", "project": "shop", "branch": "stable", "source_token": "hush-1414"}
        assert alice.post("/compose", told).status_code == 201
        Service.objects.filter(name="cache").update(compose_said={})
        page = browser(alice).post(f"/services/{Service.objects.get(name='db').pk}/compose")
        assert page.status_code == 200 and "hush-1414" not in page.content.decode()
        sent = {"found": page.context["sealed"], "project": "shop", "team": alice.team.key}
        browser(alice).post("/new/compose", sent)
    said = [row.compose_said["opens"]["source_token"] for row in Service.objects.all()]
    assert said == ["hush-1414", "hush-1414"] and Service.objects.filter(source_url="").count() == 2


def test_what_is_read_by_ssh_again_is_of_the_server_that_was_met(alice: Person, tmp_path: Path) -> None:
    files = {"compose.yml": "include: [db.yml]", "db.yml": "services: {db: {image: 'postgres:16'}}"}
    make_repository(tmp_path / "shop", files)
    client, key = browser(alice), make_key()
    with ssh_server(tmp_path, public_part(key)) as server:
        told = {"source_url": server.url("shop"), "sealed_key": encrypt(key)}
        found = client.post("/new", told).context["sealed"]
        assert client.post("/new/compose", {"found": found, "project": "shop"}).status_code == 302
        path = f"/services/{Service.objects.get().pk}/compose"
        (tmp_path / "shop" / "db.yml").write_text("services: {db: {image: 'postgres:17'}}")
        git(tmp_path / "shop", "commit", "-qam", "change")
        page = client.post(path)
        assert page.status_code == 200 and "Change 1 service and deploy" in page.content.decode()
        assert key not in page.content.decode()
    with ssh_server(tmp_path, *server.keys, server=SshServer(tmp_path, server.port)):
        refused = client.post(path)
    assert refused.status_code != 200 and "another host key" in refused.content.decode()
