"""Where the names of domains lead: pure judgements compared whole, then what the page and the API say."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings

from apps.deployments import actions
from apps.lib import lookups
from apps.lib.lookups import Lookup
from apps.projects import domain_checks
from apps.projects.domain_checks import Record, State, judge, records_for
from apps.projects.models import Domain
from tests.apps.cast import Person, Shop
from tests.apps.test_pages_walk import browser

OURS = ("203.0.113.7", "2001:db8::7")


@pytest.mark.parametrize(
    ("found", "expected", "state"),
    [
        (Lookup("web.apps.localhost"), OURS, State.FOUND),
        (Lookup("a.example.com"), OURS, State.PENDING),
        (Lookup("a.example.com", OURS), OURS, State.FOUND),
        (Lookup("a.example.com", OURS[:1]), OURS, State.FOUND),
        (Lookup("a.example.com", ("198.51.100.1",)), OURS, State.WRONG),
        (Lookup("a.example.com", (OURS[0], "198.51.100.1")), OURS, State.WRONG),
        (Lookup("a.example.com", ("198.51.100.1",)), (), State.UNSURE),
        (Lookup("a.example.com", ("127.0.0.1", "::1")), (), State.FOUND),
        (Lookup("a.example.com", problem="No name server answered within 3 s."), OURS, State.UNREACHABLE),
    ],
)
def test_it_judges_where_a_name_leads(found: Lookup, expected: tuple[str, ...], state: State) -> None:
    assert judge(found, expected).state == state


def test_it_names_the_stranger_that_a_name_leads_to() -> None:
    verdict = judge(Lookup("a.example.com", (OURS[0], "198.51.100.1")), OURS)
    assert verdict.detail == "It leads to 198.51.100.1, which is not this Slipway. Change the record."


def test_it_gives_the_exact_records() -> None:
    assert records_for("example.com", "web.apps.example.com", OURS, OURS[:1]) == [
        Record("A", "example.com", "203.0.113.7", True),
        Record("AAAA", "example.com", "2001:db8::7", False),
    ]
    assert records_for("shop.example.com", "web.apps.example.com", OURS) == [
        Record("CNAME", "shop.example.com", "web.apps.example.com", False)
    ]
    assert records_for("shop.example.com", "web.apps.localhost", OURS[:1]) == [
        Record("A", "shop.example.com", "203.0.113.7", False)
    ]
    assert records_for("shop.example.com", "", ()) == []


def test_it_connects_to_its_own_addresses_only(shop: Shop, monkeypatch: Any) -> None:
    tried: list[str] = []
    monkeypatch.setattr(settings.SLIPWAY, "public_address", OURS[0])
    monkeypatch.setattr(lookups, "answers", lambda address, port: bool(tried.append(address)))
    monkeypatch.setattr(
        lookups, "look_up",
        lambda hosts, **_: {h: Lookup(h, ("198.51.100.1",) if h.startswith("shop") else OURS[:1]) for h in hosts},
    )  # fmt: skip
    other = Domain.objects.create(service=shop.service, environment=shop.environment, host="mine.example.com")
    domain_checks.check([shop.domain, other])
    rows = dict(Domain.objects.filter(is_generated=False).values_list("host", "check_state"))
    assert rows == {"shop.example.com": "wrong", "mine.example.com": "unreachable"}
    assert tried == [OURS[0]]


def test_it_looks_up_those_that_are_due_and_no_others(shop: Shop, monkeypatch: Any) -> None:
    asked: list[str] = []
    monkeypatch.setattr(lookups, "look_up", lambda hosts, **_: {h: Lookup(h) for h in hosts if asked.append(h) is None})
    assert domain_checks.check_due() == 2  # The generated one too; it needs no name server.
    assert asked == ["shop.example.com"]
    assert domain_checks.check_due() == 0


def test_a_lookup_is_bounded_in_time(monkeypatch: Any) -> None:
    import threading

    gate = threading.Event()
    monkeypatch.setattr(lookups, "_resolve", lambda host: gate.wait(5) and Lookup(host))
    found = lookups.look_up(["slow.example.com"], seconds=0.05, fresh=True)
    gate.set()
    assert found["slow.example.com"].problem == "No name server answered within 0.05 s."


def test_it_finds_this_machine_by_its_own_name() -> None:
    assert "127.0.0.1" in lookups.look_up(["localhost"], fresh=True)["localhost"].addresses
    assert lookups.is_public("8.8.8.8") and not lookups.is_public("10.0.0.1")


def test_the_page_shows_each_record_and_what_was_found(shop: Shop, alice: Person, monkeypatch: Any) -> None:
    monkeypatch.setattr(settings.SLIPWAY, "public_address", OURS[0])
    monkeypatch.setattr(lookups, "look_up", lambda hosts, **_: {h: Lookup(h, ("198.51.100.1",)) for h in hosts})
    text = browser(alice).get(f"/services/{shop.service.pk}/domains").content.decode()
    assert "Leads elsewhere" in text and OURS[0] in text and "198.51.100.1" in text
    fragment = browser(alice).get(f"/services/{shop.service.pk}/domains/check").content.decode()
    assert "<html" not in fragment and 'hx-trigger="every 20s, changed"' in fragment


def test_the_page_says_how_to_tell_an_address_that_is_not_known(shop: Shop, alice: Person, monkeypatch: Any) -> None:
    monkeypatch.setattr(lookups, "own_addresses", lambda: ["10.0.0.5"])
    monkeypatch.setattr(lookups, "look_up", lambda hosts, **_: {h: Lookup(h) for h in hosts})
    text = browser(alice).get(f"/services/{shop.service.pk}/domains").content.decode()
    assert "SLIPWAY_PUBLIC_ADDRESS" in text


def test_a_taken_host_does_not_say_whose_it_is(shop: Shop, charlie: Person) -> None:
    made = actions.create_app(
        actor=charlie.actor, team=charlie.team, project="c", service="c", settings={"source_url": "https://x.example/c"}
    )
    answer = browser(charlie).post(f"/services/{made.service_id}/domains", {"host": "shop.example.com"})
    said = answer.context["form"].errors["host"][0]
    assert answer.status_code == 422 and "taken" in said
    assert not {"web", "Shop", "Alice"} & set(said.replace(".", " ").split())
    own = browser(charlie).post(f"/services/{made.service_id}/domains", {"host": "own.example.com"})
    assert own.status_code in (302, 422)


def test_the_api_looks_up_and_says(shop: Shop, alice: Person, bob: Person, monkeypatch: Any) -> None:
    monkeypatch.setattr(lookups, "look_up", lambda hosts, **_: {h: Lookup(h) for h in hosts})
    told = alice.post(f"/domains/{shop.domain.pk}/check").json()
    assert (told["state"], told["checked_at"] is not None) == ("pending", True)
    assert bob.post(f"/domains/{shop.domain.pk}/check").status_code == 403
