"""Projects, services, variables, domains, volumes, members, tokens, hosts and activity over the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.access import Actor
from apps.accounts.actions import make_api_token
from apps.accounts.models import ApiToken, Membership, User
from apps.deployments.models import Deployment
from apps.hosts.models import Host, ServiceState
from apps.projects.models import Domain, Project, Service, Variable, Volume
from tests.apps.cast import CANARY, Person, Shop, make_running

APP: dict[str, Any] = {
    "project": "blog", "name": "web", "source_url": "https://git.example/blog.git", "branch": "trunk", "replicas": 2,
    "source_token": CANARY, "variables": {"LOG_LEVEL": "info"}, "secrets": {"KEY": CANARY},
    "domains": ["Blog.Example.com."], "volumes": {"data": "/data"},
}  # fmt: skip


def test_it_creates_a_whole_app_and_deploys_it(dora: Person, alice: Person) -> None:
    response = dora.post("/apps", APP)
    told = response.json()
    assert response.status_code == 201, told
    assert response["Location"] == f"/api/v1/services/{told['service']['id']}"
    service = Service.objects.get(pk=told["service"]["id"])
    assert (service.branch, service.replicas, service.source_token) == ("trunk", 2, CANARY)
    assert (told["deployment"]["status"], told["deployment"]["trigger"]) == ("pending", "api")
    assert (told["service"]["status"], told["service"]["has_source_token"]) == ("pending", True)
    assert told["service"]["urls"] == ["http://blog.example.com:8080", "http://web.apps.localhost:8080"]
    assert dict(Variable.objects.values_list("name", "is_secret")) == {"LOG_LEVEL": False, "KEY": True}
    assert Volume.objects.get().path == "/data"
    assert CANARY not in response.content.decode()


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"domains": ["not a host"]}, 422),
        ({"domains": ["taken.example.com"]}, 409),
        ({"volumes": {"data": "../etc"}}, 422),
        ({"variables": {"1A": "x"}}, 422),
        ({"memory_mb": 1}, 422),
        ({"source_url": "https://user:pass@git.example/a"}, 422),
        ({"cpus": 1000}, 422),
    ],
)
def test_it_creates_nothing_when_a_part_is_wrong(alice: Person, wrong: dict[str, Any], status: int) -> None:
    alice.post("/apps", {**APP, "project": "other", "domains": ["taken.example.com"]})
    before = [model.objects.count() for model in (Project, Service, Variable, Domain, Volume, Deployment)]
    response = alice.post("/apps", {**APP, **wrong})
    assert response.status_code == status, response.content
    assert [model.objects.count() for model in (Project, Service, Variable, Domain, Volume, Deployment)] == before


def test_it_asks_which_team_is_meant(alice: Person) -> None:
    other = alice.post("/teams", {"name": "Second"}).json()
    response = alice.post("/projects", {"name": "x"})
    assert (response.status_code, response.json()["code"]) == (422, "team:user:unclear")
    assert alice.post("/projects", {"name": "x", "team_id": other["id"]}).json()["team"] == "second"


def test_it_shows_how_a_service_stands(bob: Person, shop: Shop) -> None:
    told = bob.get(f"/services/{shop.service.key}").json()
    assert (told["status"], told["project"], told["branch"]) == ("live", "shop", "main")
    assert told["urls"][0] == "http://shop.example.com:8080"
    assert told["live"] == {
        "release_id": shop.release.key, "release_number": 2, "commit": "b" * 40, "deployment_id": shop.live.key,
        "live_at": told["live"]["live_at"],
    }  # fmt: skip
    assert (told["latest_deployment"]["number"], told["latest_deployment"]["status"]) == (2, "live")
    [instance] = told["runtime"]["instances"]
    assert (instance["name"], instance["state"], instance["release_id"]) == ("web.1", "running", shop.release.key)
    assert 0 <= told["runtime"]["age_seconds"] < 60
    assert "source_token" not in told and told["has_source_token"] is True


def test_it_says_what_is_down_unknown_or_new(alice: Person, shop: Shop) -> None:
    path = f"/services/{shop.service.key}"
    make_running(shop.live, state="exited")
    assert alice.get(path).json()["status"] == "down"
    ServiceState.objects.update(reported_at=timezone.now() - timedelta(minutes=5))
    assert alice.get(path).json()["status"] == "unknown"
    made = alice.post(f"/projects/{shop.project.key}/services", {"name": "new", "source_url": "https://git.example/a"})
    assert (made.status_code, made.json()["status"], made.json()["live"]) == (201, "new", None)
    assert made["Location"] == f"/api/v1/services/{made.json()['id']}"


def test_it_keeps_a_live_service_live_while_the_next_is_built(alice: Person, shop: Shop) -> None:
    alice.post(f"/services/{shop.service.key}/deployments", {})
    told = alice.get(f"/services/{shop.service.key}").json()
    assert (told["status"], told["latest_deployment"]["status"]) == ("live", "pending")


def test_it_tells_no_credentials_of_an_address(alice: Person, shop: Shop) -> None:
    Service.objects.filter(pk=shop.service.pk).update(source_url=f"https://user:{CANARY}@git.example/shop.git")
    assert alice.get(f"/services/{shop.service.key}").json()["source_url"] == "https://git.example/shop.git"


def test_it_changes_only_what_is_named(dora: Person, shop: Shop) -> None:
    path = f"/services/{shop.service.key}"
    told = dora.patch(path, {"replicas": 3, "health_path": "/up"}).json()
    assert (told["replicas"], told["health_path"], told["memory_mb"], told["has_source_token"]) == (3, "/up", 512, True)
    assert dora.patch(path, {"source_token": ""}).json()["has_source_token"] is False
    assert dora.patch(path, {"replicas": 21}).status_code == 422
    assert dora.patch(path, {"slug": "other"}).status_code == 422
    assert dora.patch(path, {"name": ""}).status_code == 422


def test_it_deletes_a_service_by_name_only_and_keeps_its_volume(alice: Person, dora: Person, shop: Shop) -> None:
    path = f"/services/{shop.service.key}"
    assert dora.delete(f"{path}?confirm=web").status_code == 403
    assert alice.delete(path).status_code == 409
    assert alice.delete(f"{path}?confirm=web").status_code == 204
    assert alice.get(path).status_code == 404
    [kept] = alice.get("/volumes").json()["items"]
    assert (kept["service_id"], kept["name"]) == (None, "data")
    refused = alice.delete(f"/projects/{shop.project.key}?confirm=shop")
    assert refused.json()["code"] == "project:user:has-volumes"
    assert alice.delete(f"/volumes/{kept['id']}?confirm=data").status_code == 204
    assert alice.delete(f"/projects/{shop.project.key}?confirm=shop").status_code == 204


def test_it_makes_and_renames_projects_and_environments(dora: Person) -> None:
    made = dora.post("/projects", {"name": "Blog"})
    assert (made.status_code, made.json()["slug"]) == (201, "blog")
    path = made["Location"]
    assert dora.post("/projects", {"name": "blog"}).status_code == 409
    assert dora.patch(path, {"name": "Journal"}).json()["name"] == "Journal"
    staging = dora.post(f"{path}/environments", {"name": "Staging"})
    assert (staging.status_code, dora.get(staging["Location"]).json()["slug"]) == (201, "staging")
    assert [e["slug"] for e in dora.get(f"{path}/environments").json()["items"]] == ["staging", "production"]


def test_it_sets_variables_from_values_and_pasted_text(dora: Person, shop: Shop) -> None:
    path = f"/services/{shop.service.key}/variables"
    text = "# pasted\nexport A='one two'\nB=\"three\"\n"
    told = dora.post(path, {"text": text, "values": {"C": "4"}, "environment": "production"}).json()
    assert [(v["name"], v["value"], v["environment"], v["is_secret"]) for v in told] == [
        ("A", "one two", "production", False), ("B", "three", "production", False), ("C", "4", "production", False),
    ]  # fmt: skip
    wrong = dora.post(path, {"text": "A=1\nnot a line\n"})
    assert (wrong.status_code, wrong.json()["message"]) == (422, "Line 2 is not NAME=value.")


def test_it_never_tells_a_secret_nor_makes_it_plain(dora: Person, bob: Person, shop: Shop) -> None:
    path = f"/services/{shop.service.key}/variables"
    told = dora.post(path, {"values": {"NEW": CANARY}, "is_secret": True})
    assert told.json()[0]["value"] is None and CANARY not in told.content.decode()
    assert dora.post(path, {"values": {"NEW": "x"}, "is_secret": False}).json()[0]["is_secret"] is True
    seen = {v["name"]: v["value"] for v in dora.get(path).json()["items"]}
    assert seen == {"GREETING": "hello", "API_KEY": None, "NEW": None}
    assert {v["value"] for v in bob.get(path).json()["items"]} == {None}
    assert bob.get(f"/variables/{shop.variable.key}").json()["value"] is None
    reader = dora.with_scope("read")  # type: ignore[arg-type]
    assert reader.get(f"/variables/{shop.variable.key}").json()["value"] is None


def test_it_deletes_a_variable(dora: Person, shop: Shop) -> None:
    assert dora.delete(f"/variables/{shop.secret.key}").status_code == 204
    assert dora.get(f"/variables/{shop.secret.key}").status_code == 404
    project = f"/projects/{shop.project.key}/variables"
    assert dora.post(project, {"values": {"ALL": "1"}}).json()[0]["service_id"] is None
    assert {v["name"] for v in dora.get(project).json()["items"]} == {"GREETING", "ALL"}


def test_it_adds_and_removes_domains(dora: Person, charlie: Person, shop: Shop) -> None:
    path = f"/services/{shop.service.key}/domains"
    generation = Host.objects.get().generation
    made = dora.post(path, {"host": "WWW.example.com"})
    assert (made.status_code, made.json()["host"]) == (201, "www.example.com")
    assert Host.objects.get().generation > generation
    assert dora.post(path, {"host": "https://x.example.com/"}).status_code == 422
    assert dora.post(path, {"host": "127.0.0.1"}).status_code == 422
    service = charlie.post("/apps", {**APP, "project": "theirs"}).json()["service"]["id"]
    taken = charlie.post(f"/services/{service}/domains", {"host": "www.example.com"})
    assert (taken.status_code, "web" in taken.json()["message"]) == (409, False)
    assert dora.delete(made["Location"]).status_code == 204
    assert {d["host"] for d in dora.get(path).json()["items"]} == {"shop.example.com", "web.apps.localhost"}


def test_it_makes_reuses_and_discards_volumes(alice: Person, shop: Shop) -> None:
    path = f"/services/{shop.service.key}/volumes"
    made = alice.post(path, {"name": "uploads", "path": "/uploads"})
    assert (made.status_code, made.json()["path"]) == (201, "/uploads")
    assert alice.post(path, {"name": "x", "path": "/uploads"}).status_code == 409
    assert alice.post(path, {"name": "x", "path": "uploads"}).status_code == 422
    assert alice.post(path, {"name": "x", "path": "/x", "reuse": made.json()["id"]}).status_code == 404
    unsure = alice.delete(made["Location"])
    assert (unsure.status_code, unsure.json()["hint"]) == (409, "Confirm with its name, uploads.")
    assert alice.delete(f"{made['Location']}?confirm=uploads").status_code == 204
    assert alice.get(made["Location"]).status_code == 404


def test_it_says_who_i_am(bob: Person, alice: Person) -> None:
    told = bob.get("/auth/me").json()
    assert (told["name"], told["scope"], told["is_operator"]) == ("Bob", "admin", False)
    assert told["teams"] == [{"id": alice.team.key, "name": "Shop", "slug": "shop", "role": "viewer"}]


def test_it_adds_changes_and_removes_members(alice: Person, bob: Person, charlie: Person) -> None:
    path = f"/teams/{alice.team.key}/members"
    claimed = alice.post(path, {"email": charlie.user.email, "role": "developer"})
    assert (claimed.status_code, claimed.json()["code"]) == (422, "member:user:unknown")
    User.objects.filter(pk=charlie.user.pk).update(is_email_verified=True)
    made = alice.post(path, {"email": charlie.user.email.upper(), "role": "developer"})
    assert (made.status_code, made.json()["name"], made.json()["role"]) == (201, "Charlie", "developer")
    assert alice.post(path, {"email": charlie.user.email, "role": "viewer"}).status_code == 409
    assert alice.post(path, {"email": "who@example.com", "role": "viewer"}).status_code == 422
    assert alice.patch(made["Location"], {"role": "admin"}).json()["role"] == "admin"
    assert charlie.patch(made["Location"], {"role": "owner"}).status_code == 403
    assert alice.patch(made["Location"], {"role": "king"}).status_code == 422
    assert charlie.get(f"/teams/{alice.team.key}").status_code == 200
    assert alice.delete(made["Location"]).status_code == 204
    assert charlie.get(f"/teams/{alice.team.key}").status_code == 404
    mine = Membership.objects.get(user=alice.user)
    assert alice.delete(f"{path}/{mine.key}").json()["code"] == "member:user:last-owner"
    leaving = Membership.objects.get(user=bob.user)
    assert bob.delete(f"{path}/{leaving.key}").status_code == 204


def test_it_knows_no_member_of_a_team_under_another(alice: Person, charlie: Person) -> None:
    mine = Membership.objects.get(user=alice.user)
    assert charlie.get(f"/teams/{charlie.team.key}/members/{mine.key}").status_code == 404


def test_it_makes_tokens_no_stronger_and_no_longer_lived(alice: Person) -> None:
    soon = timezone.now() + timedelta(hours=1)
    text = make_api_token(actor=Actor(alice.user), name="short", scope="deploy", expires_at=soon)[1]
    short = Person(alice.user, text)
    assert short.post("/tokens", {"name": "x", "scope": "admin"}).status_code == 403
    made = short.post("/tokens", {"name": "x", "scope": "read"})
    assert made.status_code == 201
    assert ApiToken.objects.get(pk=made.json()["id"]).expires_at == soon
    fresh = Person(alice.user, made.json()["token"])
    assert fresh.get("/auth/me").json()["scope"] == "read"
    assert "token" not in alice.get(made["Location"]).json()
    assert alice.delete(made["Location"]).status_code == 204
    assert fresh.get("/auth/me").status_code == 401


def test_it_shows_and_revokes_only_ones_own_tokens(alice: Person, bob: Person) -> None:
    theirs = bob.get("/tokens").json()["items"][0]["id"]
    assert alice.get(f"/tokens/{theirs}").status_code == 404
    assert alice.delete(f"/tokens/{theirs}").status_code == 404
    assert bob.get("/auth/me").status_code == 200


def test_it_shows_hosts_to_those_who_run_something_there(
    alice: Person, bob: Person, charlie: Person, shop: Shop
) -> None:
    for person in (alice, bob):
        [told] = person.get("/hosts").json()["items"]
        assert (told["name"], told["is_online"]) == ("local", False)
        assert set(told) == {
            "id", "name", "is_online", "last_seen_at", "generation", "seen_generation", "agent_version",
            "draining_since", "created_at",
        }  # fmt: skip
    assert charlie.get("/hosts").json()["items"] == []


def test_it_tells_what_was_done(bob: Person, shop: Shop) -> None:
    items = bob.get(f"/activity?team_id={shop.team.key}").json()["items"]
    assert {"created the service", "deployed", "set variables"} <= {row["verb"] for row in items}
    assert {row["actor"] for row in items} == {"Alice"}
    about = bob.get(f"/activity?subject_id={shop.service.key}").json()["items"]
    assert {row["subject_name"] for row in about} == {"web"}
