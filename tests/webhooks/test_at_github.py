"""With a GitHub that answers: checks that are waited for, what changed, deliveries and pushes that did not arrive."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import ActivityEvent
from apps.deployments import actions, outcome
from apps.deployments.desired import document_for
from apps.deployments.lease import claim
from apps.deployments.models import Deployment
from apps.deployments.states import Status
from apps.github.fetching import connection_of, way_to
from apps.github.models import Connection, Installation, Repository
from apps.hosts.models import Host
from apps.previews import periodic as previews
from apps.previews.models import Preview
from apps.previews.preferences import set_preference
from apps.projects.models import Service
from apps.webhooks import asking, catch_up, checked, handling, heads
from apps.webhooks.models import BranchLook, CatchUp, Delivery, Kind, Outcome
from apps.webhooks.queries import standing_of
from apps.webhooks.verdicts import Code
from tests.apps.cast import Person, Shop, make_live
from tests.github.plugin import connect, github, github_server
from tests.github.world import GitHub, Installed, Repo
from tests.webhooks.deliveries import pushed
from workers.errors import UserError

__all__ = ["github", "github_server"]


@dataclass
class Followed:
    """Alice's service, connected to a repository at the stand-in, whose App tells nobody by itself."""

    github: GitHub
    app: dict[str, Any]
    repo: Repo
    installed: Installed
    service: Service
    told: int = 0

    def change(self, **values: Any) -> None:
        Service.objects.filter(pk=self.service.pk).update(**values)

    def hand_over(self, *, lost: bool = False) -> None:
        """What the App was told since the last time, delivered and handled; or `lost`."""
        answers = [] if lost else self.github.hand_over(Client(), self.app, since=self.told)
        assert [answer.status_code for answer in answers if answer.status_code != 202] == []
        self.told = len(self.github.deliveries(self.app))
        handling.handle_waiting()

    @property
    def last(self) -> Outcome:
        return Outcome.objects.filter(service=self.service).order_by("-created_at")[0]


@pytest.fixture
def followed(shop: Shop, github: GitHub) -> Iterator[Followed]:
    ada = github.user()
    repo = github.repo(ada, files={"app.py": "print()", "docs/a.md": "a"})
    app = github.app(ada)
    connect(github, app)
    installed = github.install(app, ada, repo)
    place = Installation.objects.create(github_id=installed.id, account_login=ada.login, account_id=ada.id)
    row = Repository.objects.create(github_id=repo.id, installation=place, full_name=repo.full_name)
    Connection.objects.create(service=shop.service, repository=row)
    made = Followed(github, app, repo, installed, shop.service)
    made.hand_over(lost=True)
    yield made


def test_a_push_waits_for_its_checks_and_is_deployed_when_they_have_succeeded(followed: Followed) -> None:
    followed.change(wait_for_ci=True)
    sha = followed.github.push(followed.repo, {"app.py": "1"}, message="One")
    run = followed.github.check(followed.repo, sha, name="test", status="in_progress")
    followed.hand_over()
    held = standing_of(followed.service).held
    assert held is not None
    assert (held.commit, held.standing) == (sha, "0 of 1 checks done; test is in_progress.")
    followed.github.commit_status(followed.repo, sha, "pending", context="ci/outside")
    followed.github.commit_status(followed.repo, sha, "success", context="slipway/web")
    followed.github.check_done(followed.repo, run)
    followed.hand_over()
    assert followed.last.standing == "1 of 2 checks done; ci/outside is pending."
    assert pushed(followed.service) == []
    followed.github.commit_status(followed.repo, sha, "success", context="ci/outside")
    followed.hand_over()
    assert (followed.last.kind, followed.last.reason) == (Kind.DEPLOYED, "All 2 checks succeeded.")
    assert [(row.commit, row.commit_message) for row in pushed(followed.service)] == [(sha, "One")]
    assert standing_of(followed.service).held is None


