"""What the command shows, over real HTTP: who, what stands where, deployments, logs. Compared whole."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.deployments import logs
from apps.deployments.models import Deployment, DeploymentStep
from tests.apps.cast import CANARY, Person, Shop
from tests.cli.conftest import Type, stable


@pytest.fixture(autouse=True)
def at_rest(shop: Shop) -> None:
    """Times that a text can be compared with."""
    begun = timezone.now() - timedelta(minutes=5, seconds=30)
    took = begun + timedelta(seconds=12.3)
    Deployment.objects.update(created_at=begun, started_at=begun, live_at=took, finished_at=took)
    Deployment.objects.filter(pk=shop.first.pk).update(created_at=begun - timedelta(seconds=1))
    for name, seconds in (("fetch", 0.4), ("build", 12.34), ("switch", 75)):
        ended = begun + timedelta(seconds=seconds)
        DeploymentStep.objects.filter(name=name).update(started_at=begun, finished_at=ended)


def test_it_says_who_one_is(dora: Person, type_: Type) -> None:
    assert type_(dora, "whoami").out.replace(dora.user.email, "EMAIL") == (
        "server  URL\nname    Dora, EMAIL\ntoken   scope admin\nteams   Shop (developer)\n"
    )


def test_it_lists_what_there_is(bob: Person, type_: Type) -> None:
    assert type_(bob, "projects").out == "PROJECT  TEAM  MADE\nshop     shop  now\n"
    services = "SERVICE   STATUS  COMMIT   ADDRESS\nshop/web  live    bbbbbbb  http://shop.example.com:8080\n"
    assert type_(bob, "services").out == services
    assert type_(bob, "services", "--project", "other").out == "SERVICE  STATUS  COMMIT  ADDRESS\n"
    assert type_(bob, "deployments", "web").out == (
        "DEPLOYMENT  STATUS      COMMIT   CREATED    TOOK    MESSAGE\n"
        "web#2       live        bbbbbbb  5 min ago  12.3 s  Greet politely\n"
        "web#1       superseded  aaaaaaa  5 min ago  12.3 s  Greet politely\n"
    )


def test_it_says_how_a_service_stands(bob: Person, type_: Type) -> None:
    assert type_(bob, "status", "shop/web").out == (
        "service  shop/web, production\n"
        "status   live\n"
        "address  http://shop.example.com:8080, http://web.apps.localhost:8080\n"
        "serves   release 2, bbbbbbb, 5 min ago\n"
        "latest   web#2 live\n"
        "source   https://git.example/shop.git, main\n"
        "\n"
        "STATE    MEMORY  STARTED  INSTANCE\n"
        "running  0 MB    now  web.1\n"
    )


def test_it_draws_the_slip_of_a_deployment(bob: Person, type_: Type) -> None:
    assert type_(bob, "deployment", "web#1").out == (
        "web#1 superseded\n"
        "Greet politely, aaaaaaa, main, production\n"
        "manual by Alice, 5 min ago, took 12.3 s\n"
        "\n"
        "✓ fetch          0.40 s  ███\n"
        "✓ build          12.3 s  ███████████████\n"
        "✓ switch     1 min 15 s  ███████████████████████████████████\n"
        "· release   not reached\n"
        "· start     not reached\n"
        "· health    not reached\n"
        "· drain     not reached\n"
    )


def test_it_says_what_was_found_in_the_image(bob: Person, shop: Shop, type_: Type) -> None:
    found = {"deployment": shop.first, "started_at": timezone.now(), "finished_at": timezone.now()}
    for name, status, detail in (
        ("scan", "succeeded", "1 high"),
        ("sign", "failed", "twice"),
        ("push", "succeeded", "x"),
    ):
        DeploymentStep.objects.create(name=name, status=status, detail=detail, **found)
    said = type_(bob, "deployment", "web#1").out
    assert said.splitlines()[-1] == "scan: 1 high" and "twice" not in said


def test_it_prints_the_answers_of_the_api_unchanged(bob: Person, shop: Shop, type_: Type) -> None:
    for arguments, path in {
        ("whoami",): "/auth/me",
        ("projects",): "/projects",
        ("deployments", "web", "--limit", "1"): f"/deployments?service_id={shop.service.key}&limit=1",
        ("deployment", shop.first.key): f"/deployments/{shop.first.key}",
        ("logs", "web"): f"/services/{shop.service.key}/logs?tail=200",
        ("logs", "--build", "web#2"): f"/deployments/{shop.live.key}/logs",
        ("variables", "list", "web"): f"/services/{shop.service.key}/variables",
    }.items():
        said = type_(bob, *arguments, "--json")
        told = bob.get(path).json()
        assert (said.code, said.err) == (0, "")
        assert json.loads(said.out) == json.loads(stable(json.dumps(told), "http://none")), arguments


def test_it_reads_logs_and_lets_none_of_them_steer_the_terminal(bob: Person, shop: Shop, type_: Type) -> None:
    evil = "\x1b]52;c;cm0gLXJm\x07\x1b[2J\x1b[31mred\x1b[0m 10 %\r\x1b[1A20 %\u202e"
    logs.append(shop.log, [logs.Line(evil, source="web.1")])
    said = type_(bob, "logs", "web", "--tail", "2").out
    assert [line[9:] for line in said.splitlines()] == ["web.1  says 5", "web.1  20 %"]
    logs.append(shop.live.log, [logs.Line("docker build .", kind="command")])
    assert type_(bob, "logs", "web", "--build", "2").out.splitlines()[-2:] == ["line 10", "$ docker build ."]


def test_it_follows_a_log_from_where_it_was(
    bob: Person, shop: Shop, type_: Type, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = iter([[logs.Line("says more", source="web.1")], []])

    def later(_: float) -> None:
        lines = next(turns, None)
        if lines is None:
            raise KeyboardInterrupt
        logs.append(shop.log, lines)

    monkeypatch.setattr("cli.following.time.sleep", later)
    said = type_(bob, "logs", "web", "--tail", "1", "--follow")
    assert ([line[9:] for line in said.out.splitlines()], said.code) == (["web.1  says 5", "web.1  says more"], 130)


def test_it_shows_no_secret(alice: Person, type_: Type) -> None:
    assert type_(alice, "variables", "list", "web").out == (
        "NAME      SCOPE    VALUE\nAPI_KEY   service  (secret)\nGREETING  service  hello\n"
    )
    assert CANARY not in type_(alice, "variables", "list", "web", "--json").out


def test_it_opens_the_address(bob: Person, type_: Type, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("cli.services.webbrowser.open", opened.append)
    assert type_(bob, "open", "web").out == "http://shop.example.com:8080\n"
    assert opened == ["http://shop.example.com:8080"]
