"""An approving review at GitHub approves a fork's commit here: by whom it counts, at the moment at which it is heard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from apps.github import installations
from apps.github.errors import Unreachable
from apps.github.models import Connection, Identity, Repository
from apps.previews import events
from apps.previews.models import Preview
from apps.previews.preferences import set_preference
from apps.projects.models import Environment
from tests.apps.cast import Person, Shop
from tests.github.people import linked
from tests.github.plugin import connect
from tests.github.world import GitHub

Review = Callable[..., str]


@pytest.fixture
def review(github: GitHub, shop: Shop, alice: Person, bob: Person, dora: Person) -> Review:
    """A fork's pull request waits. Bob reads here and pushes there; Dora deploys here, and `at_github` says what she may."""
    owner, mallory = github.user(), github.user()
    there = {person.user: github.user() for person in (bob, dora)}
    repo = github.repo(owner, files={"app.py": "1"})
    app = github.app(owner)
    connect(github, app)
    github.install(app, owner)
    installations.refresh()
    row = Repository.objects.get(github_id=repo.id)
    Connection.objects.create(service=shop.service, repository=row)
    set_preference(actor=alice.actor, service=shop.service, is_on=True)
    for person in (bob, dora):
        linked(person, there[person.user])
    github.collaborator(repo, there[bob.user])
    fork = github.fork(repo, mallory)
    head = github.push(fork, {"app.py": "2"}, branch="try", start="main", person=mallory)
    number = github.pull_request(repo, "try", person=mallory, fork=fork)

    def told(event: str) -> dict[str, Any]:
        rows = [row for row in github.deliveries(app) if row["event"] == event]
        return dict(rows[-1]["request"]["payload"])

    events.pull_request(told("pull_request"), lambda followed: None)

    def reviewed(
        person: Person, at_github: str = "", *, login: str = "", state: str = "approved", commit: str = head
    ) -> str:
        path = f"/repos/{repo.full_name}/collaborators/{there[dora.user].login}"
        github.api("DELETE", path, owner)
        if at_github:
            github.collaborator(repo, there[dora.user], at_github)
        somebody = there.get(person.user, mallory)
        said = {"state": state, "commit_id": commit, "user": {"id": somebody.id, "login": login or somebody.login}}
        payload = {**told("pull_request"), "action": "submitted", "review": said, "pull_request": {"number": number}}
        return events.pull_request_review(payload, lambda followed: None)

    return reviewed


def stands() -> bool:
    return Environment.objects.filter(kind="preview").exists()


def test_it_counts_by_who_may_deploy_here_and_push_there(
    review: Review, alice: Person, bob: Person, dora: Person
) -> None:
    assert "not known" in review(alice) and "not known" in review(bob)
    assert "may not push" in review(dora) and "may not push" in review(dora, "triage")
    assert "no approval" in review(dora, "push", state="commented")
    assert review(dora, "push", commit="0" * 40) == "" and not stands()
    assert review(dora, "push") == "" and stands()
    assert Preview.objects.get().approved_by_name == "Dora"
    assert "waits" in review(dora)


def test_it_waits_for_github_rather_than_believe(
    review: Review, github: GitHub, dora: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.github.client.time.sleep", lambda seconds: None)
    github.fault("/permission$", status=502, times=3)
    with pytest.raises(Unreachable):
        review(dora, "push")
    assert not stands()


def test_it_knows_another_of_the_same_name(review: Review, bob: Person, dora: Person) -> None:
    """Dora gave her name up before this is heard, and somebody took it who may push."""
    assert "may not push" in review(dora, login=Identity.objects.get(user=bob.user).login)
