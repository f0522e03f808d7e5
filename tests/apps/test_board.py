"""The projects' page, the palette and the filters of deployments: what they find, for whom, in how many queries."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.http import QueryDict

from apps.deployments import actions, outcome
from apps.deployments.board import PAGE, board
from apps.deployments.filters import Filters
from apps.deployments.icons import icon_of
from apps.deployments.models import Build, Deployment
from apps.deployments.presentation import health_of
from apps.deployments.queries import url_of
from apps.deployments.states import Status
from apps.hosts.models import ServiceState
from apps.projects.given import resolver_of
from apps.projects.models import Domain, Environment, Project, Service
from apps.projects.variables import set_variables
from tests.apps.cast import Person, Shop, make_live, make_person, make_running
from tests.apps.test_pages_walk import body, browser
from workers.errors import UserError

pytestmark = pytest.mark.django_db
Make = Callable[[str], Service]


def names(of: Any) -> list[str]:
    return [card.service.name for card in of.cards]


def test_it_shows_failing_services_first_then_by_name(shop: Shop, make_service: Make, alice: Person) -> None:
    make_service("billing")
    assert names(board(alice.actor)) == ["billing", "web"]
    make_running(shop.live, "exited")
    found = board(alice.actor)
    assert names(found) == ["web", "billing"]
    assert found.worst == "failed"


def test_it_tells_what_each_service_is(shop: Shop, alice: Person) -> None:
    card = board(alice.actor).cards[0]
    assert (card.url.split(":")[1], len(card.urls)) == ("//shop.example.com", 2)
    assert [row.status for row in card.ribbon] == ["superseded", "live"], "oldest first"
    assert (card.live, card.latest) == (shop.live, shop.live)


def test_a_project_tells_which_services_each_uses(shop: Shop, make_service: Make, alice: Person) -> None:
    """By what serves, not by what waits to be deployed; and by what a compose file says it depends on."""
    database, cache = make_service("database"), make_service("cache")
    values = {"DATABASE": "${{database.HOST}}:${{database.PORT}}", "SELF": "${{web.URL}}", "TEXT": "$${{cache.URL}}"}
    set_variables(actor=alice.actor, project=shop.project, service=shop.service, values=values)

    def uses() -> dict[str, list[str]]:
        cards = board(alice.actor, project=shop.project.pk).cards
        return {card.service.name: [link.name for link in card.links] for card in cards}

    assert uses() == {"web": [], "database": [], "cache": []}
    make_live(actions.deploy(actor=alice.actor, service=shop.service), "c" * 40)
    for row, needs in ((database, ["cache"]), (cache, [])):
        Service.objects.filter(pk=row.pk).update(compose={"name": row.name, "file": "compose.yml", "depends_on": needs})
    assert uses() == {"web": ["database"], "database": ["cache"], "cache": []}
    page = body(browser(alice).get(f"/projects/{shop.project.pk}")).decode()
    assert f'Uses <a class="link above" href="/services/{database.pk}">database</a>' in page
    Service.objects.filter(pk=database.pk).update(slug="another")
    assert uses() == {"web": [], "database": ["cache"], "cache": []}, "nothing is left of that name"
    assert {card.links for card in board(alice.actor).cards} == {()}, "the list of all projects stays quick"


def test_it_leads_to_a_name_that_exists(shop: Shop, alice: Person) -> None:
    Domain.objects.filter(pk=shop.domain.pk).update(check_state="pending")
    card = board(alice.actor).cards[0]
    assert card.urls[0] == url_of(shop.service, shop.live.environment)
    assert "shop.example.com" in card.urls[1]
    assert resolver_of(shop.project.pk, shop.environment).built_in["web"]["URL"] == card.urls[0], (
        "others are told the same"
    )


def test_it_finds_by_name_project_branch_and_host(shop: Shop, make_service: Make, alice: Person) -> None:
    billing = make_service("billing")
    Domain.objects.create(service=billing, environment=billing.environment, host="pay.example.org")
    Service.objects.filter(pk=billing.pk).update(branch="release")
    for words, found in {
        "BILL": ["billing"], "pay.example": ["billing"], "release": ["billing"], "shop web": ["web"],
        "shop": ["billing", "web"], "nothing": [], "%": [],
    }.items():  # fmt: skip
        assert names(board(alice.actor, words=words)) == found, words


def test_it_shows_nothing_of_other_teams(shop: Shop, charlie: Person, alice: Person) -> None:
    assert board(charlie.actor).total == 0
    assert board(charlie.actor, team=shop.team.pk).total == 0
    assert board(charlie.actor, project=shop.project.pk).total == 0
    assert board(alice.actor, team=charlie.team.pk).total == 0


def test_it_gives_pages_and_projects_without_services(shop: Shop, alice: Person) -> None:
    Project.objects.create(team=shop.team, name="empty", slug="empty")
    for n in range(PAGE + 2):
        Service.objects.create(project=shop.project, name=f"s{n:02}", slug=f"s{n:02}", source_url="x")
    first, second = board(alice.actor), board(alice.actor, page=2)
    assert (len(first.cards), len(second.cards), first.total) == (PAGE, 3, PAGE + 3)
    assert (first.next, first.previous, second.next, second.previous) == (2, None, None, 1)
    assert [project.name for project in first.empty] == ["empty"]
    assert second.empty == []
    assert board(alice.actor, page=99).cards == []


@pytest.mark.parametrize(
    ("state", "age", "kind"),
    [("running", 0, "live"), ("exited", 0, "fail"), ("running", 300, "warn"), ("starting", 0, "fail")],
)
def test_it_judges_by_little_as_by_all(shop: Shop, alice: Person, state: str, age: int, kind: str) -> None:
    row = make_running(shop.live, state)
    ServiceState.objects.filter(pk=row.pk).update(reported_at=row.reported_at - timedelta(seconds=age))
    found = board(alice.actor)
    assert (found.cards[0].health.pill.kind, found.worst) == (kind, icon_of({kind}))


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ([], "fail"),
        ([("live", "running", True), ("live", "running", None)], "live"),
        ([("live", "running", True), ("live", "running", False)], "warn"),
        ([("live", "running", True), ("live", "exited", None)], "warn"),
        ([("live", "running", False)], "fail"),
        ([("first", "running", True)], "fail"),
        ([("first", "exited", None), ("live", "running", True)], "live"),
    ],
)
def test_it_judges_several_instances_by_little_as_by_all(
    shop: Shop, alice: Person, told: list[tuple[str, str, bool | None]], kind: str
) -> None:
    row = make_running(shop.live)
    row.instances = [
        {**row.instances[0], "release": str(getattr(shop, of).release_id), "state": state, "healthy": healthy}
        for of, state, healthy in told
    ]
    row.save()
    found = board(alice.actor)
    assert (found.cards[0].health.pill.kind, found.worst) == (kind, icon_of({kind}))


@pytest.mark.parametrize(
    ("told", "note"),
    [
        ({"state": "running", "healthy": True}, ""),
        ({"state": "running", "healthy": False, "started_at": "2026-01-01T00:00:00Z"},
         "web runs, but does not pass its health check. Its logs tell more."),
        ({"state": "running", "healthy": False, "started_at": "2999-01-01T00:00:00Z"},
         "web runs, but does not pass its health check yet: it has just started. Its logs tell more."),
        ({"state": "exited", "exit_code": 137}, "web has ended with exit code 137. Its logs tell why."),
        (
            {"state": "restarting", "exit_code": 1},
            "web crashes and is started again and again. Its logs tell why.",
        ),
        ({"state": "dead"}, "web does not run."),
    ],
)  # fmt: skip
def test_it_says_what_is_wrong_and_where_to_look(shop: Shop, alice: Person, told: dict[str, Any], note: str) -> None:
    row = make_running(shop.live)
    row.instances[0].update(told)
    row.save()
    assert board(alice.actor).cards[0].health.note == note
    page = body(browser(alice).get(f"/deployments/{shop.live.pk}")).decode()
    assert (f'<p class="note amber">{note}</p>' in page) == bool(note)
    for path in ("", "/deployments"):
        page = body(browser(alice).get(f"/services/{shop.service.pk}{path}")).decode()
        row = page.partition(f'<tr id="run-{shop.live.pk}">')[2].partition("Current")[0]
        assert ("Down" in row) == bool(note) and ("Live" in row) == (not note)


def test_a_report_of_before_the_switch_says_nothing_of_it(shop: Shop, alice: Person) -> None:
    row = make_running(shop.live)
    row.instances = [{**row.instances[0], "release": str(shop.first.release_id)}]
    for age, kind in ((1, "live"), (300, "warn")):
        row.reported_at = shop.live.live_at - timedelta(seconds=age)
        row.save()
        found = board(alice.actor)
        assert (found.cards[0].health.pill.kind, found.worst) == (kind, icon_of({kind}))


def test_it_judges_what_is_not_live_by_its_newest_deployment(shop: Shop, alice: Person) -> None:
    service = Service.objects.create(project=shop.project, name="new", slug="new", source_url="x")
    assert names(board(alice.actor)) == ["web", "new"]
    row = actions.deploy(actor=alice.actor, service=service)
    assert board(alice.actor).worst == "building"
    row.advance(Status.BUILDING)
    outcome.failed(row, UserError("build:user:x", "It broke."))
    assert names(board(alice.actor)) == ["new", "web"]


@pytest.mark.parametrize(
    ("kinds", "icon"),
    [({"live", "fail"}, "failed"), ({"live", "work"}, "building"), ({"live", "rest"}, "live"), (set(), "idle")],
)
def test_it_takes_the_worst_for_the_icon(kinds: set[str], icon: str) -> None:
    assert icon_of(kinds) == icon


def test_every_page_of_it_tells_that_one_is_on_its_way(shop: Shop, alice: Person) -> None:
    pages = [f"/services/{shop.service.pk}/{name}" for name in ("variables", "domains", "deployments", "settings")]
    for icon in ("live", "building"):
        for page in ("/", f"/projects/{shop.project.pk}", f"/services/{shop.service.pk}", *pages):
            assert f'data-status="{icon}"' in browser(alice).get(page).content.decode(), page
        if icon == "live":
            actions.deploy(actor=alice.actor, service=shop.service)
    staging = Environment.objects.create(project=shop.project, name="staging", slug="staging")
    empty = browser(alice).get(f"{pages[0]}?environment={staging.slug}").content.decode()
    assert 'data-status="idle"' in empty


def test_a_card_escapes_what_people_wrote(shop: Shop, alice: Person) -> None:
    evil = "<b>'&\""
    for row in (shop.project, shop.service):
        type(row).objects.filter(pk=row.pk).update(name=evil + row.name)
    Build.objects.update(message=evil, author=evil)
    told = browser(alice).get("/").content.decode()
    assert told.count("&lt;b&gt;&#x27;&amp;&quot;") >= 5
    assert evil[:3] + "'" not in told


def test_it_tells_instances_of_a_process_apart(shop: Shop) -> None:
    state = make_running(shop.live)
    one, earlier = state.instances[0], str(shop.first.release_id)
    state.instances = [{**one, "name": "c", "release": earlier}, {**one, "name": "b-10"}, {**one, "name": "b-2"}]
    found = health_of(shop.live, shop.live, state).instances
    assert [(i["label"], i["name"]) for i in found] == [("web 1", "b-2"), ("web 2", "b-10"), ("web", "c")]


def test_it_offers_the_switcher_only_to_those_in_several_teams(shop: Shop, alice: Person) -> None:
    assert "All teams" not in alice.client.get("/").content.decode()
    other = make_person("Erin")
    other.team.memberships.create(user=alice.user, role="viewer")
    text = alice.client.get(f"/?team={other.team.pk}").content.decode()
    assert "All teams" in text
    assert "shop.example.com" not in text


# The palette


def items(person: Person, **asked: Any) -> list[dict[str, str]]:
    return person.client.get("/palette", asked).json()["items"]


def test_it_finds_what_one_may_see(shop: Shop, alice: Person, charlie: Person) -> None:
    found = items(alice, q="web")
    assert {"kind": "Service", "name": "web", "note": "shop", "href": f"/services/{shop.service.pk}"} in found
    assert [item["kind"] for item in items(alice, q="greet")] == ["Deployment", "Deployment"]
    assert [item["href"] for item in items(alice, q="bbbbbbb")] == [f"/deployments/{shop.live.pk}"]
    logs = {"kind": "Page", "name": "web: Logs", "note": "shop", "href": f"/services/{shop.service.pk}/logs"}
    assert items(alice, q="shop web lo") == [logs]
    for asked in ({"q": "web"}, {"q": "web logs"}, {"q": "bbb"}, {"q": "shop"}, {"service": shop.service.pk}):
        assert items(charlie, **asked) == [], asked


def test_it_offers_what_the_role_allows(shop: Shop, alice: Person, dora: Person, bob: Person) -> None:
    def done(person: Person) -> list[str]:
        return [item["name"] for item in items(person, service=shop.service.pk) if item["kind"] == "Do"]

    assert (done(alice), done(dora), done(bob)) == (["Deploy web", "Delete web"], ["Deploy web"], [])


def test_it_takes_odd_questions_as_nothing(shop: Shop, alice: Person) -> None:
    for asked in ({"q": "\x00'%"}, {"service": "x"}, {"q": "x" * 5000}):
        assert alice.client.get("/palette", asked).status_code == 200
        assert alice.client.get("/", asked).status_code == 200
    assert alice.client.get(f"/services/{shop.service.pk}/deployments", {"branch": "\x00"}).status_code == 200


# Filters


@pytest.fixture
def failed(shop: Shop, alice: Person) -> Deployment:
    row = actions.deploy(actor=alice.actor, service=shop.service)
    Deployment.objects.filter(pk=row.pk).update(branch="next", trigger="push")
    row.refresh_from_db()
    row.advance(Status.BUILDING)
    outcome.failed(row, UserError("build:user:x", "It broke."))
    return row


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", 3), ("status=failed", 1), ("status=live", 1), ("status=replaced", 1), ("status=work", 0),
        ("status=odd", 3), ("trigger=push", 1), ("branch=next", 1), ("branch=main&status=failed", 0),
    ],
)  # fmt: skip
def test_it_narrows_deployments_by_the_address(failed: Deployment, alice: Person, query: str, found: int) -> None:
    text = alice.client.get(f"/services/{failed.service_id}/deployments?{query}").content.decode()
    assert text.count('<tr id="run-') == found


def test_it_keeps_the_filter_on_the_next_page() -> None:
    assert Filters.of(QueryDict("status=failed&branch=a%26b&cursor=x")).query == "status=failed&branch=a%26b"
