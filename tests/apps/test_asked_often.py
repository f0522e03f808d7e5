"""A question that is put together once is answered as if it were put together each time."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

import pytest
from django.db.models import Q, QuerySet

from apps.accounts.models import Team
from apps.lib.asked_often import asked_often
from apps.projects.models import Environment, Project
from tests.apps.cast import Person, Shop

built: list[str] = []


@asked_often
def places(teams: list[UUID], slug: str) -> QuerySet[Environment]:
    built.append(slug)
    return Environment.objects.filter(project__team__in=teams, slug=slug, kind="production").select_related("project")


@asked_often
def names_before(team: UUID, at: datetime) -> QuerySet[Project, str]:
    return Project.objects.filter(team=team, created_at__lte=at).values_list("name", flat=True)


def test_it_asks_anew_for_other_values(shop: Shop, alice: Person) -> None:
    built.clear()
    found = places([shop.team.pk], "production")
    assert [(row, row.project.name) for row in found] == [(shop.environment, shop.project.name)]
    assert places([uuid4()], "production") == places([shop.team.pk], "pr-1") == places([], "production") == []
    assert len(places([uuid4(), shop.team.pk], "production")) == 1
    assert len(built) == 3  # Of one team, of two, and of none.
    Environment.objects.filter(pk=shop.environment.pk).update(slug="pr-1")
    assert places([shop.team.pk], "pr-1") == [shop.environment]


def test_it_keeps_values_apart_that_are_the_same(shop: Shop) -> None:
    """A stranger may ask with an id of another kind: it must not come to stand for both."""
    rows = asked_often(lambda team, pk: Project.objects.filter(team=team, pk=pk))
    assert rows(shop.team.pk, shop.team.pk) == []
    assert rows(shop.team.pk, shop.project.pk) == [shop.project]
    assert rows(shop.project.pk, shop.project.pk) == []


def test_a_flag_and_a_count_are_part_of_the_question(shop: Shop) -> None:
    @asked_often
    def some(team: UUID, is_all: bool, most: int) -> QuerySet[Project]:
        return Project.objects.filter(team=team, **({} if is_all else {"name": "nothing"})).order_by("created_at")[
            :most
        ]

    other = Project.objects.create(team=shop.team, name="other", slug="other")
    answers = [some(shop.team.pk, is_all, most) for is_all, most in [(True, 1), (False, 1), (True, 2)]]
    assert answers == [[shop.project], [], [shop.project, other]]


def test_it_reads_values_and_compares_moments(shop: Shop) -> None:
    at = Project.objects.get(pk=shop.project.pk).created_at
    assert names_before(shop.team.pk, at) == [shop.project.name]
    assert names_before(shop.team.pk, at.replace(year=2000)) == []


def test_it_wants_all_that_it_is_given_to_be_asked_for(shop: Shop) -> None:
    rows = asked_often(lambda team, _: Team.objects.filter(Q(pk=team)))
    with pytest.raises(ValueError, match="does not ask for everything"):
        rows(shop.team.pk, shop.project.pk)
