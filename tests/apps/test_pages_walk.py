"""Every address of the pages, taken from the resolver: strangers see nothing, viewers change nothing, secrets stay."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from asgiref.sync import async_to_sync
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from apps.accounts.invitations import invite
from apps.accounts.models import ApiToken, Membership, UserSession
from apps.deployments import logs
from apps.deployments.models import Build, LogStream
from apps.hosts.models import Host
from apps.projects.models import Project, Registry, Service
from tests.apps.cast import CANARY, Person, Shop, make_pushed
from tests.feedback.rows import make_told
from tests.previews.pulls import make_preview

OPEN = {"favicon", "setup", "link", "sign-in", "livez", "readyz", "metrics", "invitation"}
OPEN |= {"github-sign-in", "github-signed-in", "slipway-schema", "llms"}
IN_DEVELOPMENT = {"styleguide"}  # 404 else; tests/apps/test_components.py shows it.
READABLE = [
    "home",
    "profile",
    "tokens",
    "service",
    "deployments",
    "service-logs",
    "service-log",
    "service-log-search",
    "service-log-download",
    "service-metrics",
    "variables",
    "domains",
    "volumes",
    "service-settings",
    "hook",
    "project",
    "deployment",
    "deployment-log",
    "deployment-log-search",
    "deployment-log-download",
    "deployment-sbom",
    "deployment-dockerfile",
    "team",
    "team-settings",
    "registries",
    "activity",
    "service-activity",
    "project-activity",
    "domains-check",
]
OPERATORS = {
    "hosts",
    "host-drain",
    "queue",
    "queue-cancel",
    "queue-wake",
    "disk",
    "disk-budget",
    "health",
    "installation",
    "base-check",
}
OPERATORS |= {"sign-in-policy"}
OPERATORS |= {"outbox", "outbox-try"}
OPERATORS |= {"deliveries", "delivery", "delivery-replay"}
OPERATORS |= {"github-app", "github-by-hand", "github-check", "github-created", "github-disconnect", "github-refresh"}
OPERATORS |= {"github-send-here"}
OPERATORS |= {"welcome", "welcome-sample", "welcome-recovery", "welcome-dismiss"}
ASKED = re.compile(r"""GET(?:\.get(?:list)?\(|\[)"(\w+)""")
QUESTIONS = sorted(
    {
        found[1]
        for path in (Path(__file__).parents[2] / "apps").rglob("*.py")
        for found in ASKED.finditer(path.read_text())
    }
)
XSS = "<script>alert('xss')</script>"


def patterns(resolver: URLResolver | None = None) -> Iterator[URLPattern]:
    """All but those of the admin and the API, which have walks of their own."""
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLPattern):
            yield entry
        elif str(entry.pattern) == "":
            yield from patterns(entry)


PAGES = [p for p in patterns() if p.name not in OPEN | IN_DEVELOPMENT and "api/" not in str(p.pattern)]
WITH_IDS = [p for p in PAGES if p.pattern.converters]
NAMES = [str(p.name) for p in PAGES]


def ids_of(shop: Shop, alice: Person) -> dict[str, object]:
    """Alice's object for each name that an address may hold. A new name must be added here."""
    return {
        "team_id": shop.team.pk,
        "membership_id": Membership.objects.get(user=alice.user).pk,
        "session_id": session_of(alice).pk,
        "token_id": ApiToken.objects.filter(user=alice.user).latest("created_at").pk,
        "project_id": shop.project.pk,
        "service_id": shop.service.pk,
        "environment": "production",
        "environment_id": shop.environment.pk,
        "preview_id": make_preview(shop).pk,
        "variable_id": shop.secret.pk,
        "domain_id": shop.domain.pk,
        "registry_id": Registry.objects.create(team=shop.team, host="ghcr.io", username="a", password=CANARY).pk,
        "volume_id": shop.volume.pk,
        "deployment_id": shop.live.pk,
        "release_id": shop.first.release_id,
        "delivery_id": make_pushed(shop.service).delivery_id,
        "host_id": Host.objects.get().pk,
        "news_id": make_told(shop.live).pk,
        "invitation_id": invite(actor=alice.actor, team=shop.team, email="new@example.com", role="viewer")[0].pk,
    }


def session_of(person: Person) -> UserSession:
    """Where they are signed in; made when they are nowhere."""
    if not UserSession.objects.filter(user=person.user).exists():
        browser(person)
    return UserSession.objects.filter(user=person.user)[0]


def address(pattern: URLPattern, ids: dict[str, object]) -> str:
    return reverse(str(pattern.name), kwargs={name: ids[name] for name in pattern.pattern.converters})