def test_a_failed_check_is_named_and_nothing_is_deployed(followed: Followed) -> None:
    followed.change(wait_for_ci=True)
    sha = followed.github.push(followed.repo)
    followed.github.check(followed.repo, sha, name="test", conclusion="failure")
    followed.hand_over()
    assert (followed.last.code, followed.last.reason) == (Code.FAILED_CHECKS, "Its check test ended as failure.")
    assert (pushed(followed.service), standing_of(followed.service).skipped) == ([], followed.last)


def test_a_check_that_was_not_told_is_found_by_looking(followed: Followed) -> None:
    followed.change(wait_for_ci=True)
    sha = followed.github.push(followed.repo)
    run = followed.github.check(followed.repo, sha, status="queued")
    followed.hand_over()
    followed.github.check_done(followed.repo, run)
    followed.hand_over(lost=True)
    checked.look_at_held()
    assert pushed(followed.service) == []  # It was looked at just now.
    Outcome.objects.update(looked_at=timezone.now() - timedelta(minutes=1))
    checked.look_at_held()
    assert [row.commit for row in pushed(followed.service)] == [sha]


def test_a_commit_without_checks_is_deployed_after_a_while(followed: Followed) -> None:
    followed.change(wait_for_ci=True)
    followed.github.push(followed.repo)
    followed.hand_over()
    checked.look_at_held()
    assert followed.last.standing == "It has no checks yet."
    Outcome.objects.update(created_at=timezone.now() - timedelta(seconds=61), looked_at=None)
    checked.look_at_held()
    assert followed.last.reason == "No check of it appeared within 60 s, so there was nothing to wait for."
    assert len(pushed(followed.service)) == 1


def test_checks_are_not_waited_for_for_ever_also_while_github_is_away(followed: Followed) -> None:
    followed.change(wait_for_ci=True)
    sha = followed.github.push(followed.repo)
    followed.github.check(followed.repo, sha, status="in_progress")
    followed.hand_over()
    followed.github.fault("check-runs", status=502, times=50)
    Outcome.objects.update(looked_at=None)
    checked.look_at_held()
    assert followed.last.standing.startswith("Its checks cannot be read now: GitHub did not answer")
    Outcome.objects.update(held_until=timezone.now() - timedelta(seconds=1))
    checked.look_at_held()
    assert followed.last.code == Code.TIMEOUT
    assert followed.last.reason.startswith("Its checks were not done within 1 h")


def test_a_newer_push_takes_the_place_of_one_that_waits_for_checks(followed: Followed) -> None:
    followed.change(wait_for_ci=True)
    first = followed.github.push(followed.repo)
    followed.github.check(followed.repo, first, status="queued")
    followed.hand_over()
    second = followed.github.push(followed.repo)
    followed.github.check(followed.repo, second)
    followed.github.check(followed.repo, first)
    followed.hand_over()
    replaced = Outcome.objects.get(commit=first)
    assert (replaced.kind, replaced.code, replaced.reason) == (
        Kind.SKIPPED, Code.REPLACED, f"A newer push, commit {second[:7]}, took its place."
    )  # fmt: skip
    assert [row.commit for row in pushed(followed.service)] == [second]


def test_what_was_deployed_by_hand_meanwhile_is_not_deployed_again(followed: Followed, alice: Person) -> None:
    followed.change(wait_for_ci=True)
    sha = followed.github.push(followed.repo)
    run = followed.github.check(followed.repo, sha, status="queued")
    followed.hand_over()
    make_live(actions.deploy(actor=alice.actor, service=followed.service, commit=sha), sha)
    followed.github.check_done(followed.repo, run)
    followed.hand_over()
    assert (followed.last.code, pushed(followed.service)) == (Code.SAME, [])


def test_a_rollback_while_it_waits_keeps_it_back(followed: Followed) -> None:
    followed.change(wait_for_ci=True)
    sha = followed.github.push(followed.repo)
    run = followed.github.check(followed.repo, sha, status="queued")
    followed.hand_over()
    followed.change(auto_deploy_paused_at=timezone.now())
    followed.github.check_done(followed.repo, run)
    followed.hand_over()
    assert (followed.last.code, pushed(followed.service)) == (Code.PAUSED, [])


