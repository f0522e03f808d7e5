"""Branches that moved without a word: found wherever they lead, in turn, whatever one account's limit says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.github.errors import RateLimited, Unreachable
from apps.github.models import Connection, Installation, Repository
from apps.projects.models import Service
from apps.webhooks import asking, handling, heads
from apps.webhooks.models import BranchLook
from tests.webhooks.deliveries import A, B, C, deliver, push, pushed


@pytest.fixture
def leads(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Branch -> the commit that it leads to at GitHub, or what GitHub says instead; `asked` are those that were asked."""
    found: dict[str, Any] = {"asked": []}

    def head_of(repository: Repository, branch: str) -> asking.HeadTold:
        found["asked"].append(branch)
        if isinstance(found[branch], Exception):
            raise found[branch]
        return asking.HeadTold(sha=found[branch], commit=asking.CommitTold(message="Moved"))

    monkeypatch.setattr(asking, "head_of", head_of)
    return found


def look() -> int:
    BranchLook.objects.all().delete()
    found = heads.missed_pushes()
    handling.handle_waiting()
    return found


def following(service: Service, repository: Repository, branch: str) -> Service:
    Service.objects.filter(pk=service.pk).update(branch=branch)
    Connection.objects.create(service=service, repository=repository)
    told = {"id": repository.github_id, "full_name": repository.full_name}
    deliver(push(A, B, ref=f"refs/heads/{branch}", repository=told))
    return service


def test_two_branches_that_come_to_one_commit_are_two(
    service: Service, repository: Repository, make_service: Callable[[str], Service], leads: dict[str, Any]
) -> None:
    deliver(push(A, B))
    other = following(make_service("next"), repository, "next")
    leads |= {"main": C, "next": C}
    assert look() == 2
    assert [pushed(each)[-1].commit for each in (service, other)] == [C, C]


def test_a_branch_may_go_back_and_forth(service: Service, leads: dict[str, Any]) -> None:
    deliver(push(A, B))
    for sha in (C, B, C, B):
        leads["main"] = sha
        assert (look(), look()) == (1, 0)
        assert pushed(service)[-1].commit == sha


def test_all_have_their_turn(
    repository: Repository, make_service: Callable[[str], Service], leads: dict[str, Any], monkeypatch: Any
) -> None:
    monkeypatch.setattr(heads, "MOST_AT_ONCE", 2)
    for name in ("a", "b", "c", "d", "e"):
        following(make_service(name), repository, name)
        leads[name] = B
    for so_many in (2, 4, 5, 5):
        heads.missed_pushes()
        assert len(leads["asked"]) == so_many
    assert sorted(leads["asked"]) == ["a", "b", "c", "d", "e"]  # Each once: none was due again.
    first = leads["asked"][0]
    BranchLook.objects.filter(branch=first).update(looked_at=timezone.now() - timedelta(hours=1))
    heads.missed_pushes()
    assert leads["asked"][5:] == [first]


def test_the_limit_of_one_account_is_not_the_others(
    repository: Repository, make_service: Callable[[str], Service], leads: dict[str, Any], monkeypatch: Any
) -> None:
    monkeypatch.setattr(heads, "MOST_AT_ONCE", 2)
    for name in ("a", "b", "c"):
        following(make_service(name), repository, name)
        leads[name] = RateLimited(timezone.now() + timedelta(minutes=30))
    place = Installation.objects.create(github_id=56, account_login="else", account_id=2)
    far = Repository.objects.create(github_id=77, installation=place, full_name="else/shop")
    following(make_service("far"), far, "far")
    leads["far"] = B
    heads.missed_pushes()
    assert len(leads["asked"]) == 2 and leads["asked"][-1] == "far"
    assert [row.branch for row in BranchLook.objects.all()] == ["far"]


def test_a_branch_that_github_cannot_tell_of_keeps_no_other_waiting(
    repository: Repository, make_service: Callable[[str], Service], leads: dict[str, Any]
) -> None:
    for name in ("a", "b", "c", "d", "e"):
        following(make_service(name), repository, name)
        BranchLook.objects.create(repository=repository, branch=name, looked_at=timezone.now() - timedelta(hours=1))
        leads[name] = B
    leads["b"] = leads["c"] = Unreachable("502")
    assert heads.missed_pushes() == 0 and sorted(leads["asked"]) == ["a", "b", "c", "d", "e"]
    assert heads.missed_pushes() == 0 and len(leads["asked"]) == 5  # Each has had its turn.
    BranchLook.objects.update(looked_at=timezone.now() - timedelta(hours=1))
    leads |= dict.fromkeys(("a", "d", "e"), Unreachable("502"))
    with pytest.raises(Unreachable):
        heads.missed_pushes()
    assert len(leads["asked"]) == 8  # GitHub itself is away.