def browser(person: Person | None = None) -> Client:
    client = Client(raise_request_exception=False)
    if person is not None:
        client.force_login(person.user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def ask(client: Client, method: str, url: str, *, htmx: bool = False) -> HttpResponse:
    headers = {"HX-Request": "true"} if htmx else {}
    return client.generic(method, url, headers=headers)  # type: ignore[return-value]


def body(answer: HttpResponse) -> bytes:
    """All of it, of a download that comes in parts too."""
    if not getattr(answer, "is_async", False):
        return answer.getvalue()

    async def whole() -> bytes:
        return b"".join([part async for part in answer.streaming_content])  # type: ignore[attr-defined]

    return async_to_sync(whole)()


def without_request_id(text: str) -> str:
    return re.sub(r"[0-9a-f]{16}", "", text)


def test_it_walks_over_many_addresses() -> None:
    assert len(PAGES) > 30
    assert len(WITH_IDS) > 25


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_it_hides_everything_from_charlie(shop: Shop, alice: Person, charlie: Person, method: str) -> None:
    client, ids = browser(charlie), ids_of(shop, alice)
    answers = {p.name: ask(client, method, address(p, ids)).status_code for p in WITH_IDS}
    assert {name: code for name, code in answers.items() if code not in (404, 405)} == {}
    assert 404 in answers.values()


def test_it_answers_charlie_as_if_nothing_existed(shop: Shop, alice: Person, charlie: Person) -> None:
    """The same words for what is Alice's and for what never was: only the request's id differs."""
    client, ids = browser(charlie), ids_of(shop, alice)
    for pattern in WITH_IDS:
        hers = ask(client, "GET", address(pattern, ids)).getvalue().decode()
        nobodys = ask(client, "GET", address(pattern, dict.fromkeys(ids, uuid4()))).getvalue().decode()
        assert without_request_id(hers) == without_request_id(nobodys)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_it_sends_those_who_are_not_signed_in_to_the_sign_in(shop: Shop, alice: Person, method: str) -> None:
    client, ids = browser(), ids_of(shop, alice)
    for pattern in PAGES:
        answer = ask(client, method, address(pattern, ids))
        assert answer.status_code == 302, pattern.name
        assert answer["Location"].startswith("/sign-in?next="), pattern.name


def test_it_refuses_bob_every_change(shop: Shop, alice: Person, bob: Person) -> None:
    client, ids = browser(bob), ids_of(shop, alice)
    answers = {str(p.name): ask(client, "POST", address(p, ids)).status_code for p in WITH_IDS}
    hidden = {"token-revoke", "session-end"} | OPERATORS  # Alice's tokens are her own: for Bob there is none.
    assert {name: code for name, code in answers.items() if code not in (403, 405) and name not in hidden} == {}
    assert ask(client, "GET", reverse("new-service")).status_code == 403
    assert ask(client, "POST", reverse("new-service-deploy")).status_code == 403


def test_it_lets_bob_read(shop: Shop, alice: Person, bob: Person) -> None:
    client, ids = browser(bob), ids_of(shop, alice)
    for name in READABLE:
        pattern = next(p for p in PAGES if p.name == name)
        assert ask(client, "GET", address(pattern, ids)).status_code == 200, name


def test_it_takes_odd_questions_as_nothing_worse_than_wrong(shop: Shop, alice: Person) -> None:
    client, ids = browser(alice), ids_of(shop, alice)
    for odd in ("\0", "x" * 300, "-1", "9" * 30):
        asked = urlencode(dict.fromkeys(QUESTIONS, odd))
        for pattern in PAGES:
            answer = ask(client, "GET", f"{address(pattern, ids)}?{asked}")
            assert answer.status_code < 500, (pattern.name, odd)


def test_it_has_no_operator_page_for_others(shop: Shop, alice: Person, dora: Person) -> None:
    client, ids = browser(dora), ids_of(shop, alice)
    for pattern in PAGES:
        if pattern.name in OPERATORS:
            for method in ("GET", "POST"):
                assert ask(client, method, address(pattern, ids)).status_code in (404, 405), pattern.name


def test_it_refuses_every_post_without_a_csrf_token(shop: Shop, alice: Person) -> None:
    ids = ids_of(shop, alice)
    for pattern in PAGES:
        assert ask(alice.client, "POST", address(pattern, ids)).status_code == 403, pattern.name


@pytest.mark.parametrize("htmx", [False, True])
def test_it_never_shows_a_secret(shop: Shop, alice: Person, dora: Person, bob: Person, htmx: bool) -> None:
    ids = ids_of(shop, alice)
    for person in (alice, dora, bob):
        client = browser(person)
        for pattern in PAGES:
            answer = ask(client, "GET", address(pattern, ids), htmx=htmx)
            assert CANARY.encode() not in body(answer), pattern.name
            assert answer.status_code in (200, 302, 403, 404, 405), pattern.name  # 404: the pages of operators


def test_it_keeps_what_people_write_inert(shop: Shop, alice: Person) -> None:
    Project.objects.update(name=XSS)
    Service.objects.update(name=XSS[:40], branch=XSS)
    Build.objects.update(message=XSS, author=XSS)
    for stream in LogStream.objects.all():
        logs.append(stream, [logs.Line(XSS, source=XSS, level='"><blink', kind='"><blink')])
    alice.user.name = XSS
    alice.user.save()
    client, ids = browser(alice), ids_of(shop, alice)
    for pattern in PAGES:
        answer = ask(client, "GET", address(pattern, ids))
        if answer["Content-Type"].startswith("text/html"):
            assert b"<script>alert" not in answer.content, pattern.name
            assert b'"><blink' not in answer.content, pattern.name


def test_it_has_no_inline_script_or_style(shop: Shop, alice: Person) -> None:
    """The content security policy refuses them, so they would be dead."""
    client, ids = browser(alice), ids_of(shop, alice)
    for pattern in PAGES:
        answer = ask(client, "GET", address(pattern, ids))
        text = body(answer).decode()
        assert "unsafe" not in answer["Content-Security-Policy"]
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script>|javascript:", text), pattern.name
