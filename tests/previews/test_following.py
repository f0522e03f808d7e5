"""A pull request becomes a preview, is refreshed and goes; in whatever order it is told, and however often."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.deployments import actions as deployments
from apps.deployments.desired import document_for
from apps.deployments.models import Build, Deployment, LogStream, Release
from apps.github.errors import Unreachable
from apps.github.models import Connection, Installation, Repository
from apps.github.pulls import pull_requests
from apps.hosts.models import Host
from apps.previews import actions, asking, periodic
from apps.previews.models import Part, Preview
from apps.previews.payloads import Pull, PullTold
from apps.projects.models import Domain, Environment, Service, Variable, Volume
from apps.projects.variables import set_variables
from tests.apps.cast import CANARY, Person, Shop, make_live
from tests.previews.pulls import Pulls, sha
from workers.errors import UserError


def make_preview_live(pulls: Pulls, number: int = 12) -> Deployment:
    row = Deployment.objects.filter(trigger="pull", environment=pulls.preview(number).environment).latest("number")
    return make_live(row, row.commit)


# --- opened, pushed to, closed ---------------------------------------------------------------------------------------


def test_it_makes_a_preview_of_what_is_opened(pulls: Pulls, shop: Shop) -> None:
    (followed,) = pulls.tell("opened")
    row = followed.deployment
    assert row is not None and (row.environment.slug, row.trigger, row.commit) == ("pr-12", "pull", sha("one"))
    assert (row.branch, row.message, row.author, row.actor_name) == ("polite", "Be polite", "octo", "octo")
    where = pulls.preview().environment
    assert where is not None and (where.kind, where.ref, where.is_isolated) == ("preview", "refs/pull/12/head", False)
    host = Domain.objects.get(service=shop.service, environment=where).host
    assert host == "web-pr-12.apps.localhost"
    assert [row.path for row in Volume.objects.filter(environment=where, service=shop.service)] == ["/data"]


def test_it_runs_apart_from_production(pulls: Pulls, shop: Shop) -> None:
    pulls.tell("opened")
    make_preview_live(pulls)
    document = document_for(Host.objects.get())
    production, preview = sorted(document.services, key=lambda told: told.environment != shop.environment.key)
    assert production.project == shop.project.key and preview.project == preview.environment
    assert {m.volume for m in production.release.mounts}.isdisjoint(m.volume for m in preview.release.mounts)
    assert [route.host for route in preview.routes] == ["web-pr-12.apps.localhost"]


def test_it_refreshes_with_each_push(pulls: Pulls) -> None:
    pulls.tell("opened", head="one")
    pulls.tell("synchronize", head="two")
    assert pulls.deployments() == [("pr-12", sha("one"), "superseded"), ("pr-12", sha("two"), "pending")]
    where = pulls.preview().environment
    assert where is not None and where.commit == sha("two")


@pytest.mark.parametrize(("merged", "words"), [(None, "was closed"), ("2026-11-21T10:00:00Z", "was merged")])
def test_it_leaves_nothing_of_what_is_closed(pulls: Pulls, shop: Shop, merged: str | None, words: str) -> None:
    pulls.tell("opened")
    row = make_preview_live(pulls)
    where = row.environment
    set_variables(actor=pulls.actor, project=shop.project, environment=where, values={"ONLY_HERE": "1"})
    LogStream.objects.create(service=shop.service, environment=where)
    volume = Volume.objects.get(environment=where)
    pulls.close(merged_at=merged)
    assert words in pulls.skip() and pulls.environments() == []
    for model in (Deployment, Release, Domain, Variable, LogStream):
        assert not model.objects.filter(environment=where.pk).exists(), model  # type: ignore[attr-defined]
    assert not Build.objects.filter(commit=sha("one")).exists() and Build.objects.filter(commit="b" * 40).exists()
    document = document_for(Host.objects.get())
    assert [told.environment for told in document.services] == [shop.environment.key]
    assert document.discarded_volumes == [volume.key]
    assert Deployment.objects.get(pk=shop.live.pk).status == "live"
    assert not Volume.objects.filter(pk=shop.volume.pk, discarded_at__isnull=False).exists()


def test_it_comes_back_when_it_is_opened_again(pulls: Pulls) -> None:
    pulls.tell("opened")
    pulls.close()
    pulls.tell("reopened")
    assert pulls.environments() == ["pr-12"] and pulls.deployments() == [("pr-12", sha("one"), "pending")]


def test_it_takes_nothing_twice(pulls: Pulls) -> None:
    told = pulls.payload("opened")
    from apps.previews import events

    for _ in range(3):
        events.pull_request(told, pulls.outcomes.append)
    assert [row.code for row in pulls.outcomes] == ["", "previews-same", "previews-same"]
    assert len(pulls.deployments()) == 1


def test_it_is_not_brought_back_by_what_comes_late(pulls: Pulls) -> None:
    early = pulls.payload("opened")
    pulls.close()
    from apps.previews import events

    events.pull_request(early, pulls.outcomes.append)
    assert pulls.outcomes[-1].code == "previews-older" and pulls.environments() == []


def test_it_takes_a_close_of_the_same_second_for_the_later(pulls: Pulls) -> None:
    """GitHub's moments are whole seconds. Asked it would tell; here it cannot be, and closed wins."""
    pulls.close(at=0)
    pulls.tell("opened", at=0)
    assert pulls.environments() == [] and "previews-older" in pulls.skip()


