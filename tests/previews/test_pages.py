"""Pages of previews and of environments other than production: they show, they do, they refuse."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.deployments import actions as deployments
from apps.deployments import logs
from apps.deployments.models import Deployment, LogStream
from apps.deployments.staged import staged_of
from apps.previews.models import Preference
from apps.projects.actions import create_environment
from apps.projects.models import Domain, Environment, Variable, Volume
from apps.projects.variables import set_variables
from tests.apps.cast import Person, Shop, make_live, make_measured, make_running
from tests.previews.pulls import Pulls, sha


@pytest.fixture
def client(alice: Person) -> Client:
    return signed_in(alice)


def signed_in(person: Person) -> Client:
    client = Client()
    client.force_login(person.user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def text(client: Client, url: str, status: int = 200) -> str:
    answer = client.get(url)
    assert answer.status_code == status, (url, answer.content)
    return answer.content.decode()


def test_it_shows_previews_on_the_project(pulls: Pulls, client: Client, shop: Shop) -> None:
    page = f"/projects/{shop.project.pk}"
    assert "A pull request gets one when" in text(client, page)
    pulls.tell("opened")
    row = Deployment.objects.get(trigger="pull")
    make_live(row, row.commit)
    shown = text(client, page)
    assert "Be polite" in shown and "web-pr-12.apps.localhost" in shown and "in 7 d" in shown
    pulls.close()
    assert "Be polite" not in text(client, page)
    assert "the pull request was closed" in text(client, f"{page}/previews")


def test_it_keeps_redeploys_and_deletes_from_its_page(pulls: Pulls, client: Client) -> None:
    pulls.tell("opened")
    page = f"/previews/{pulls.preview().pk}"
    shown = text(client, page)
    for words in ("Pull request 12", "octo", "polite → main", "Redeploy", "Keep", "Delete", "acme/shop/pull/12"):
        assert words in shown, words
    assert client.post(f"{page}/redeploy").status_code == 302 and len(pulls.deployments()) == 2
    assert client.post(f"{page}/keep").status_code == 302
    assert client.post(f"{page}/delete").status_code == 302 and pulls.environments() == []
    assert "brings it back" in text(client, page)
    assert client.post(f"{page}/delete").status_code == 409
    assert client.post(f"{page}/keep").status_code == 302 and pulls.environments() == ["pr-12"]


def test_it_approves_a_fork_from_its_page(pulls: Pulls, client: Client, bob: Person, charlie: Person) -> None:
    pulls.tell("opened", fork=True)
    page = f"/previews/{pulls.preview().pk}"
    assert "comes from a fork" in text(client, page) and "from the fork mallory/shop" in text(client, page)
    assert f"{page}/approve" in text(client, page) and f"{page}/approve" not in text(signed_in(bob), page)
    assert signed_in(bob).post(f"{page}/approve", {"commit": sha("one")}).status_code == 403
    assert signed_in(charlie).post(f"{page}/approve", {"commit": sha("one")}).status_code == 404
    pulls.tell("synchronize", head="two", fork=True)
    assert client.post(f"{page}/approve", {"commit": sha("one")}).status_code == 409
    assert client.post(f"{page}/approve", {"commit": sha("two")}).status_code == 302
    assert pulls.deployments() == [("pr-12", sha("two"), "pending")]
    assert "by Alice" in text(client, page)


def test_it_answers_htmx_with_what_changes(pulls: Pulls, client: Client) -> None:
    pulls.tell("opened")
    answer = client.get(f"/previews/{pulls.preview().pk}", headers={"HX-Request": "true"})
    assert answer.content.lstrip().startswith(b'<div id="preview"')


def test_it_chooses_what_a_service_wants(pulls: Pulls, client: Client, bob: Person, shop: Shop) -> None:
    page = f"/services/{shop.service.pk}"
    assert "Preview pull requests" in text(client, f"{page}/settings")
    told = {"is_on": "on", "limit": "3", "days": "2"}
    assert signed_in(bob).post(f"{page}/previews", told).status_code == 403
    assert client.post(f"{page}/previews", told).status_code == 302
    row = Preference.objects.get()
    assert (row.is_on, row.drafts, row.limit, row.days) == (True, False, 3, 2)
    assert client.post(f"{page}/previews", {**told, "limit": "0"}).status_code == 422


# --- environments other than production ------------------------------------------------------------------------------


@pytest.fixture
def staging(shop: Shop, alice: Person) -> Environment:
    """With something live in it, a log, measurements, and one change that is not live."""
    where = create_environment(actor=alice.actor, project=shop.project, name="Staging", branch="develop")
    row = make_live(deployments.deploy(actor=alice.actor, service=shop.service, environment=where), "e" * 40)
    make_running(row)
    make_measured(shop.service, environment=where.key, traffic=None)
    stream = LogStream.objects.create(service=shop.service, environment=where)
    logs.append(stream, [logs.Line("staging speaks", source="web.1")])
    set_variables(actor=alice.actor, project=shop.project, environment=where, values={"ONLY_STAGING": "yes"})
    return where


def test_it_deploys_what_the_environment_says_under_a_name_of_its_own(staging: Environment, shop: Shop) -> None:
    row = Deployment.objects.get(environment=staging)
    assert (row.branch, row.commit) == ("develop", "e" * 40)
    assert Domain.objects.get(environment=staging).host == "web-staging.apps.localhost"
    assert Deployment.objects.get(pk=shop.live.pk).status == "live"


PLACES = ("", "/deployments", "/logs", "/metrics", "/variables", "/domains", "/volumes", "/changes")


@pytest.mark.parametrize("place", PLACES)
def test_it_shows_the_environment_that_is_asked_for(
    staging: Environment, client: Client, shop: Shop, place: str
) -> None:
    page = f"/services/{shop.service.pk}{place}"
    there, here = text(client, f"{page}?environment=staging"), text(client, page)
    signs = {
        "": ("eeeeeee", "bbbbbbb"), "/deployments": ("eeeeeee", "bbbbbbb"), "/logs": ("staging speaks", "says 1"),
        "/variables": ("ONLY_STAGING", ""), "/domains": ("web-staging.apps", "//shop.example.com"),
        "/volumes": ("No volume", "<b>data</b>"), "/changes": ("ONLY_STAGING", "Everything is live"),
        "/metrics": ("Requests are not measured", ""),
    }  # fmt: skip
    mine, others = signs[place]
    assert mine in there and (not mine or mine not in here)
    assert others in here and (not others or others not in there.partition("<main")[2])
    assert f"/services/{shop.service.pk}/logs?environment=staging" in there
    assert "?environment=staging" in here.partition("<main")[0] or place == "/changes"
    text(client, f"{page}?environment=nowhere", 404)


def test_it_reads_the_log_of_an_environment_by_its_address(staging: Environment, client: Client, shop: Shop) -> None:
    there = f"/services/{shop.service.pk}/in/staging/log"
    assert [line["text"] for line in client.get(f"{there}?after=0").json()["lines"]] == ["staging speaks"]
    assert client.get(f"{there}/search?q=says").json()["numbers"] == []
    assert client.get(f"/services/{shop.service.pk}/in/nowhere/log").status_code == 404


def test_it_writes_where_it_was_looking(staging: Environment, client: Client, shop: Shop) -> None:
    page = f"/services/{shop.service.pk}"
    client.post(f"{page}/domains?environment=staging", {"host": "staging.example.com"})
    client.post(f"{page}/volumes?environment=staging", {"name": "disk", "path": "/disk"})
    client.post(f"{page}/deploy?environment=staging")
    assert Domain.objects.get(host="staging.example.com").environment == staging
    assert Volume.objects.get(name="disk").environment == staging
    assert Deployment.objects.filter(environment=staging).latest("number").branch == "develop"
    assert 'value="service-staging" selected' in text(client, f"{page}/variables?environment=staging")
    shown = text(client, f"{page}/variables?environment=staging")
    assert f'/api/v1{page}/references?environment=staging"' in shown  # What can be referred to is what is there.
    mine = Variable.objects.get(environment=staging)
    Variable.objects.filter(pk=mine.pk).update(service=shop.service)
    assert f'/api/v1{page}/references?environment=staging"' in text(client, f"/variables/{mine.pk}")
    told: dict[str, Any] = {"name": "SHARED", "value": "1", "place": "previews"}
    assert client.post(f"{page}/variables", told).status_code == 302
    assert Variable.objects.get(name="SHARED").scope == "all previews"


def test_it_makes_and_deletes_an_environment(client: Client, shop: Shop, bob: Person) -> None:
    page = f"/projects/{shop.project.pk}/environments/new"
    assert signed_in(bob).get(page).status_code == 403
    assert client.post(page, {"name": "Staging", "branch": "develop"}).status_code == 302
    assert client.post(page, {"name": "staging"}).status_code == 422
    where = Environment.objects.get(slug="staging")
    assert (where.kind, where.branch) == ("staging", "develop")
    gone = f"/environments/{where.pk}/delete"
    assert client.post(gone, {"confirm": "else"}).status_code == 422
    assert client.post(gone, {"confirm": "staging"}).status_code == 302
    assert not Environment.objects.filter(pk=where.pk).exists()


def test_it_says_that_production_stays_in_place_of_a_form(client: Client, shop: Shop) -> None:
    page = f"/environments/{shop.environment.pk}/delete"
    shown = text(client, page)
    assert "Production is deleted with its project only." in shown and 'name="confirm"' not in shown
    assert client.post(page, {"confirm": "production"}).status_code == 409


def test_it_leaves_production_alone_when_an_environment_goes(staging: Environment, client: Client, shop: Shop) -> None:
    client.post(f"/environments/{staging.pk}/delete", {"confirm": "staging"})
    assert Deployment.objects.get(pk=shop.live.pk).status == "live"
    assert shop.log.chunks.exists() and Volume.objects.get(pk=shop.volume.pk).discarded_at is None
    assert not LogStream.objects.filter(environment__isnull=False).exists()


def test_it_pauses_no_pushes_when_staging_is_rolled_back(staging: Environment, alice: Person, shop: Shop) -> None:
    row = make_live(deployments.deploy(actor=alice.actor, service=shop.service, environment=staging), "f" * 40)
    deployments.rollback(actor=alice.actor, deployment=row)
    shop.service.refresh_from_db()
    assert shop.service.auto_deploy_paused_at is None


# --- API -------------------------------------------------------------------------------------------------------------


def test_it_does_the_same_over_the_api(pulls: Pulls, alice: Person, bob: Person, shop: Shop) -> None:
    assert alice.patch(f"/services/{shop.service.pk}/previews", {"limit": 4}).json()["limit"] == 4
    assert bob.patch(f"/services/{shop.service.pk}/previews", {"limit": 5}).status_code == 403
    pulls.tell("opened", fork=True)
    (told,) = alice.get(f"/projects/{shop.project.pk}/previews").json()["items"]
    assert (told["waits_for_approval"], told["services"][0]["status"]) == (True, "waiting")
    path = f"/previews/{told['id']}"
    assert alice.post(f"{path}/approve", {"commit": "0" * 40}).status_code == 409
    assert alice.post(f"{path}/approve", {"commit": sha("one")}).json()["environment"] == "pr-12"
    assert alice.get(path).json()["services"][0]["status"] == "pending"
    assert alice.post(f"{path}/redeploy").status_code == 200
    assert alice.delete(path).status_code == 204 and pulls.environments() == []
    assert alice.post(f"{path}/keep").json()["environment"] == "pr-12"
    told = alice.get(f"/services/{shop.service.pk}?environment=pr-12").json()
    assert told["urls"] == ["http://web-pr-12.apps.localhost:8080"] and told["live"] is None


def test_it_tells_an_environment_and_deletes_it_over_the_api(alice: Person, shop: Shop) -> None:
    made = alice.post(f"/projects/{shop.project.pk}/environments", {"name": "Staging", "branch": "next"}).json()
    assert (made["kind"], made["branch"]) == ("staging", "next")
    told = {"values": {"A": "1"}, "for_previews": True}
    (row,) = alice.post(f"/projects/{shop.project.pk}/variables", told).json()
    assert (row["for_previews"], row["scope"]) == (True, "all previews")
    both = {**told, "environment": "staging"}
    assert alice.post(f"/projects/{shop.project.pk}/variables", both).json()["code"] == "variables:user:two-scopes"
    assert alice.delete(f"/environments/{made['id']}").status_code == 409
    assert alice.delete(f"/environments/{made['id']}?confirm=staging").status_code == 204
    assert alice.delete(f"/environments/{shop.environment.pk}?confirm=production").status_code == 409


def test_it_stages_nothing_of_a_preview_by_itself(pulls: Pulls, shop: Shop) -> None:
    """Its branch is another than the service's, which is no change that waits."""
    pulls.tell("opened")
    row = Deployment.objects.get(trigger="pull")
    make_live(row, row.commit)
    assert staged_of(shop.service, row.environment, may_read=True).changes == []


def test_it_waits_with_the_time_that_is_left(pulls: Pulls, client: Client) -> None:
    pulls.tell("opened")
    row = pulls.preview()
    row.expires_at = timezone.now()
    row.save()
    assert "now" in text(client, f"/previews/{row.pk}")
