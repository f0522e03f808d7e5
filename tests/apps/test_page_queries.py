"""Every page of the resolver asks the database as often for much as for little, whatever it shows of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.invitations import invite
from apps.accounts.models import ActivityEvent
from apps.accounts.policy import Scope
from apps.deployments import actions, logs
from apps.hosts.models import Host
from apps.previews.models import Preview
from apps.projects.actions import create_environment, create_project, create_volume
from apps.projects.models import Registry, Service, Volume
from apps.projects.variables import set_variables
from tests.apps.cast import Person, Shop, make_live, make_measured, make_person, make_pushed
from tests.apps.test_pages_walk import PAGES, address, ask, body, browser, ids_of
from tests.feedback.rows import make_told

MOST = 24  # What the page of a service asks.
VALUES = re.compile(r"'[^']*'(::[a-z]+)?(, '[^']*'(::[a-z]+)?)*|\b[0-9]+\b")
Make = Callable[[str], Service]


def grow(shop: Shop, alice: Person, make_service: Make, name: str) -> None:
    """One more of everything that a page has a list of."""
    service, actor = make_service(name), alice.actor
    where = {"actor": actor, "service": shop.service, "environment": shop.environment}
    make_measured(service)
    make_told(actions.deploy(actor=actor, service=service))
    make_live(actions.deploy(actor=actor, service=shop.service), f"{len(name):x}" * 40)
    for scope in (None, service, shop.service):
        set_variables(actor=actor, project=shop.project, service=scope, values={name.upper(): "value"})
    actions.add_domain(host=f"{name}.example.com", **where)
    create_volume(name=name, path=f"/{name}", **where)
    Volume.objects.create(project=shop.project, environment=shop.environment, name=f"{name}-kept", path="/data")
    create_project(actor=actor, team=shop.team, name=f"{name}-project")
    create_environment(actor=actor, project=shop.project, name=name)
    Preview.objects.create(
        project=shop.project, repository=Preview.objects.all()[0].repository, number=100 + len(name), title=name,
        author="octo", base_branch="main", head_branch=name, head_sha="d" * 40, is_fork=False,
        told_at=shop.live.created_at,
    )  # fmt: skip
    Host.objects.create(name=name, token_digest=name)
    Registry.objects.create(team=shop.team, host=f"{name}.example.com", username=name, password=name)
    make_pushed(shop.service)
    make_person(name, team=shop.team)
    invite(actor=actor, team=shop.team, email=f"{name}@example.com", role="viewer")
    alice.with_scope(Scope.READ)
    browser(alice)
    event = {"team": shop.team, "actor_name": name, "verb": "did", "subject_name": name}
    ActivityEvent.objects.bulk_create(
        ActivityEvent(subject_type="service", subject_id=shop.service.pk, **event) for _ in range(20)
    )
    logs.append(shop.log, [logs.Line(f"more {n}") for n in range(100)])


def asked(alice: Person, ids: dict[str, object]) -> dict[str, Counter[str]]:
    """Name of a page -> how often it asks what, without the values."""
    client, found = browser(alice), {}
    for pattern in PAGES:
        url = address(pattern, ids)
        ask(client, "GET", url)  # What is asked once in a process, or once in a while, is asked.
        with CaptureQueriesContext(connection) as queries:
            answer = ask(client, "GET", url)
            body(answer)
        if answer.status_code == 200:
            found[str(pattern.name)] = Counter(re.sub(VALUES, "?", query["sql"]) for query in queries.captured_queries)
    return found


def test_every_page_asks_as_often_for_much_as_for_little(shop: Shop, alice: Person, make_service: Make) -> None:
    ids = ids_of(shop, alice)
    for n in range(1, 3):
        grow(shop, alice, make_service, "x" * n)
    few = asked(alice, ids)
    for n in range(3, 6):
        grow(shop, alice, make_service, "x" * n)
    many = asked(alice, ids)
    more = [f"{name}: {many[name] - told}" for name, told in few.items() if many[name].total() > told.total()]
    assert more == []
    assert {name: told.total() for name, told in few.items() if told.total() > MOST} == {}
    assert len(few) > 50
