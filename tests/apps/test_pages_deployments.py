"""Services and deployments in the browser: what is shown, what the forms do, what is said at which field."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from apps.deployments import actions, logs, outcome
from apps.deployments.models import Build, Deployment
from apps.deployments.states import Status
from apps.deployments.templatetags.deployments import ticks
from apps.hosts.models import ServiceState
from apps.projects.models import Domain, Service, Variable, Volume
from tests.apps.cast import CANARY, Person, Shop, make_live
from tests.apps.test_pages_walk import browser
from tests.workers.git_server import make_repository, served
from workers.errors import UserError

FLASK = {
    "app.py": "from flask import Flask\napp = Flask(__name__)\n",
    "requirements.txt": "flask==3.1.0\n",
    ".env.example": "GREETING=hello\n",
}


@pytest.fixture
def client(alice: Person) -> Client:
    return browser(alice)


@pytest.fixture
def git_url(tmp_path: Path) -> Iterator[str]:
    make_repository(tmp_path / "shop", FLASK, branch="trunk")
    with served(tmp_path) as (url, _):
        yield f"{url}/shop/.git"


def test_it_says_what_to_do_when_there_is_nothing(client: Client) -> None:
    text = client.get("/").content.decode()
    assert "Nothing is deployed yet" in text
    assert 'href="/new"' in text


def test_it_shows_what_was_detected_and_deploys_it(client: Client, git_url: str) -> None:
    found = client.post("/new", {"source_url": git_url})
    assert found.status_code == 200
    form = found.context["form"]
    rows = [(row.name, row.value) for row in found.context["rows"]]
    assert (form.initial["project"], rows) == ("shop", [("GREETING", "hello")])
    assert found.context["found"]["plan"]["framework"] == "Flask"
    assert found.context["found"]["where"]["branch"] == "trunk"
    told = {
        "found": found.context["sealed"], "project": "shop", "service": "web", "variables": "GREETING=hi\n",
        "secrets": f"API_KEY={CANARY}", "volume_name": "data", "volume_path": "/data", "domain": "shop.example.com",
    }  # fmt: skip
    answer = client.post("/new/deploy", told)
    row = Deployment.objects.get()
    assert answer["Location"] == f"/deployments/{row.pk}"
    assert (row.trigger, row.branch, row.service.source_url) == ("manual", "trunk", git_url)
    assert {v.name: (v.value, v.is_secret) for v in Variable.objects.all()} == {
        "GREETING": ("hi", False),
        "API_KEY": (CANARY, True),
    }
    assert Volume.objects.get().path == "/data"
    assert Domain.objects.filter(host="shop.example.com").exists()
    assert client.get(answer["Location"]).status_code == 200
    Service.objects.update(slug="shop")
    again = client.post("/new", {"source_url": git_url}).context["form"].initial
    assert (again["project"], again["service"]) == ("shop", "shop-2")


@pytest.mark.parametrize(
    ("told", "field", "words"),
    [
        ({"source_url": "http://127.0.0.1:1/x.git"}, "source_url", "cannot be reached"),
        ({"source_url": "ssh://git:pw@example.com/a/b.git"}, "source_url", "user name or password"),
        ({"branch": "trunc"}, "branch", "trunk"),
        ({"root_directory": "nowhere"}, "root_directory", "no folder"),
        ({"dockerfile": "Containerfile"}, "dockerfile", "Containerfile"),
    ],
)
def test_it_says_at_the_field_what_is_wrong_with_a_source(
    client: Client, git_url: str, told: dict[str, str], field: str, words: str
) -> None:
    answer = client.post("/new", {"source_url": git_url, **told})
    assert answer.status_code == 422
    assert words in " ".join(answer.context["form"].errors[field])
    assert not Service.objects.exists()


def test_it_says_what_was_looked_for_when_nothing_is_recognised(client: Client, tmp_path: Path) -> None:
    make_repository(tmp_path / "notes", {"notes.txt": "nothing"})
    with served(tmp_path) as (url, _):
        answer = client.post("/new", {"source_url": f"{url}/notes/.git"})
    assert "package.json" in answer.context["form"].errors["root_directory"][0]


def test_it_never_shows_an_access_token_again(client: Client, tmp_path: Path) -> None:
    make_repository(tmp_path / "shop", FLASK)
    with served(tmp_path, token=CANARY) as (url, _):
        refused = client.post("/new", {"source_url": f"{url}/shop/.git"})
        found = client.post("/new", {"source_url": f"{url}/shop/.git", "source_token": CANARY})
    assert refused.status_code == 422
    assert CANARY not in found.content.decode()


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"variables": "FINE=1\nnot a line\n"}, "variables"),
        ({"domain": "not a host"}, "domain"),
        ({"volume_name": "data"}, "volume_path"),
        ({"service": "???"}, "service"),
    ],
)
def test_it_keeps_what_was_typed_when_the_second_step_is_refused(
    client: Client, git_url: str, told: dict[str, str], field: str
) -> None:
    found = client.post("/new", {"source_url": git_url})
    start = {"found": found.context["sealed"], "project": "shop", "service": "web"}
    answer = client.post("/new/deploy", {**start, **told})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert not Service.objects.exists()


def test_it_takes_back_only_what_it_sent(client: Client, alice: Person) -> None:
    answer = client.post("/new/deploy", {"found": "forged", "project": "shop", "service": "web"})
    assert answer.status_code == 400
    assert "Begin again" in answer.content.decode()


def test_it_shows_a_service_as_the_runtime_tells(client: Client, shop: Shop) -> None:
    page = f"/services/{shop.service.pk}"
    assert client.get(page).context["card"].health.pill.word == "Live"
    ServiceState.objects.update(reported_at=timezone.now() - timedelta(minutes=2))
    health = client.get(page).context["card"].health
    assert (health.pill.word, health.is_stale) == ("Not reporting", True)
    assert health.instances[0]["pill"].word == "Was running"
    state = ServiceState.objects.get()
    state.reported_at = timezone.now()
    state.instances = [{**state.instances[0], "state": "exited", "exit_code": 137, "healthy": False}]
    state.save()
    assert client.get(page).context["card"].health.pill.word == "Down"
    assert "137" in client.get(page).content.decode()
    serving = client.get(f"/deployments/{shop.live.pk}").content.decode()
    assert "<title>Down · " in serving and 'data-status="failed"' in serving
    assert "<title>Replaced · " in client.get(f"/deployments/{shop.first.pk}").content.decode()


def test_it_answers_htmx_with_the_fragment_alone(client: Client, shop: Shop) -> None:
    for page, name in (("/", "projects"), (f"/services/{shop.service.pk}", "service_status"),
                       (f"/deployments/{shop.live.pk}", "deployment_status")):  # fmt: skip
        text = client.get(page, headers={"HX-Request": "true"}).content.decode().strip()
        assert text.startswith(f'<div id="{name}"')
        assert "<html" not in text


def test_it_says_why_a_deployment_failed_and_what_goes_on_serving(client: Client, shop: Shop, alice: Person) -> None:
    row = actions.deploy(actor=alice.actor, service=shop.service)
    row.advance(Status.BUILDING)
    outcome.failed(row, UserError("build:user:x", "It has no wheel.", hint="Use another.\n[app 2/6] RUN uv sync"))
    text = client.get(f"/deployments/{row.pk}").content.decode()
    assert '<details id="last-lines"><summary>' in text, "two sentences, the lines on demand"
    assert "[app 2/6]" not in client.get(f"/services/{shop.service.pk}").content.decode()
    for words in ("It has no wheel.", "Use another.", "goes on serving", "nobody saw this", "not reached", "Try again"):
        assert words in text


def test_it_deploys_cancels_and_rolls_back(client: Client, shop: Shop) -> None:
    answer = client.post(f"/services/{shop.service.pk}/deploy")
    row = Deployment.objects.latest("created_at")
    assert answer["Location"] == f"/deployments/{row.pk}"
    client.post(f"/deployments/{row.pk}/cancel")
    row.refresh_from_db()
    assert row.status == "cancelled"
    assert "Roll back to aaaaaaa" in client.get(f"/deployments/{shop.live.pk}").content.decode()
    assert "Roll back to this" in client.get(f"/deployments/{shop.first.pk}").content.decode()
    asked = client.get(f"/releases/{shop.first.release_id}/rollback").content.decode()
    for words in ("aaaaaaa", "bbbbbbb", "the database", "Pause auto-deploy"):
        assert words in asked
    Build.objects.update(commit="b" * 40)  # Only a variable was changed between them.
    for path in (
        f"/deployments/{shop.live.pk}",
        f"/services/{shop.service.pk}",
        f"/releases/{shop.first.release_id}/rollback",
    ):
        assert "Roll back to release 1" in client.get(path).content.decode()
    Deployment.objects.filter(status="live").update(status="superseded")
    assert "nothing serves now" in client.get(f"/releases/{shop.first.release_id}/rollback").content.decode()
    client.post(f"/releases/{shop.first.release_id}/rollback", {"pause": "1"})
    back = Deployment.objects.latest("created_at")
    assert (back.trigger, back.release_id) == ("rollback", shop.first.release_id)
    assert "Auto-deploy is paused" in client.get(f"/services/{shop.service.pk}").content.decode()
    client.post(f"/services/{shop.service.pk}/resume")
    shop.service.refresh_from_db()
    assert shop.service.auto_deploy_paused_at is None


def test_it_gives_the_log_by_numbers(client: Client, shop: Shop) -> None:
    told = client.get(f"/deployments/{shop.live.pk}/log?after=8").json()
    assert [line["seq"] for line in told["lines"]] == list(range(9, told["last"] + 1))
    assert told["finished"] is True
    one = client.get(f"/services/{shop.service.pk}/log?after=1&limit=1").json()
    assert (one["lines"][0]["text"], one["last"], one["finished"]) == ("says 2", 2, False)
    assert client.get(f"/services/{shop.service.pk}/log?after=nonsense").json()["last"] == 5


def test_it_shows_the_log_without_escapes_and_without_a_script(client: Client, shop: Shop) -> None:
    stream = shop.log
    logs.append(stream, [logs.Line("\x1b[31mred\x1b[0m \x1b]8;;http://x\x07link\x1b]8;;\x07"), logs.Line("1 %\r99 %")])
    text = client.get(f"/services/{shop.service.pk}/logs").content.decode()
    assert '<span><b class="c1">red</b> link</span>' in text
    assert "<span>99 %</span>" in text
    assert 'id="L7"' in text


def test_it_shows_the_last_lines_first_and_earlier_ones_on_demand(client: Client, shop: Shop) -> None:
    logs.append(shop.log, [logs.Line(f"more {n}") for n in range(6, 1206)])
    newest = client.get(f"/services/{shop.service.pk}/logs").context["lines"]
    assert [newest[0].seq, newest[-1].seq] == [706, 1205]
    earlier = client.get(f"/services/{shop.service.pk}/logs?before=706").context["lines"]
    assert [earlier[0].seq, earlier[-1].seq] == [206, 705]


def test_it_says_when_a_host_name_is_taken(client: Client, shop: Shop) -> None:
    page = f"/services/{shop.service.pk}/domains"
    answer = client.post(page, {"host": "Shop.Example.com."})
    assert answer.status_code == 422
    assert "is taken" in answer.context["form"].errors["host"][0]
    assert client.post(page, {"host": "new.example.com"}).status_code == 302
    client.post(f"/domains/{Domain.objects.get(host='new.example.com').pk}/remove")
    assert not Domain.objects.filter(host="new.example.com").exists()


def test_it_keeps_volumes_until_each_is_discarded_by_name(client: Client, shop: Shop) -> None:
    wrong = client.post(f"/services/{shop.service.pk}/delete", {"confirm": "nope"})
    assert (wrong.status_code, list(wrong.context["form"].errors)) == (422, ["confirm"])
    gone = client.post(f"/services/{shop.service.pk}/delete", {"confirm": "web"})
    assert gone["Location"] == f"/projects/{shop.project.pk}"
    assert not Service.objects.exists()
    assert "Kept volumes" in client.get(gone["Location"]).content.decode()
    discard = f"/volumes/{shop.volume.pk}/discard"
    assert client.post(discard, {"confirm": "nope"}).status_code == 422
    assert client.post(discard, {"confirm": "data"}).status_code == 302
    shop.volume.refresh_from_db()
    assert shop.volume.discarded_at is not None


def test_it_adds_a_volume_and_refuses_a_wrong_path(client: Client, shop: Shop) -> None:
    page = f"/services/{shop.service.pk}/volumes"
    wrong = client.post(page, {"name": "cache", "path": "../etc"})
    assert list(wrong.context["form"].errors) == ["path"]
    assert client.post(page, {"name": "cache", "path": "/cache"}).status_code == 302


def settings_of(client: Client, shop: Shop) -> dict[str, str]:
    form = client.get(f"/services/{shop.service.pk}/settings").context["form"]
    return {field.name: "" if field.value() in (None, False) else str(field.value()) for field in form}


def test_it_saves_every_setting_and_keeps_the_access_token(client: Client, shop: Shop) -> None:
    told = {**settings_of(client, shop), "health_path": "/healthz", "memory_mb": "256", "branch": "a;id"}
    answer = client.post(f"/services/{shop.service.pk}/settings", told)
    assert answer.status_code == 302
    row = Service.objects.get()
    assert (row.health_path, row.memory_mb, row.branch, row.source_token) == ("/healthz", 256, "a;id", CANARY)
    text = client.get(f"/teams/{shop.team.pk}/activity").content.decode()
    assert "changed the settings" in text
    assert "memory_mb" in text


def test_it_says_at_the_field_what_is_wrong_with_a_setting(client: Client, shop: Shop) -> None:
    told = {**settings_of(client, shop), "memory_mb": "1", "port": "70000"}
    answer = client.post(f"/services/{shop.service.pk}/settings", told)
    assert sorted(answer.context["form"].errors) == ["memory_mb", "port"]


def test_it_renames_and_deletes_a_project(client: Client, shop: Shop) -> None:
    page = f"/projects/{shop.project.pk}"
    assert client.post(page, {"name": "Store"}).status_code == 302
    kept = client.post(f"{page}/delete", {"confirm": "Store"})
    assert "still keeps volumes" in kept.context["form"].errors["confirm"][0]
    client.post(f"/volumes/{shop.volume.pk}/discard", {"confirm": "data"})
    assert client.post(f"{page}/delete", {"confirm": "Store"})["Location"] == "/"
    assert "Nothing is deployed yet" in client.get("/").content.decode()


def test_it_lists_deployments_page_by_page(client: Client, shop: Shop, alice: Person) -> None:
    for n in range(55):
        make_live(actions.deploy(actor=alice.actor, service=shop.service), f"{n:040x}")
    first = client.get(f"/services/{shop.service.pk}/deployments")
    second = client.get(f"/services/{shop.service.pk}/deployments?cursor={first.context['cursor']}")
    numbers = [row.number for page in (first, second) for row in page.context["deployments"]]
    assert numbers == list(range(57, 0, -1))
    assert client.get(f"/services/{shop.service.pk}/deployments?cursor=wrong").status_code == 422


def test_it_rings_one_deployment_of_a_release_that_was_live_twice(shop: Shop) -> None:
    again = Deployment(number=3, release=shop.first.release, live_at=shop.first.live_at, status="superseded")
    rings = ticks([shop.first, again, shop.live], shop.first.release).split("</a>")
    assert [" prev" in one for one in rings[:3]] == [False, True, False]


def test_it_names_the_range_of_commits_of_a_deployment(shop: Shop, alice: Person) -> None:
    client, before, now = alice.client, shop.first.commit, shop.live.commit
    assert f"{before}..{now}" in client.get(f"/deployments/{shop.live.pk}").content.decode()
    assert "<dt>Changes</dt>" not in client.get(f"/deployments/{shop.first.pk}").content.decode(), "nothing before it"
