"""The first steps: what is done, what is next, and the choice of where apps get their addresses."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings

from apps.accounts.installation import base_domain, dismiss_checklist, set_base_domain
from apps.accounts.links import make_link, make_recovery_link
from apps.accounts.models import ActivityEvent, Membership, SignInLink
from apps.deployments import actions, suggested
from apps.deployments.first_run import first_run, sample_url
from apps.deployments.models import Deployment
from apps.github.models import GitHubApp
from apps.lib.lookups import Lookup
from apps.projects import base_checks
from apps.projects.detection import Detection
from apps.projects.models import Domain, Service, Variable
from tests.apps.cast import Person, Shop, make_live, make_person
from tests.apps.test_pages_walk import browser
from workers.build.look import Look
from workers.build.plan import Plan
from workers.errors import UserError


def done(person: Person) -> dict[str, bool]:
    run = first_run(person.actor)
    assert run is not None
    return {step.name: step.is_done for step in run.steps}


def test_it_has_nothing_done_on_the_first_day(alice: Person) -> None:
    assert done(alice) == {"base": False, "sample": False, "app": False, "way-back": False, "github": False}
    assert "First steps" in browser(alice).get("/").content.decode()


def test_it_finds_what_was_done_by_itself(alice: Person, shop: Shop) -> None:
    assert done(alice) == {"base": False, "sample": True, "app": True, "way-back": False, "github": False}
    set_base_domain(actor=alice.actor, base="apps.localhost")
    make_recovery_link(actor=alice.actor)
    assert "Connect GitHub" in browser(alice).get("/").content.decode()
    GitHubApp.objects.create(app_id=1, slug="slipway", name="Slipway", client_id="x")
    run = first_run(alice.actor)
    assert run is not None and run.is_over and run.next is None
    assert "First steps" not in browser(alice).get("/").content.decode()


def test_it_does_not_take_the_sample_for_an_app_of_ones_own(alice: Person) -> None:
    made = actions.create_app(
        actor=alice.actor, team=alice.team, project="samples", service="hello", settings={"source_url": sample_url()}
    )
    assert not done(alice)["sample"]
    make_live(made, "d" * 40)
    assert (done(alice)["sample"], done(alice)["app"]) == (True, False)


def test_it_counts_a_second_owner_as_a_way_back(alice: Person) -> None:
    other = make_person("Olga")
    Membership.objects.create(user=other.user, team=alice.team, role="owner")
    assert done(alice)["way-back"]


def test_it_is_dismissed_and_taken_up_again(alice: Person) -> None:
    client = browser(alice)
    assert client.post("/welcome/dismiss")["Location"] == "/"
    assert "First steps" not in client.get("/").content.decode()
    assert client.get("/welcome").status_code == 200
    client.post("/welcome/dismiss", {"again": "1"})
    assert "First steps" in client.get("/").content.decode()


def test_it_deploys_and_removes_the_sample(alice: Person) -> None:
    client = browser(alice)
    answer = client.post("/welcome/sample")
    made = Deployment.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/deployments/{made.pk}")
    assert (made.trigger, made.service.source_url) == ("sample", sample_url())
    assert client.post("/welcome/sample").status_code == 409
    client.post("/welcome/sample", {"remove": "1"})
    assert not Service.objects.exists()


def test_it_shows_a_recovery_link_once_and_keeps_it_when_another_link_is_printed(alice: Person) -> None:
    text = browser(alice).post("/welcome/recovery").content.decode()
    link = next(word for word in text.replace("<", " ").replace(">", " ").split() if "/link/link_" in word)
    assert link not in browser(alice).get("/welcome").content.decode()
    make_link(user=alice.user)
    assert browser().get("/" + link.split("/", 3)[3]).status_code == 200
    assert SignInLink.objects.filter(used_at=None).count() == 2
    make_recovery_link(actor=alice.actor)
    assert browser().get("/" + link.split("/", 3)[3]).status_code == 404


def test_it_gives_new_services_the_chosen_domain_and_leaves_the_old(
    alice: Person, shop: Shop, make_service: Any
) -> None:
    client = browser(alice)
    answer = client.post("/welcome", {"choice": "own", "domain": "*.Apps.Example.com"})
    assert answer.status_code == 302
    assert base_domain() == "apps.example.com"
    given = Domain.objects.get(service=make_service("api"))
    assert given.host == "api.apps.example.com"
    assert Domain.objects.filter(host="web.apps.localhost").exists()
    assert "from the base domain before" in client.get(f"/services/{shop.service.pk}/domains").content.decode()
    assert "1 address" in client.get("/operator/installation").content.decode()
    event = ActivityEvent.objects.get(verb="changed the base domain")
    assert event.data == {"before": "apps.localhost", "after": "apps.example.com"}


@pytest.mark.parametrize("told", [{"choice": "own", "domain": ""}, {"choice": "own", "domain": "not a host"}, {}])
def test_it_says_what_is_wrong_with_a_base_domain(alice: Person, told: dict[str, str]) -> None:
    answer = browser(alice).post("/welcome", {"x": "1", **told})
    assert answer.status_code == 422
    assert answer.context["form"].errors
    assert base_domain() == settings.SLIPWAY.base_domain


def test_it_offers_a_name_that_needs_no_dns_when_the_address_is_known(alice: Person, monkeypatch: Any) -> None:
    monkeypatch.setattr(settings.SLIPWAY, "public_address", "203.0.113.7, 2001:db8::7")
    text = browser(alice).get("/welcome").content.decode()
    assert "203-0-113-7.sslip.io" in text and "public service" in text
    assert browser(alice).post("/welcome", {"choice": "203-0-113-7.sslip.io"}).status_code == 302
    assert base_domain() == "203-0-113-7.sslip.io"


def test_it_asks_for_a_new_name_beneath_the_base_domain(alice: Person, monkeypatch: Any) -> None:
    asked: list[str] = []

    def look_up(hosts: list[str], **_: object) -> dict[str, Lookup]:
        asked.extend(hosts)
        return {host: Lookup(host, ("203.0.113.7",)) for host in hosts}

    monkeypatch.setattr(settings.SLIPWAY, "public_address", "203.0.113.7,203.0.113.8")
    monkeypatch.setattr("apps.lib.lookups.look_up", look_up)
    set_base_domain(actor=alice.actor, base="wild.example.com")
    base = base_checks.base_standing()
    assert base.verdict.state == "found"
    assert [(r.kind, r.name, r.value, r.is_found) for r in base.records] == [
        ("A", "*.wild.example.com", "203.0.113.7", True),
        ("A", "*.wild.example.com", "203.0.113.8", False),
    ]
    assert asked[0].startswith("check-") and asked[0].endswith(".wild.example.com")
    assert "Leads here" in browser(alice).get("/operator/installation/check").content.decode()


def test_it_is_for_operators_only(alice: Person, dora: Person) -> None:
    assert first_run(dora.actor) is None
    for act in (
        lambda: set_base_domain(actor=dora.actor, base="x.example.com"),
        lambda: dismiss_checklist(actor=dora.actor),
    ):
        with pytest.raises(UserError) as refused:
            act()
        assert refused.value.status == 403
    assert dora.patch("/installation", {"base_domain": "x.example.com"}).status_code == 403
    assert dora.get("/installation").status_code == 403


def test_it_changes_the_base_domain_over_the_api(alice: Person) -> None:
    answer = alice.patch("/installation", {"base_domain": "api.localhost"})
    assert answer.json()["base_domain"] == "api.localhost"
    assert alice.get("/installation").json()["state"] == "found"
    assert alice.with_scope("read").patch("/installation", {"base_domain": "x.localhost"}).status_code == 403  # type: ignore[arg-type]


EXAMPLES = {"DEBUG": "0", "SECRET_KEY": "change-me", "MAIL_FROM": "you@your.example", "DATABASE_URL": ""}


def test_it_fills_in_examples_that_work_and_hints_at_the_others() -> None:
    rows = suggested.rows(EXAMPLES)
    assert [(row.name, row.value, row.placeholder, row.is_secret) for row in rows] == [
        ("DEBUG", "0", "0", False),
        ("SECRET_KEY", "", "change-me", True),
        ("MAIL_FROM", "", "you@your.example", False),
        ("DATABASE_URL", "", "", True),
    ]


def test_it_sets_what_was_filled_in_and_nothing_else() -> None:
    sent = {"suggested-0": "1", "suggested-1": "abc", "suggested-secret-1": "1", "suggested-2": ""}
    assert suggested.told(EXAMPLES, sent) == suggested.Told({"DEBUG": "1"}, {"SECRET_KEY": "abc"})


def test_it_never_sends_a_typed_secret_back() -> None:
    row = suggested.rows(EXAMPLES, {"suggested-1": "abc", "suggested-secret-1": "1"})[1]
    assert (row.value, row.is_secret) == ("", True)


def test_it_imports_an_app_in_two_steps(alice: Person, monkeypatch: Any) -> None:
    plan = Plan("python", start="python app.py", suggested_variables=EXAMPLES, reasons=("found app.py",))
    found = Detection("main", "a" * 40, "Greet", Look(plan, None, None, None))
    monkeypatch.setattr("apps.deployments.importing.detect", lambda *_, **__: found)
    client = browser(alice)
    page = client.post("/new", {"source_url": "https://git.example/shop.git"})
    text = page.content.decode()
    assert "shop.apps.localhost" in text and 'placeholder="python app.py"' in text and 'value="0"' in text
    sent = {"found": page.context["sealed"], "project": "shop", "service": "shop", "suggested-0": "1"}
    answer = client.post("/new/deploy", {**sent, "suggested-1": "abc", "suggested-secret-1": "1"})
    assert answer.status_code == 302
    rows = {row.name: (row.value, row.is_secret) for row in Variable.objects.all()}
    assert rows == {"DEBUG": ("1", False), "SECRET_KEY": ("abc", True)}


def test_it_offers_no_branches_of_what_cannot_be_asked(alice: Person, bob: Person) -> None:
    answer = browser(alice).post("/new/branches", {"source_url": "http://127.0.0.1:1/nothing.git"})
    assert (answer.status_code, "<option" in answer.content.decode()) == (200, False)
    assert browser(bob).post("/new/branches").status_code == 403
