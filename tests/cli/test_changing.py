"""What the command changes, over real HTTP: deploys, rollbacks, cancels, variables; and what it ends with."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from apps.deployments import api, api_services, logs, outcome
from apps.deployments.models import Deployment, DeploymentStep
from apps.deployments.states import Status, StepStatus
from apps.projects.models import Environment, Service, Variable
from tests.apps.cast import CANARY, Person, Shop, make_live
from tests.cli.conftest import Type
from tests.workers.git_server import make_repository, served
from workers.errors import UserError

Work = Callable[[Callable[[Deployment], object]], None]


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Work:
    """Done to the newest deployment while the command waits between two looks, in the place of a worker."""

    def give(job: Callable[[Deployment], object]) -> None:
        monkeypatch.setattr("cli.following.time.sleep", lambda _: job(Deployment.objects.latest("number")))

    return give


def fails(row: Deployment) -> None:
    """In its build, by a cause that nobody knows."""
    now = timezone.now()
    Deployment.objects.filter(pk=row.pk).update(started_at=now, commit="d" * 40)
    row.refresh_from_db()
    row.advance(Status.BUILDING, step="build")
    logs.append(row.log, [logs.Line("docker build .", kind="command"), logs.Line("make: *** [all] Error 2")])
    done = StepStatus.SUCCEEDED
    for name, status in (("fetch", done), ("analyze", done), ("build", StepStatus.FAILED)):
        DeploymentStep.objects.create(deployment=row, name=name, status=status, started_at=now, finished_at=now)
    told = "See the last lines:\nmake: *** [all] Error 2"
    logs.append(row.log, [logs.Line(told, kind="error")])
    outcome.failed(row, UserError("build:user:build-failed", "A command of the build failed.", hint=told))
    Deployment.objects.filter(pk=row.pk).update(started_at=now, finished_at=now)


FAILED = """\
web#3 failed
ddddddd, main, production
api by Dora, now, took 0.00 s

✓ fetch          0.00 s  █
✓ analyze        0.00 s  █
✗ build          0.00 s  █
· release   not reached
· start     not reached
· health    not reached
· switch    not reached
· drain     not reached

