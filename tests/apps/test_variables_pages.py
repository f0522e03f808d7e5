"""The pages of variables without a browser: add, paste, preview, change, remove, undo, staged changes; who sees what."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from apps.deployments import actions
from apps.deployments.models import Deployment
from apps.projects.models import Environment, Service, Variable
from apps.projects.variables import set_variables
from tests.apps.cast import CANARY, Person, Shop
from tests.apps.test_pages_walk import browser


@pytest.fixture
def client(dora: Person) -> Client:
    return browser(dora)


def table(shop: Shop) -> str:
    return f"/services/{shop.service.pk}/variables"


def text_of(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, answer.content[:500]
    return " ".join(answer.content.decode().split())


def test_it_adds_one_with_a_name_and_a_value(client: Client, shop: Shop) -> None:
    answer = client.post(table(shop), {"name": " LEVEL ", "value": "a\r\nb", "place": "service"})
    assert answer.status_code == 302
    row = Variable.objects.get(name="LEVEL")
    assert (row.value, row.scope, row.is_secret) == ("a\nb", "service", False)
    text = text_of(client, table(shop))
    assert "by Dora" in text and "LEVEL is set for web, with the next deployment." in text


@pytest.mark.parametrize(
    ("place", "scope"),
    [
        ("service-production", "service in production"),
        ("environment-production", "environment production"),
        ("project", "project"),
    ],
)
def test_it_adds_to_the_scope_that_was_chosen(client: Client, shop: Shop, place: str, scope: str) -> None:
    client.post(table(shop), {"name": "A", "value": "1", "place": place})
    assert Variable.objects.get(name="A").scope == scope
    assert f'<span class="tag">{scope}</span>' in text_of(client, table(shop))


def test_it_does_not_add_to_anothers_scope(client: Client, shop: Shop, charlie: Person) -> None:
    Environment.objects.create(project=shop.project, name="staging", slug="staging")
    assert client.post(table(shop), {"name": "A", "value": "1", "place": "service-nowhere"}).status_code == 422
    assert browser(charlie).post(table(shop), {"name": "A", "value": "1"}).status_code == 404


@pytest.mark.parametrize("field", ["name", "value", "text"])
@pytest.mark.parametrize(
    "pasted", ["GREETING=hi\nNEW=1\nAPI_KEY=x\nLOG=info\noops here\n", '{\n"GREETING": "hi",\n"NEW": 1}']
)
def test_it_previews_a_file_pasted_into_any_field(client: Client, shop: Shop, field: str, pasted: str) -> None:
    answer = client.post(table(shop), {field: pasted})
    assert answer.status_code == 200
    assert "Nothing is saved yet" in answer.content.decode()
    title = answer.context["preview"].title
    assert title == ("2 new, 2 changed, 1 invalid (line 5)" if "oops" in pasted else "1 new, 1 changed")
    assert Variable.objects.get(name="GREETING").value == "hello"


def test_it_saves_a_preview_and_only_that(client: Client, shop: Shop) -> None:
    pasted = f"GREETING=hi\nAUTH_TOKEN={CANARY}\nPLAIN_KEY=visible\nNEW=1\n"
    page = client.post(table(shop), {"text": pasted, "place": "service"})
    assert CANARY not in page.content.decode()
    told = {"sealed": page.context["sealed"], "place": "service", "secret": ["AUTH_TOKEN"]}
    answer = client.post(f"{table(shop)}/save", told)
    assert answer.status_code == 302
    found = {row.name: (row.value, row.is_secret) for row in Variable.objects.all()}
    assert found["AUTH_TOKEN"] == (CANARY, True)
    assert (found["PLAIN_KEY"], found["NEW"], found["GREETING"]) == (("visible", False), ("1", False), ("hi", False))
    assert "4 variables are set for web" in text_of(client, table(shop))
    # What was sealed for one scope is not taken for another, and nothing forged is.
    assert client.post(f"{table(shop)}/save", {**told, "place": "project"}).status_code == 409
    assert client.post(f"{table(shop)}/save", {**told, "sealed": "forged"}).status_code == 409


def test_it_says_what_is_wrong_at_its_line_and_field(client: Client, shop: Shop) -> None:
    answer = client.post(table(shop), {"name": "1BAD", "value": "x"})
    assert answer.status_code == 422
    assert "cannot be a variable" in answer.context["form"].errors["name"][0]
    answer = client.post(table(shop), {"name": "", "value": ""})
    assert "paste a whole .env" in answer.context["form"].errors["name"][0]
    answer = client.post(table(shop), {"name": "BIG", "value": "x" * 64_001})
    assert "64,000 is the most" in answer.context["form"].errors["value"][0]
    answer = client.post(table(shop), {"text": "no pair\n"})
    assert answer.status_code == 422 and "Line 1 is not NAME=value" in answer.content.decode()


@pytest.mark.parametrize(
    "told",
    [
        {"name": "1BAD", "value": CANARY, "secret": "on"},
        {"name": "1BAD_PASSWORD", "value": CANARY},
        {"text": f"oops {CANARY}"},
        {"name": f"oops {CANARY}\nA"},
        {"text": CANARY, "place": "nowhere"},
        {"name": f"A={CANARY}", "place": "nowhere"},
    ],
)
def test_it_never_puts_a_secret_back_into_a_page(client: Client, shop: Shop, told: dict[str, str]) -> None:
    answer = client.post(table(shop), told)
    assert answer.status_code == 422
    assert CANARY not in answer.content.decode()


def test_it_shows_what_is_overridden_by_what(client: Client, shop: Shop, alice: Person) -> None:
    set_variables(actor=alice.actor, project=shop.project, values={"GREETING": "from the project"})
    rows = client.get(table(shop)).context["rows"]
    assert [(row.variable.name, row.variable.scope, row.overridden_by) for row in rows] == [
        ("API_KEY", "service", ""), ("GREETING", "service", ""), ("GREETING", "project", "service"),
    ]  # fmt: skip
    text = text_of(client, table(shop))
    assert "overridden by service" in text and "<s>GREETING</s>" in text
    assert "overridden by web" in text_of(client, f"/projects/{shop.project.pk}/variables")


def test_it_keeps_the_table_of_a_project(client: Client, shop: Shop) -> None:
    page = f"/projects/{shop.project.pk}/variables"
    assert "No variable yet" in text_of(client, page)
    client.post(page, {"name": "LOG", "value": "info", "place": "project"})
    shown = client.post(page, {"text": "SHARED_TOKEN=x\n", "place": "environment-production"})
    client.post(f"{page}/save", {"sealed": shown.context["sealed"], "place": "environment-production"})
    scopes = {row.name: (row.scope, row.is_secret) for row in Variable.objects.filter(service=None)}
    assert scopes == {"LOG": ("project", False), "SHARED_TOKEN": ("environment production", False)}
    assert "LOG" in text_of(client, table(shop))


def test_it_changes_a_plain_one_and_replaces_a_secret(client: Client, shop: Shop) -> None:
    page = f"/variables/{shop.variable.pk}"
    assert "hello</textarea>" in text_of(client, page)
    client.post(page, {"name": "HALLO", "value": "servus"})
    shop.variable.refresh_from_db()
    assert (shop.variable.name, shop.variable.value) == ("HALLO", "servus")
    client.post(page, {"name": "HALLO", "value": "x", "secret": "on"})
    assert Variable.objects.get(name="HALLO").is_secret
    page = f"/variables/{shop.secret.pk}"
    assert CANARY not in text_of(client, page)
    client.post(page, {"name": "API_KEY", "value": ""})
    assert Variable.objects.get(name="API_KEY").value == CANARY
    client.post(page, {"name": "API_KEY", "value": "new one"})
    assert Variable.objects.get(name="API_KEY").value == "new one"
    answer = client.post(page, {"name": "HALLO", "value": CANARY})
    assert answer.status_code == 422 and CANARY not in answer.content.decode()
    assert "already" in answer.context["form"].errors["name"][0]


def test_it_removes_one_and_brings_it_back(client: Client, shop: Shop) -> None:
    client.post(f"/variables/{shop.secret.pk}/delete")
    text = text_of(client, table(shop))
    assert "API_KEY is removed with the next deployment." in text
    assert f'action="/variables/{shop.secret.pk}/restore"' in text
    client.post(f"/variables/{shop.secret.pk}/restore")
    assert Variable.objects.get(name="API_KEY").value == CANARY


def test_an_open_page_that_reads_anew_takes_no_toast_away(client: Client, shop: Shop) -> None:
    client.post(f"/variables/{shop.secret.pk}/delete")
    fragment = client.get(table(shop), headers={"HX-Request": "true"}).content.decode()
    assert "GREETING" in fragment and "API_KEY is removed" not in fragment
    assert "API_KEY is removed with the next deployment." in text_of(client, table(shop))


def test_it_warns_of_a_reference_that_leads_nowhere(client: Client, shop: Shop) -> None:
    client.post(table(shop), {"name": "LINK", "value": "${{db.URL}}"})
    text = text_of(client, table(shop))
    assert text.count("LINK refers to db.URL, but there is no service db.") >= 2  # The toast, and at the row.
    assert "The next deployment would be refused" in text
    assert "reuse_build" not in text


def test_it_hides_values_from_viewers(shop: Shop, bob: Person) -> None:
    client = browser(bob)
    text = text_of(client, table(shop))
    assert "GREETING" in text and "hidden from your role" in text
    assert ">hello<" not in text and "Set variable" not in text
    assert client.get(f"/variables/{shop.variable.pk}").status_code == 403


def test_it_floats_what_is_not_live_over_every_page_of_the_service(client: Client, shop: Shop, bob: Person) -> None:
    assert "is not live" not in text_of(client, table(shop))
    client.post(table(shop), {"name": "GREETING", "value": "hi"})
    client.post(f"/variables/{shop.secret.pk}", {"name": "API_KEY", "value": "x"})
    for place in ("", "/variables", "/settings", "/domains", "/deployments"):
        text = text_of(client, f"/services/{shop.service.pk}{place}")
        assert "2 changes are not live" in text, place
        assert "Deploy, no build, about" in text, place
    bar = client.get(f"/services/{shop.service.pk}/changes", headers={"HX-Request": "true", "HX-Target": "div#staged"})
    assert bar.content.decode().lstrip().startswith('<div id="staged"')
    page = text_of(client, f"/services/{shop.service.pk}/changes")
    assert ">hello</td>" in page and ">hi</td>" in page and "secret, changed" in page
    assert CANARY not in page
    seen = text_of(browser(bob), f"/services/{shop.service.pk}/changes")
    assert "changed, hidden from your role" in seen and ">hello<" not in seen and "Discard" not in seen
    assert "Deploy, no build" not in seen


def test_it_deploys_and_discards_from_the_page(client: Client, shop: Shop) -> None:
    client.post(table(shop), {"name": "GREETING", "value": "hi"})
    client.post(f"/services/{shop.service.pk}/changes/discard")
    assert Variable.objects.get(name="GREETING").value == "hello"
    assert "not live" not in text_of(client, table(shop))
    client.post(table(shop), {"name": "GREETING", "value": "hi"})
    client.post(f"/services/{shop.service.pk}/deploy", {"reuse_build": "1"})
    row = Deployment.objects.latest("created_at")
    assert row.build_id == shop.live.build_id
    assert f"/deployments/{row.pk}" in text_of(client, table(shop))
    assert "1 change on the way" in text_of(client, table(shop))


def test_it_needs_a_fixed_number_of_queries(
    client: Client, shop: Shop, alice: Person, django_assert_max_num_queries: Callable[..., object]
) -> None:
    def count() -> int:
        with django_assert_max_num_queries(60) as found:  # type: ignore[attr-defined]
            text_of(client, table(shop))
        return len(found)

    set_variables(actor=alice.actor, project=shop.project, service=shop.service, values={"A": "1"})
    few = count()
    many = {f"N{n}": str(n) for n in range(80)}
    set_variables(actor=alice.actor, project=shop.project, service=shop.service, values=many)
    set_variables(actor=alice.actor, project=shop.project, values=many)
    assert count() == few
    assert few <= 20


def test_it_tells_where_each_value_of_a_release_came_from(shop: Shop, dora: Person, bob: Person) -> None:
    actions.deploy(actor=dora.actor, service=Service.objects.get(pk=shop.service.pk))
    for person, sees in ((dora, True), (bob, False)):
        text = text_of(browser(person), f"/deployments/{shop.live.pk}")
        assert "Variables of release 2" in text
        assert (">hello<" in text) == sees
        assert CANARY not in text
