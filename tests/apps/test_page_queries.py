"""Each page asks the database as often for twelve services as for three, whatever it shows of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.deployments import actions, logs
from apps.deployments.models import Deployment
from apps.projects.models import Service
from apps.projects.variables import set_variables
from tests.apps.cast import Person, Shop, make_live, make_measured

PAGES = (
    "/", "/projects/{project}", "/services/{service}", "/services/{service}/deployments", "/deployments/{deployment}",
    "/services/{service}/variables", "/services/{service}/logs", "/services/{service}/metrics",
    "/services/{service}/domains", "/services/{service}/activity", "/teams/{team}/activity",
)  # fmt: skip
MOST = 30


def asked(shop: Shop, alice: Person, page: str) -> list[str]:
    client = Client()
    client.force_login(alice.user, backend="django.contrib.auth.backends.ModelBackend")
    ids = {"project": shop.project.pk, "service": shop.service.pk, "team": shop.team.pk}
    ids["deployment"] = Deployment.objects.get(service=shop.service, status="live").pk
    client.get(page.format(**ids))  # What is asked once in a process, or once in a while, is asked.
    with CaptureQueriesContext(connection) as queries:
        assert client.get(page.format(**ids)).status_code == 200
        return [query["sql"] for query in queries.captured_queries]


@pytest.mark.parametrize("page", PAGES)
def test_it_asks_as_often_for_much_as_for_little(
    shop: Shop, alice: Person, make_service: Callable[[str], Service], page: str
) -> None:
    made = [make_service(f"more-{n}") for n in range(2)]
    few = asked(shop, alice, page)
    made += [make_service(f"many-{n}") for n in range(9)]
    for n, service in enumerate(made):
        make_measured(service)
        set_variables(actor=alice.actor, project=shop.project, service=service, values={f"NAME_{n}": "value"})
        actions.add_domain(
            actor=alice.actor, service=shop.service, environment=shop.environment, host=f"{n}.example.com"
        )
        make_live(actions.deploy(actor=alice.actor, service=shop.service), f"{n:x}" * 40)
    logs.append(shop.log, [logs.Line(f"more {n}") for n in range(300)])
    many = asked(shop, alice, page)
    assert len(many) == len(few), "\n".join(sorted(set(many) - set(few)))
    assert len(few) <= MOST