@pytest.mark.parametrize(
    ("values", "code"), [({"branch": "next"}, Code.MOVED), ({"auto_deploy": False}, Code.OFF), ({}, Code.MOVED)]
)
def test_what_was_changed_while_it_waited_keeps_it_back(followed: Followed, values: dict[str, Any], code: Code) -> None:
    """Its branch, whether pushes deploy, or the repository that it comes from."""
    followed.change(wait_for_ci=True)
    sha = followed.github.push(followed.repo)
    run = followed.github.check(followed.repo, sha, status="queued")
    followed.hand_over()
    if values:
        followed.change(**values)
    else:
        other = Repository.objects.create(github_id=1, full_name="acme/else", installation=Installation.objects.get())
        Connection.objects.update(repository=other)
        followed.github.commit_status(followed.repo, sha)
    followed.github.check_done(followed.repo, run)
    followed.hand_over()
    Outcome.objects.update(looked_at=None)
    checked.look_at_held()
    assert (followed.last.code, pushed(followed.service)) == (code, [])
    assert "while it waited for its checks" in followed.last.reason


def test_nothing_is_deployed_unchecked_when_the_app_was_uninstalled(followed: Followed) -> None:
    followed.change(wait_for_ci=True)
    followed.github.push(followed.repo)
    followed.hand_over()
    Installation.objects.update(deleted_at=timezone.now())
    Outcome.objects.update(created_at=timezone.now() - timedelta(seconds=61), looked_at=None)
    checked.look_at_held()
    assert (followed.last.kind, pushed(followed.service)) == (Kind.HELD, [])
    assert followed.last.standing.startswith("Its checks cannot be read now: The GitHub App is not active in")
    Outcome.objects.update(held_until=timezone.now(), looked_at=None)
    checked.look_at_held()
    assert (followed.last.code, pushed(followed.service)) == (Code.TIMEOUT, [])


def test_an_uninstall_during_a_build_touches_nothing_and_says_why_the_next_one_fails(
    followed: Followed, shop: Shop
) -> None:
    followed.github.push(followed.repo)
    followed.hand_over()
    (row,) = pushed(followed.service)
    building = claim(row.key, start=Status.PENDING, during=Status.BUILDING, step="build")
    before = document_for(Host.objects.get()).services
    followed.github.uninstall(followed.installed)
    followed.hand_over()
    row.refresh_from_db()
    assert building is not None and (row.status, row.cancel_requested_at) == (Status.BUILDING, None)
    with pytest.raises(UserError) as error:
        way_to(connection_of(followed.service))  # A worker that begins anew has to fetch it again.
    outcome.failed(building, error.value)
    row.refresh_from_db()
    assert (row.status, row.error_code) == (Status.FAILED, "source:user:github-uninstalled")
    assert row.error_message.startswith("The GitHub App was uninstalled from") and "Install it there" in row.error_hint
    assert document_for(Host.objects.get()).services == before
    assert Deployment.objects.get(pk=shop.live.pk).status == Status.LIVE


def test_without_its_connection_it_does_not_deploy_unseen(followed: Followed) -> None:
    followed.change(wait_for_ci=True)
    sha = followed.github.push(followed.repo)
    followed.github.check(followed.repo, sha, status="queued")
    followed.hand_over()
    Connection.objects.all().delete()
    Outcome.objects.update(looked_at=None)
    checked.look_at_held()
    assert followed.last.code == Code.FAILED_CHECKS


def test_real_pushes_tell_what_changed(followed: Followed) -> None:
    followed.change(watch_paths="app.py\nlib/**")
    followed.github.push(followed.repo, {"docs/a.md": "b"})
    followed.hand_over()
    assert followed.last.reason == "None of the files that changed is watched: docs/a.md."
    sha = followed.github.push(followed.repo, {"lib/x.py": "1", "docs/a.md": "c"})
    followed.hand_over()
    forced = followed.github.push(followed.repo, {"docs/z.md": "1"}, force=True)
    followed.hand_over()
    assert [row.commit for row in pushed(followed.service)] == [sha, forced]