A command of the build failed.
See the last lines:
make: *** [all] Error 2
Release 2 (bbbbbbb) goes on serving.
build:user:build-failed
"""


def test_it_follows_a_deployment_that_fails_and_says_why(dora: Person, shop: Shop, type_: Type, work: Work) -> None:
    work(fails)
    said = type_(dora, "deploy", "web", "--no-cache", "--follow")
    assert (said.out, said.code) == (f"$ docker build .\nmake: *** [all] Error 2\n\n{FAILED}", 1)
    assert type_(dora, "deployment", "web#3").out == FAILED
    log = "$ docker build .\nmake: *** [all] Error 2\nSee the last lines:\nmake: *** [all] Error 2\n"
    assert type_(dora, "logs", "--build", "web#3").out == log
    row = Deployment.objects.latest("number")
    assert (row.no_cache, row.trigger) == (True, "api")
    told = dora.get(f"/deployments/{row.key}").json()["error"]
    assert f"{told['message']}\n{told['hint']}\n" in said.out


def test_it_says_what_mends_a_failure_and_does_it(dora: Person, shop: Shop, type_: Type) -> None:
    told = {"status": Status.FAILED, "error_code": "health:user:other-port", "error_message": "It listens on 3000."}
    Deployment.objects.filter(pk=shop.first.pk).update(**told, error_change={"port": "3000"})
    said = type_(dora, "deployment", "web#1").out
    assert "\nSet the port to 3000 and deploy again: slipway mend web#1\n" in said
    assert type_(dora, "mend", "web#1").out == "web#3 pending\n"
    assert Service.objects.get(pk=shop.service.pk).port == 3000
    assert type_(dora, "mend", "web#1").code == 2
    assert "\nSet the port: URL/services/ID/settings#id_port\n" in type_(dora, "deployment", "web#1").out


def test_it_follows_a_deployment_until_it_is_live(dora: Person, shop: Shop, type_: Type, work: Work) -> None:
    work(lambda row: make_live(row, "d" * 40))
    said = type_(dora, "deploy", "shop/web", "--commit", "d" * 40, "-f")
    assert (said.code, said.out.splitlines()[1]) == (0, "web#3 live")
    assert said.out.endswith("\n\nhttp://shop.example.com:8080\nhttp://web.apps.localhost:8080\n")


def test_it_ends_with_what_became_of_the_one_whose_log_was_followed(
    dora: Person, shop: Shop, type_: Type, work: Work
) -> None:
    assert type_(dora, "logs", "--build", "web#2", "--follow").code == 0
    assert type_(dora, "deploy", "web").code == 0
    work(fails)
    said = type_(dora, "logs", "--build", "web#3", "--follow")
    assert (said.code, "See the last lines:" in said.out) == (1, True)


@pytest.mark.parametrize("status", [Status.CANCELLED, Status.SUPERSEDED])
def test_it_ends_with_1_for_one_that_came_to_nothing(
    dora: Person, shop: Shop, type_: Type, work: Work, status: Status
) -> None:
    work(lambda row: row.advance(status, finished_at=timezone.now()))
    said = type_(dora, "deploy", "web", "--follow", "--json")
    told = json.loads(said.out)
    assert (said.code, told["status"], told["steps_left"][:2]) == (1, status, ["fetch", "analyze"])


def test_it_goes_on_over_an_absence_of_the_server(
    dora: Person, shop: Shop, type_: Type, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    work(lambda row: make_live(row, "d" * 40))
    away = iter(["once"])

    def deployment_for(*asked: Any) -> Deployment:
        if next(away, None) is not None:
            raise OperationalError("gone")
        return api.deployments_for(asked[0]).get(pk=asked[1])

    monkeypatch.setattr(api, "deployment_for", deployment_for)
    said = type_(dora, "deploy", "web", "--follow")
    assert (said.code, said.err) == (0, "The database is away. Trying again for two minutes.\n")


def test_it_ends_with_what_is_known_when_the_rest_cannot_be_told(
    dora: Person, shop: Shop, type_: Type, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*asked: Any) -> None:
        raise OperationalError("gone")

    work(lambda row: (make_live(row, "d" * 40), monkeypatch.setattr(api_services, "service_for", gone)))
    said = type_(dora, "deploy", "web", "--follow")
    assert (said.code, said.err) == (0, "The database is away.\n")
    assert "web#3 live\n" in said.out


def test_it_deploys_without_waiting(dora: Person, shop: Shop, type_: Type) -> None:
    said = type_(dora, "deploy", "web")
    assert (said.out, said.err, said.code) == (
        "web#3 pending\n", "Follow it: slipway logs --build ID --follow\n", 0,
    )  # fmt: skip
    assert type_(dora, "cancel", "web#3").out == "web#3 cancelled\n"
    again = type_(dora, "cancel", "web#3", "--json")
    assert (json.loads(again.out)["code"], again.code) == ("deployment:user:finished", 2)


def test_it_rolls_back_to_the_release_of_a_deployment(dora: Person, shop: Shop, type_: Type) -> None:
    assert type_(dora, "rollback", "web", "1").out == "web#3 deploying\n"
    made = Deployment.objects.latest("number")
    assert (made.is_rollback, made.release_id) == (True, shop.first.release_id)
    Deployment.objects.filter(pk=made.pk).update(release=None)
    refused = type_(dora, "rollback", "web", "web#3")
    assert (refused.code, refused.err) == (
        2, "slipway: web#3 deploying: it made no release.\nName a deployment that was live.\n",
    )  # fmt: skip


def test_it_sets_and_unsets_variables(dora: Person, shop: Shop, type_: Type) -> None:
    said = type_(dora, "variables", "set", "web", "LOG_LEVEL=info", "A=b=c")
    assert said.out == "LOG_LEVEL is set (service).\nA is set (service).\n"
    assert Variable.objects.get(name="A").value == "b=c"
    assert type_(dora, "variables", "unset", "web", "A", "NOPE").code == 4
    assert type_(dora, "variables", "unset", "web", "A", "LOG_LEVEL").code == 0
    assert not Variable.objects.filter(name__in=["A", "LOG_LEVEL"]).exists()


def test_it_keeps_variables_of_a_project_apart_from_those_of_its_services(
    dora: Person, shop: Shop, type_: Type
) -> None:
    project, its_own = shop.service.project.slug, Variable.objects.filter(service=None)
    said = type_(dora, "variables", "set", "--project", project, "REGION=eu", "-e", "production")
    assert said.out == "REGION is set (environment production).\n"
    assert said.err == "It takes effect with the next deployment of each service\n"
    listed = type_(dora, "variables", "list", project, "--project").out
    assert listed.count("\n") == 1 + its_own.count() and "REGION" in listed and "API_KEY" not in listed
    assert type_(dora, "variables", "unset", project, "API_KEY", "-p").code == 4, "it is a service's"
    assert type_(dora, "variables", "unset", project, "REGION", "-p", "-e", "production").code == 0
    assert type_(dora, "variables", "list", "-p", "nope").code == 4
    assert not Variable.objects.filter(name="REGION").exists()


def test_it_tells_what_is_not_live_and_deploys_it_without_a_build(dora: Person, shop: Shop, type_: Type) -> None:
    type_(dora, "variables", "set", "web", "LOG_LEVEL=a\nb")
    said = type_(dora, "changes", "web")
    assert "LOG_LEVEL" in said.out and "a\\nb" in said.out and CANARY not in said.out
    assert said.err == "Deploy them: slipway deploy web --reuse-build\n"
    assert type_(dora, "deploy", "web", "--reuse-build", "--no-cache").code == 2
    assert type_(dora, "deploy", "web", "--reuse-build").code == 0
    assert Deployment.objects.latest("number").build == shop.live.build
    staging = Environment.objects.create(project=shop.project, name="Staging", slug="staging")
    Deployment.objects.filter(pk=shop.live.pk).update(environment=staging)
    assert "slipway deploy web -e staging" in type_(dora, "changes", "web", "-e", "staging").err


def test_it_takes_a_secret_from_standard_input_only(dora: Person, shop: Shop, type_: Type) -> None:
    said = type_(dora, "variables", "set", "web", "API_KEY", "--secret", stdin=f"new-{CANARY}\n")
    row = Variable.objects.get(name="API_KEY")
    assert (said.out, row.value, row.is_secret) == ("API_KEY is set (service).\n", f"new-{CANARY}", True)
    assert CANARY not in said.out + said.err
    refused = type_(dora, "variables", "set", "web", f"OTHER={CANARY}", "--secret")
    assert (refused.code, CANARY in refused.err) == (2, False)
    assert type_(dora, "variables", "set", "web", "OTHER").code == 2, "nothing was given"
    assert type_(dora, "variables", "set", "web", "OTHER", "ANOTHER", stdin="one value").code == 2
    assert not Variable.objects.filter(name="OTHER").exists()


@pytest.fixture
def git_url(tmp_path: Path) -> Iterator[str]:
    make_repository(tmp_path / "r" / "shop", {"Procfile": "web: ./serve\n", "serve": ""}, branch="trunk")
    with served(tmp_path / "r") as (url, _):
        yield f"{url}/shop/.git"


def test_it_looks_into_a_repository_and_into_a_services_own(
    dora: Person, bob: Person, shop: Shop, type_: Type, git_url: str
) -> None:
    by_address = type_(dora, "analyze", git_url)
    assert (by_address.code, by_address.err) == (0, "")
    assert "start     ./serve\n" in by_address.out and "web" in by_address.out
    Service.objects.update(source_url=git_url, branch="trunk", start_command="./other", source_token="")
    of_service = type_(dora, "analyze", "web", "--json")
    assert json.loads(of_service.out)["plan"]["start"] == "./other"
    assert type_(bob, "analyze", "web").code == 3
    Service.objects.update(image="nginx:1", source_url="")
    refused = type_(dora, "analyze", "web")
    assert (refused.code, refused.err.splitlines()[0]) == (2, "slipway: web is deployed from the image nginx:1.")