def test_it_takes_an_older_push_that_comes_late_for_what_it_is(pulls: Pulls) -> None:
    pulls.tell("opened", head="one", at=0)
    late = pulls.payload("synchronize", head="two", at=10)
    pulls.tell("synchronize", head="three", at=20)
    from apps.previews import events

    events.pull_request(late, pulls.outcomes.append)
    assert pulls.deployments()[-1][1] == sha("three") and pulls.outcomes[-1].code == "previews-older"


# --- which services --------------------------------------------------------------------------------------------------


def test_it_deploys_every_service_of_the_repository_and_no_other(
    pulls: Pulls, make_service: Callable[[str], Service]
) -> None:
    same, other = make_service("api"), make_service("docs")
    Connection.objects.create(service=same, repository=pulls.repository)
    elsewhere = Repository.objects.create(github_id=1, full_name="acme/docs", installation=Installation.objects.get())
    Connection.objects.create(service=other, repository=elsewhere)
    pulls.turn_on(same)
    pulls.turn_on(other)
    assert len(pulls.tell("opened")) == 2
    assert len(pulls.deployments()) == len(pulls.deployments(same)) == 1 and pulls.deployments(other) == []
    assert pulls.environments() == ["pr-12"]


def test_it_says_of_a_reference_that_the_other_service_is_not_in_the_preview(
    pulls: Pulls, shop: Shop, make_service: Callable[[str], Service]
) -> None:
    make_service("docs")
    set_variables(
        actor=pulls.actor, project=shop.project, service=shop.service, values={"DOCS": "${{docs.URL}}"}
    )  # fmt: skip
    pulls.tell("opened")
    from apps.projects.given import gift_of

    where = pulls.preview().environment
    assert where is not None
    assert "DOCS" in gift_of(shop.service, where).problems
    assert "DOCS" not in gift_of(shop.service, shop.environment).problems


def test_it_makes_none_while_they_are_off(pulls: Pulls) -> None:
    pulls.turn_on(is_on=False)
    pulls.tell("opened")
    assert "previews-off" in pulls.skip() and not Preview.objects.exists()


def test_it_is_off_until_somebody_turns_it_on(shop: Shop, repository: Repository, alice: Person) -> None:
    Connection.objects.create(service=shop.service, repository=repository)
    pulls = Pulls(alice.actor, shop.service, repository)
    pulls.tell("opened")
    assert "previews-off" in pulls.skip()


def test_it_follows_the_branch_that_a_pull_request_is_for(pulls: Pulls) -> None:
    other = {"ref": "next", "sha": sha("next"), "repo": None}
    pulls.tell("opened", base=other)
    assert "previews-base" in pulls.skip() and pulls.environments() == []
    pulls.tell("edited")
    assert pulls.environments() == ["pr-12"]
    pulls.tell("edited", base=other)
    assert pulls.environments() == [] and pulls.preview().removed == "unwanted"