def test_a_branch_that_is_deleted_by_git_is_said_and_what_runs_goes_on(followed: Followed) -> None:
    followed.change(branch="next")
    sha = followed.github.push(followed.repo, branch="next", start="origin/main")
    followed.hand_over()
    followed.github.delete_branch(followed.repo, "next")
    followed.hand_over()
    assert (followed.last.code, followed.last.before, followed.last.commit) == (Code.DELETED, sha, "")
    assert followed.last.reason.startswith("The branch next was deleted. What runs goes on running")
    assert standing_of(followed.service).skipped == followed.last
    assert [row.commit for row in pushed(followed.service)] == [sha]
    assert heads.missed_pushes() == 0
    again = followed.github.push(followed.repo, branch="next", start="origin/main")  # Without a word.
    BranchLook.objects.all().delete()
    heads.missed_pushes()
    handling.handle_waiting()
    assert [row.commit for row in pushed(followed.service)] == [sha, again]


def test_an_annotated_tag_deploys_its_commit(followed: Followed) -> None:
    followed.change(deploy_tags="v*")
    followed.github.tag(followed.repo, "v1", annotated=True)
    followed.hand_over()
    assert [row.commit for row in pushed(followed.service)] == [followed.github.head(followed.repo)]


def test_deliveries_that_did_not_arrive_are_caught_up_and_that_is_said(followed: Followed) -> None:
    followed.github.push(followed.repo, message="Lost")
    sha = followed.github.push(followed.repo, message="Lost too")
    followed.hand_over(lost=True)
    catch_up.catch_up()
    handling.handle_waiting()
    pushes = Delivery.objects.filter(event="push", is_caught_up=True)
    assert pushes.count() == 2
    assert pushed(followed.service)[-1].commit == sha
    row = CatchUp.objects.get()
    assert (row.deliveries, row.trouble) == (4, "")  # With a ping and an installation.
    event = ActivityEvent.objects.filter(verb="caught up with a push to", data__commit=sha).get()
    assert event.subject_id == followed.service.pk
    catch_up.catch_up()
    assert CatchUp.objects.order_by("-looked_at")[0].found == 0
    assert Delivery.objects.filter(event="push").count() == 2


def test_what_is_too_much_for_one_look_is_left_to_the_next(followed: Followed, monkeypatch: Any) -> None:
    monkeypatch.setattr(catch_up, "MOST_AT_ONCE", 2)
    monkeypatch.setattr(catch_up, "OVERLAP", timedelta(0))
    shas = [followed.github.push(followed.repo, message=str(number)) for number in range(3)]
    followed.hand_over(lost=True)
    found = []
    for _ in range(4):
        catch_up.catch_up()
        row = CatchUp.objects.order_by("-created_at")[0]
        found.append((row.deliveries, row.note))
    left = "more are fetched with the next looks."
    assert found == [(2, f"3 {left}"), (2, f"1 {left}"), (1, ""), (0, "")]  # With a ping and an installation.
    told = Delivery.objects.filter(event="push").exclude(delivery_id__startswith="branch:")
    assert {json.loads(row.payload)["after"] for row in told} == set(shas)


def test_beyond_what_is_listed_all_branches_are_compared(followed: Followed, monkeypatch: Any) -> None:
    followed.github.push(followed.repo)
    followed.hand_over()
    heads.missed_pushes()  # Looked at just now.
    sha = followed.github.push(followed.repo)
    monkeypatch.setattr(asking, "MOST_DELIVERIES", 2)
    followed.github.fault("/app/hook/deliveries/", status=404, times=9)
    catch_up.catch_up()
    handling.handle_waiting()
    assert (
        CatchUp.objects.get().note
        == "More than 2 deliveries were sent meanwhile: branches and pull requests were looked at instead."
    )
    assert (followed.last.commit, followed.last.kind) == (sha, Kind.DEPLOYED)


def test_a_delivery_that_arrived_is_not_caught_up_again(followed: Followed) -> None:
    catch_up.catch_up()
    followed.github.push(followed.repo)
    followed.hand_over()
    before = Delivery.objects.count()
    catch_up.catch_up()
    assert Delivery.objects.count() == before
    assert len(pushed(followed.service)) >= 1


def test_a_branch_that_moved_without_a_word_is_found(followed: Followed) -> None:
    followed.github.push(followed.repo, message="Known")
    followed.hand_over()
    followed.change(watch_paths="app.py")
    sha = followed.github.push(followed.repo, {"app.py": "2"}, message="Moved")
    followed.github.fault("/app/hook/deliveries", status=200, times=5, body=[])
    catch_up.catch_up()
    handling.handle_waiting()
    assert (followed.last.commit, followed.last.kind, followed.last.message) == (sha, Kind.DEPLOYED, "Moved")
    assert followed.last.delivery.is_caught_up
    assert CatchUp.objects.get().pushes == 1
    followed.hand_over()  # It arrives after all.
    assert [row.commit for row in pushed(followed.service)].count(sha) == 1


def test_a_branch_that_moved_where_nothing_is_watched_is_told_so(followed: Followed) -> None:
    followed.github.push(followed.repo)
    followed.hand_over()
    followed.change(watch_paths="app.py")
    followed.github.push(followed.repo, {"docs/a.md": "z"})
    heads.missed_pushes()
    handling.handle_waiting()
    assert followed.last.reason == "None of the files that changed is watched: docs/a.md."


def test_a_service_that_was_never_deployed_begins_with_a_person(followed: Followed) -> None:
    Deployment.objects.filter(service=followed.service).delete()
    assert heads.missed_pushes() == 0


@pytest.mark.parametrize("status", [500, 403])
def test_trouble_at_github_is_said_and_the_next_look_goes_further_back(followed: Followed, status: int) -> None:
    headers = {"Retry-After": "0"} if status == 403 else {}
    followed.github.fault("/app/hook/deliveries", status=status, times=3, headers=headers, body={"message": "Sorry"})
    catch_up.catch_up()
    assert CatchUp.objects.get().trouble.startswith("GitHub")
    followed.github.no_faults()
    sha = followed.github.push(followed.repo)
    catch_up.catch_up()
    handling.handle_waiting()
    assert pushed(followed.service)[-1].commit == sha


def test_nothing_is_asked_without_an_app(db: None) -> None:
    catch_up.catch_up()
    assert not CatchUp.objects.exists()


def test_what_is_open_when_previews_are_turned_on_gets_its_preview(followed: Followed, alice: Person) -> None:
    github, repo = followed.github, followed.repo
    for branch in ("one", "two", "three"):
        github.push(repo, {branch: "1"}, branch=branch, start="origin/main")
    first, second, third = (github.pull_request(repo, branch) for branch in ("one", "two", "three"))
    github.close(repo, second)
    followed.hand_over(lost=True)
    set_preference(actor=alice.actor, service=followed.service, is_on=True)
    github.fault("/pulls", status=502, times=3)
    previews.find_open()
    assert not Preview.objects.exists()
    previews.find_open()
    standing = Preview.objects.standing().order_by("number").values_list("number", flat=True)
    assert list(standing) == [first, third]
    with github.watching() as seen:
        previews.find_open()
    assert seen == []
    github.close(repo, first)
    followed.hand_over(lost=True)
    previews.ask_again()
    previews.find_open()
    assert list(standing.all()) == [third]


def test_a_pull_request_has_an_outcome_in_each_service(followed: Followed) -> None:
    """What becomes of it is told by `apps.previews`; here previews are off."""
    followed.github.push(followed.repo, {"x": "1"}, branch="more", start="origin/main")
    number = followed.github.pull_request(followed.repo, "more", title="More of it")
    followed.hand_over()
    told = Outcome.objects.get(service=followed.service, ref=f"refs/pull/{number}/head")
    assert (told.kind, told.code, told.message, told.name) == (
        Kind.SKIPPED, "previews-off", "More of it", f"pull request {number}"
    )  # fmt: skip
    assert standing_of(followed.service).skipped is None
    assert told.delivery.outcomes.count() == 1