def test_it_deploys_drafts_unless_they_are_not_wanted(pulls: Pulls) -> None:
    pulls.tell("opened", draft=True)
    assert pulls.environments() == ["pr-12"]
    pulls.turn_on(drafts=False)
    pulls.tell("opened", 13, draft=True)
    assert "draft" in pulls.skip()
    pulls.tell("ready_for_review", 13)
    assert pulls.environments() == ["pr-12", "pr-13"]


def test_it_leaves_all_previews_when_it_is_turned_off(pulls: Pulls) -> None:
    pulls.tell("opened")
    pulls.tell("opened", 13)
    pulls.turn_on(is_on=False)
    assert pulls.environments() == [] and pulls.part().state == "removed"


def test_it_tells_two_repositories_of_a_project_apart(pulls: Pulls, make_service: Callable[[str], Service]) -> None:
    other = make_service("docs")
    elsewhere = Repository.objects.create(github_id=77, full_name="acme/docs", installation=Installation.objects.get())
    Connection.objects.create(service=other, repository=elsewhere)
    pulls.turn_on(other)
    pulls.tell("opened")
    told = pulls.payload("opened")
    told["repository"]["id"] = 77
    told["pull_request"]["head"]["repo"]["id"] = 77
    from apps.previews import events

    events.pull_request(told, pulls.outcomes.append)
    assert pulls.environments() == ["pr-12", "pr-12-docs"]


# --- limit and time --------------------------------------------------------------------------------------------------


def test_it_refuses_what_is_beyond_the_limit_and_says_so(pulls: Pulls) -> None:
    pulls.turn_on(limit=1)
    pulls.tell("opened", 12)
    pulls.tell("opened", 13)
    assert "previews-limit: web has 1 preview already" in pulls.skip() and pulls.environments() == ["pr-12"]
    (shown,) = pull_requests().shown((pulls.repository.pk, 13))
    assert (shown.state, shown.environment_id) == ("refused", None) and "limit" in shown.reason
    pulls.tell("synchronize", 12, "two")
    assert pulls.outcomes[0].deployment is not None
    pulls.close(12, "two")
    actions.redeploy(actor=pulls.actor, preview=pulls.preview(13))
    assert pulls.environments() == ["pr-13"]


def test_it_goes_when_its_time_has_come_and_a_push_brings_it_back(pulls: Pulls) -> None:
    pulls.turn_on(days=3)
    pulls.tell("opened")
    until = pulls.preview().expires_at
    assert until is not None and abs(until - timezone.now() - timedelta(days=3)) < timedelta(minutes=1)
    periodic.tidy()
    assert pulls.environments() == ["pr-12"]
    Preview.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    periodic.tidy()
    assert pulls.environments() == [] and pulls.part().state == "removed" and "Keep" in pulls.part().reason
    pulls.tell("edited", title="Greet more politely")
    assert "previews-removed" in pulls.skip()
    pulls.tell("synchronize", head="two")
    assert pulls.environments() == ["pr-12"]


def test_it_is_kept_and_brought_back_by_a_person(pulls: Pulls, bob: Person) -> None:
    pulls.tell("opened")
    Preview.objects.update(expires_at=timezone.now() + timedelta(hours=1))
    actions.keep(actor=pulls.actor, preview=pulls.preview())
    until = pulls.preview().expires_at
    assert until is not None and until > timezone.now() + timedelta(days=6)
    actions.delete(actor=pulls.actor, preview=pulls.preview())
    assert pulls.environments() == []
    actions.keep(actor=pulls.actor, preview=pulls.preview())
    assert pulls.environments() == ["pr-12"]
    with pytest.raises(UserError, match="role"):
        actions.delete(actor=bob.actor, preview=pulls.preview())
    pulls.close()
    with pytest.raises(UserError, match="closed"):
        actions.keep(actor=pulls.actor, preview=pulls.preview())


def test_it_is_not_brought_back_when_the_pull_request_was_closed_without_a_word(pulls: Pulls, monkeypatch: Any) -> None:
    pulls.tell("opened")
    actions.delete(actor=pulls.actor, preview=pulls.preview())
    closed = pulls.payload("closed", state="closed")["pull_request"]
    now = Pull.of(pulls.repository.github_id, PullTold.model_validate(closed))
    monkeypatch.setattr(asking, "pull_now", lambda repository, number: now)
    for again in (actions.keep, actions.redeploy):
        with pytest.raises(UserError, match="closed"):
            again(actor=pulls.actor, preview=pulls.preview())
    assert pulls.environments() == [] and not pulls.preview().is_open


def test_it_is_brought_back_at_the_newest_commit(pulls: Pulls, monkeypatch: Any) -> None:
    pulls.tell("opened")
    actions.delete(actor=pulls.actor, preview=pulls.preview())
    now = Pull.of(pulls.repository.github_id, PullTold.model_validate(pulls.payload("x", head="two")["pull_request"]))
    monkeypatch.setattr(asking, "pull_now", lambda repository, number: now)
    actions.keep(actor=pulls.actor, preview=pulls.preview())
    assert pulls.deployments() == [("pr-12", sha("two"), "pending")]


def test_it_goes_with_its_service(pulls: Pulls, shop: Shop) -> None:
    pulls.tell("opened")
    deployments.delete_service(actor=pulls.actor, service=shop.service, confirm="web")
    periodic.tidy()
    assert pulls.environments() == []


def test_it_leaves_when_the_service_comes_from_elsewhere(pulls: Pulls, shop: Shop) -> None:
    pulls.tell("opened")
    Connection.objects.all().delete()
    periodic.tidy()
    assert pulls.environments() == [] and pulls.part().state == "removed"


# --- forks -----------------------------------------------------------------------------------------------------------


def given(shop: Shop, environment: Environment) -> dict[str, str]:
    from apps.projects.given import gift_of

    return gift_of(Service.objects.get(pk=shop.service.pk), environment).values


@pytest.mark.parametrize("fork", [True, None])
def test_it_builds_no_fork_before_that_commit_is_approved(
    pulls: Pulls, fork: Any, bob: Person, charlie: Person
) -> None:
    pulls.tell("opened", fork=fork)
    assert "previews-fork" in pulls.skip() and pulls.environments() == [] and not pulls.deployments()
    preview = pulls.preview()
    for person in (bob, charlie):
        with pytest.raises(UserError):
            actions.approve(actor=person.actor, preview=preview, commit=sha("one"))
    with pytest.raises(UserError, match="by now"):
        actions.approve(actor=pulls.actor, preview=preview, commit=sha("other"))
    with pytest.raises(UserError, match="not approved"):
        actions.redeploy(actor=pulls.actor, preview=preview)
    with pytest.raises(UserError, match="must approve"):
        actions.keep(actor=pulls.actor, preview=preview)
    assert not pulls.deployments()
    actions.approve(actor=pulls.actor, preview=preview, commit=sha("one"))
    assert pulls.deployments() == [("pr-12", sha("one"), "pending")]


def test_it_asks_anew_for_each_commit_of_a_fork(pulls: Pulls) -> None:
    pulls.tell("opened", fork=True)
    actions.approve(actor=pulls.actor, preview=pulls.preview(), commit=sha("one"))
    pulls.tell("synchronize", head="two", fork=True)
    assert "previews-fork" in pulls.skip() and pulls.part().state == "waiting"
    where = pulls.preview().environment
    assert where is not None and where.commit == sha("one") and len(pulls.deployments()) == 1
    with pytest.raises(UserError, match="not approved"):
        deployments.deploy(actor=pulls.actor, service=pulls.service, environment=where, commit=sha("two"))
    pulls.close(head="two", fork=True)
    assert pulls.environments() == []


def test_it_stays_a_fork_when_its_repository_is_said_to_be_ours(pulls: Pulls) -> None:
    pulls.tell("opened", fork=True)
    pulls.tell("synchronize", head="two", fork=False)
    assert "previews-fork" in pulls.skip()


def test_it_gives_a_fork_only_what_is_meant_for_previews(pulls: Pulls, shop: Shop, alice: Person) -> None:
    project, service = shop.project, shop.service
    for scope, name in (
        ({}, "OF_PROJECT"), ({"service": service}, "OF_SERVICE"), ({"environment": shop.environment}, "OF_PRODUCTION"),
        ({"for_previews": True}, "OF_PREVIEWS"), ({"service": service, "for_previews": True}, "OF_ITS_PREVIEWS"),
    ):  # fmt: skip
        set_variables(actor=alice.actor, project=project, values={name: "1"}, **scope)  # type: ignore[arg-type]
    pulls.tell("opened", fork=True)
    actions.approve(actor=pulls.actor, preview=pulls.preview(), commit=sha("one"))
    pulls.tell("opened", 13)
    stranger, own = (pulls.preview(number).environment for number in (12, 13))
    assert stranger is not None and own is not None
    set_variables(actor=alice.actor, project=project, environment=stranger, values={"OF_PR_12": "1"})
    assert sorted(given(shop, stranger)) == ["OF_ITS_PREVIEWS", "OF_PREVIEWS", "OF_PR_12"]
    assert sorted(given(shop, own)) == [
        "API_KEY", "GREETING", "OF_ITS_PREVIEWS", "OF_PREVIEWS", "OF_PROJECT", "OF_SERVICE"
    ]  # fmt: skip
    assert sorted(given(shop, shop.environment)) == ["API_KEY", "GREETING", "OF_PRODUCTION", "OF_PROJECT", "OF_SERVICE"]


def test_it_lets_a_fork_reach_no_secret_by_a_reference(
    pulls: Pulls, shop: Shop, make_service: Callable[[str], Service]
) -> None:
    other = make_service("api")
    set_variables(actor=pulls.actor, project=shop.project, service=other, values={"TOKEN": CANARY}, secret=True)
    set_variables(
        actor=pulls.actor, project=shop.project, for_previews=True,
        values={"A": "${{api.TOKEN}}", "B": "${{web.API_KEY}}"},
    )  # fmt: skip
    pulls.tell("opened", fork=True)
    actions.approve(actor=pulls.actor, preview=pulls.preview(), commit=sha("one"))
    where = pulls.preview().environment
    assert where is not None and CANARY not in str(given(shop, where))


def test_it_freezes_no_secret_into_a_release_of_a_fork(pulls: Pulls) -> None:
    pulls.tell("opened", fork=True)
    actions.approve(actor=pulls.actor, preview=pulls.preview(), commit=sha("one"))
    row = make_preview_live(pulls)
    assert row.release is not None and row.release.variables == {}


# --- what GitHub is shown --------------------------------------------------------------------------------------------


def test_it_tells_feedback_how_each_service_stands(pulls: Pulls) -> None:
    pull = (pulls.repository.pk, 12)
    begun = timezone.now()
    pulls.tell("opened")
    where = pulls.preview().environment
    assert where is not None
    (shown,) = pull_requests().shown(pull)
    assert (shown.name, shown.state, shown.environment_id) == ("shop/web", "", where.pk)
    assert pull_requests().pulls_of([where.pk, pulls.service.environment.pk]) == {where.pk: pull}
    assert pull_requests().changed_since(begun) == [pull] and pull_requests().changed_since(timezone.now()) == []
    pulls.close()
    (shown,) = pull_requests().shown(pull)
    assert (shown.state, shown.environment_id) == ("removed", None)
    assert Part.objects.count() == 1


def test_what_is_turned_on_while_github_is_asked_is_asked_for_next(
    pulls: Pulls, make_service: Callable[[str], Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_service("other")
    Connection.objects.create(service=other, repository=pulls.repository)
    meanwhile: list[Callable[[], Any]] = []
    asked: list[Repository] = []

    def open_pulls(repository: Repository) -> list[Pull]:
        asked.append(repository)
        if meanwhile:
            meanwhile.pop()()
        return []

    def unreachable() -> None:
        raise Unreachable("502")

    monkeypatch.setattr(periodic, "open_pulls", open_pulls)
    for what in (lambda: pulls.turn_on(other), periodic.ask_again, lambda: pulls.turn_on(days=3), unreachable):
        meanwhile.append(what)
        periodic.find_open()
    assert len(asked) == 4
    periodic.find_open()
    periodic.find_open()
    assert len(asked) == 5
