"""Connecting GitHub: by the manifest, by hand, by settings; whether webhooks arrive; disconnecting. Pages and API."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from django.conf import settings
from django.test import Client
from pydantic import SecretStr

from apps.accounts.models import ActivityEvent
from apps.github import reach
from apps.github.app import the_app
from apps.github.manifest import EVENTS, PERMISSIONS, create_url, manifest
from apps.github.models import Connection, GitHubApp, Identity, Installation, Repository
from apps.github.states import KEY
from tests.apps.cast import Person, Shop
from tests.apps.test_pages_walk import browser
from tests.github.plugin import connect
from tests.github.world import GitHub

PAGE = "/operator/github"


def form_of(client: Client, github: GitHub, query: str = "") -> tuple[str, dict[str, Any], str]:
    """The form that goes to GitHub: its address, the manifest and the page's content security policy."""
    answer = client.get(f"{PAGE}?web_url={github.web_url}&api_url={github.api_url}{query}")
    text = answer.content.decode()
    action = unescape(re.findall(r'<form method="post" action="([^"]*)" class="form"><input', text)[0])
    told = json.loads(unescape(re.findall(r'name="manifest" value="([^"]*)"', text)[0]))
    return action, told, answer["Content-Security-Policy"]


def at_github(action: str, told: dict[str, Any], owner: str, name: str) -> str:
    """What a person does there: sends the form, confirms the name; the address they are sent back to."""
    page = httpx2.post(action, data={"manifest": json.dumps(told)})
    assert page.status_code == 200, page.text
    state = re.findall(r'name="state" value="([^"]*)"', page.text)[0]
    create = urlsplit(action)._replace(path="/_web/apps/create", query="").geturl()
    form = {"manifest": json.dumps(told), "state": state, "owner": owner, "name": name}
    return str(httpx2.post(create, data=form).headers["Location"])


@pytest.fixture
def listener() -> Iterator[ThreadingHTTPServer]:
    """Somebody who takes webhooks, and answers what `status` says."""

    class Taker(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(self.server.status)  # type: ignore[attr-defined]
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Taker)
    server.status = 202  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


def test_the_manifest_is_all_that_github_needs() -> None:
    told = manifest(
        name="Slipway " + "x" * 60, url="https://s.example", webhook_url="https://s.example/h", is_reachable=True
    )
    assert told == {
        "name": "Slipway " + "x" * 26,
        "url": "https://s.example",
        "description": "Deploys repositories with Slipway.",
        "hook_attributes": {"url": "https://s.example/h", "active": True},
        "redirect_url": "https://s.example/github/created",
        "callback_urls": ["https://s.example/complete/github/"],
        "setup_url": "https://s.example/github/setup",
        "setup_on_update": True,
        "request_oauth_on_install": False,
        "public": True,
        "default_permissions": PERMISSIONS,
        "default_events": EVENTS,
    }
    assert not {"administration", "secrets", "workflows"} & set(PERMISSIONS)
    assert {name for name, level in PERMISSIONS.items() if level == "write"} == {
        "pull_requests",
        "deployments",
        "statuses",
    }
    assert create_url("https://g.example", "a/b?c", "s&t") == (
        "https://g.example/organizations/a%2Fb%3Fc/settings/apps/new?state=s%26t"
    )


def test_it_connects_by_the_manifest(github: GitHub, alice: Person) -> None:
    ada, client = github.user(), browser(alice)
    action, told, policy = form_of(client, github)
    assert f"form-action 'self' {github.web_url};" in policy
    assert "form-action 'self';" in client.get("/operator/health")["Content-Security-Policy"]
    assert told["redirect_url"] == f"{settings.SLIPWAY.url}/github/created"
    back = at_github(action, told, ada.login, f"Slipway {ada.login}")
    answer = client.get(back.removeprefix(settings.SLIPWAY.url), follow=True)
    assert answer.redirect_chain == [(PAGE, 302)]
    row = GitHubApp.objects.get()
    assert (row.name, row.owner_login, row.web_url, row.api_url) == (
        f"Slipway {ada.login}", ada.login, github.web_url, github.api_url
    )  # fmt: skip
    text = answer.content.decode()
    assert f"Slipway {ada.login}" in text and str(row.app_id) in text
    for secret in (row.client_secret, row.webhook_secret, row.private_key[40:80]):
        assert secret and secret not in text
    assert ActivityEvent.objects.filter(verb="connected GitHub to").exists()
    assert (
        client.get(back.removeprefix(settings.SLIPWAY.url), follow=True).content.decode().count("does not belong") == 1
    )


def test_it_can_be_owned_by_an_organisation(github: GitHub, alice: Person) -> None:
    ada = github.user()
    org, client = github.org(ada), browser(alice)
    action, told, _ = form_of(client, github, f"&organization={org}&name=Ours-{ada.login}")
    assert f"/organizations/{org}/settings/apps/new?" in action and told["name"] == f"Ours-{ada.login}"
    back = at_github(action, told, org, told["name"])
    client.get(back.removeprefix(settings.SLIPWAY.url))
    assert GitHubApp.objects.get().owner_login == org


@pytest.mark.parametrize("change", ["state", "session", "code", "nobody"])
def test_it_takes_no_way_back_that_is_not_its_own(github: GitHub, alice: Person, charlie: Person, change: str) -> None:
    ada, client = github.user(), browser(alice)
    action, told, _ = form_of(client, github)
    back = at_github(action, told, ada.login, f"S {ada.login}").removeprefix(settings.SLIPWAY.url)
    if change == "state":
        back = re.sub("state=[^&]*", "state=guessed", back)
    if change == "session":
        client = browser(alice)
    if change == "code":
        back = re.sub("code=[^&]*", "code=..%2Fx%3F", back)
    if change == "nobody":
        client = browser(charlie)
    status = client.get(back).status_code
    assert status == {"state": 302, "session": 302, "code": 422, "nobody": 404}[change]
    assert not GitHubApp.objects.exists()


def test_it_says_when_the_code_is_used_up_or_github_is_away(github: GitHub, alice: Person, monkeypatch: Any) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    told = {"code": "a" * 40, "web_url": github.web_url, "api_url": github.api_url}
    answer = alice.post("/github/manifest/conversions", told)
    assert (answer.status_code, answer.json()["code"]) == (422, "github:user:manifest-code")
    github.fault("/app-manifests/", status=502)
    answer = alice.post("/github/manifest/conversions", told)
    assert (answer.status_code, answer.json()["code"]) == (503, "github:platform:unreachable")


def test_it_connects_an_app_that_exists(github: GitHub, alice: Person) -> None:
    ada = github.user()
    app = github.app(ada)
    repo = github.repo(ada)
    github.install(app, ada, repo)
    told = {name: app[name] for name in ("client_id", "client_secret", "webhook_secret")}
    told |= {"app_id": app["id"], "private_key": app["pem"], "web_url": github.web_url + "/", "api_url": github.api_url}
    wrong = alice.call("PUT", "/github", {**told, "app_id": app["id"] + 999})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "github:user:by-hand")
    wrong = alice.call("PUT", "/github", {**told, "private_key": "nonsense"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "github:user:by-hand-key")
    page = browser(alice).post(f"{PAGE}/by-hand", {**told, "private_key": "nonsense"})
    assert page.status_code == 422 and b"That is no private key." in page.content
    assert told["client_secret"].encode() not in page.content
    page = browser(alice).post(f"{PAGE}/by-hand", told)
    assert page.status_code == 302 and GitHubApp.objects.get().slug == app["slug"]
    assert Repository.objects.get().github_id == repo.id
    again = alice.call("PUT", "/github", told)
    assert (again.status_code, again.json()["code"]) == (409, "github:user:connected")
    shown = alice.get("/github").json()
    assert shown["is_connected"] and shown["owner"] == ada.login and shown["webhook"]["state"]
    assert not [s for s in (app["client_secret"], app["webhook_secret"], app["pem"][40:90]) if s in json.dumps(shown)]


@pytest.mark.parametrize(
    "address",
    ["ftp://g.example", "https://u:p@g.example", "http://github.com", "https://", "https://g.example/?x=1", "g.example",
     "https://g.example:0x", "https://g.example/ x", "javascript:alert(1)"],
)  # fmt: skip
def test_it_refuses_addresses_that_are_none(alice: Person, address: str) -> None:
    answer = browser(alice).get(PAGE, {"web_url": address})
    assert answer.status_code == 422 and b"no address of a GitHub server" in answer.content
    assert "https://github.com;" in answer["Content-Security-Policy"]


def test_it_takes_the_app_of_the_settings(github: GitHub, alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    app = github.app(github.user())
    given = {
        "github_app_id": app["id"], "github_app_slug": app["slug"], "github_client_id": app["client_id"],
        "github_client_secret": SecretStr(app["client_secret"]), "github_webhook_secret": SecretStr(app["webhook_secret"]),
        "github_private_key": SecretStr(app["pem"].replace("\n", "\\n")), "github_url": github.web_url,
        "github_api_url": github.api_url,
    }  # fmt: skip
    for name, value in given.items():
        monkeypatch.setattr(settings.SLIPWAY, name, value)
    found = the_app()
    assert found is not None and found.is_fixed and found.private_key == app["pem"]
    assert repr(found) == f"<App {app['id']}>"
    assert alice.post("/github/refresh").status_code == 200
    assert alice.delete("/github").json()["code"] == "github:user:fixed"
    page = browser(alice).get(PAGE).content.decode()
    assert "SLIPWAY_GITHUB_*" in page and "Disconnect GitHub" not in page


def test_it_knows_where_the_api_of_a_server_is() -> None:
    from apps.github.addresses import api_address

    assert api_address("https://github.com") == "https://api.github.com"
    assert api_address("https://acme.ghe.com/") == "https://api.acme.ghe.com"
    assert api_address("https://git.acme.example/gh") == "https://git.acme.example/gh/api/v3"


def test_it_wants_all_settings_of_an_app() -> None:
    from paas.config import Config

    given = settings.SLIPWAY.model_dump()
    with pytest.raises(ValueError, match="SLIPWAY_GITHUB_CLIENT_SECRET, SLIPWAY_GITHUB_WEBHOOK_SECRET"):
        Config(**{**given, "github_app_id": 1, "github_app_slug": "x", "github_client_id": "y"})


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://slipway.example.org/x", ""), ("https://203.0.113.9/x", "private network"), ("https://9.9.9.9", ""),
        ("http://127.0.0.1:8000", "this very machine"), ("http://[::1]:8000", "this very machine"),
        ("http://10.1.2.3", "private network"),
        ("http://localhost", "name of this machine"), ("http://box:8000", "name of this machine"),
        ("http://apps.localhost", "name of this machine"), ("https://paas.lan", "name of this machine"),
        ("http://169.254.1.1", "private network"), ("http://[fd00::1]", "private network"),
    ],
)  # fmt: skip
def test_it_knows_an_address_that_nobody_outside_reaches(url: str, why: str) -> None:
    found = reach.why_private(url)
    assert why in found and bool(why) == bool(found)


def test_it_makes_an_app_without_webhooks_where_github_cannot_send(
    alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = browser(alice)
    text = client.get(PAGE).content.decode()
    assert "GitHub cannot reach that address: 127.0.0.1 is this very machine." in text
    assert "&quot;active&quot;: false" in text
    monkeypatch.setattr(settings.SLIPWAY, "github_webhook_url", "https://relay.example.org/x")
    text = client.get(PAGE).content.decode()
    assert "cannot reach" not in text and "https://relay.example.org/x" in text and "&quot;active&quot;: true" in text


def test_it_says_whether_webhooks_arrive(
    github: GitHub, alice: Person, listener: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = github.user()
    url = f"http://127.0.0.1:{listener.server_port}/hook"
    monkeypatch.setattr(settings.SLIPWAY, "github_webhook_url", url)
    monkeypatch.setattr(reach, "PAUSE_SECONDS", 0.1)
    app = github.app(ada, webhook_url="http://127.0.0.1:1/other")
    connect(github, app)
    assert alice.post("/github/check").json()["webhook"]["state"] == "elsewhere"
    assert b"Send here" in browser(alice).get(PAGE).content
    assert alice.post("/github/webhook").json()["webhook"]["state"] == "arrives"
    assert (
        alice.get("/github").json()["webhook"]["sentence"] == "The newest delivery arrived and was answered with 202."
    )
    listener.status = 500  # type: ignore[attr-defined]
    github.install(app, ada)
    told = alice.post("/github/check").json()["webhook"]
    assert told["state"] == "fails" and "answered 500" in told["sentence"]
    github.fault("/app/hook/", status=503, times=9)
    monkeypatch.setattr("time.sleep", lambda _: None)
    assert alice.post("/github/check").json()["webhook"]["state"] == "unknown"
    assert browser(alice).get(PAGE).status_code == 200, "the page does not ask GitHub"


def test_it_says_that_a_private_address_is_not_reached(github: GitHub, alice: Person, monkeypatch: Any) -> None:
    app = github.app(github.user())
    row = connect(github, app)
    monkeypatch.setattr(reach, "PAUSE_SECONDS", 0.01)
    private = "http://10.0.0.9:8000/api/webhooks/github"
    github.change_app(app, webhook_url=private)
    row.web_url = "https://github.com"
    row.save()
    told = alice.post("/github/check").json()["webhook"]
    assert told["state"] == "private" and "10.0.0.9 is an address of a private network" in told["sentence"]
    assert "SLIPWAY_DASHBOARD_URL" in told["hint"] and private in told["sentence"]


def test_it_forgets_everything_when_disconnected(github: GitHub, alice: Person, shop: Shop) -> None:
    ada, client = github.user(), browser(alice)
    app = github.app(ada)
    connect(github, app)
    repo = github.repo(ada)
    github.install(app, ada, repo)
    assert client.post(f"{PAGE}/refresh").status_code == 302
    Connection.objects.create(service=shop.service, repository=Repository.objects.get())
    text = client.get(f"{PAGE}/disconnect").content.decode()
    assert "1 service comes from GitHub" in text
    assert client.post(f"{PAGE}/disconnect").status_code == 302
    assert not GitHubApp.objects.exists() and Installation.objects.exists()
    shop.live.refresh_from_db()
    assert shop.live.status == "live"
    assert alice.post("/github/refresh").json()["code"] == "github:user:not-connected"
    assert alice.delete("/github").status_code == 409


def test_it_shows_where_the_app_is_installed(github: GitHub, alice: Person, django_assert_max_num_queries: Any) -> None:
    ada, bob = github.user(), github.user()
    app = github.app(ada)
    connect(github, app)
    github.repo(ada), github.repo(ada)
    github.install(app, ada)
    gone = github.install(app, bob)
    client = browser(alice)
    client.post(f"{PAGE}/refresh")
    github.uninstall(gone)
    client.post(f"{PAGE}/refresh")
    rows = {row["account_login"]: row for row in alice.get("/github/installations").json()["items"]}
    assert rows[ada.login]["repositories"] == 2 and rows[ada.login]["deleted_at"] is None
    assert rows[bob.login]["deleted_at"]
    with django_assert_max_num_queries(14):
        text = client.get(PAGE).content.decode()
    assert ada.login in text and "Uninstalled" in text and "Active" in text


@pytest.mark.parametrize("path", ["", "/by-hand", "/disconnect", "/check", "/refresh", "/send-here"])
def test_it_does_not_exist_for_others(charlie: Person, bob: Person, path: str) -> None:
    for person in (charlie, bob):
        for method in ("get", "post"):
            assert getattr(browser(person), method)(PAGE + path).status_code in (404, 405)
    assert charlie.get("/github").status_code == 403


# --- installing ----------------------------------------------------------------------------------------------------


def install_in_browser(
    client: Client, github: GitHub, app: dict[str, Any], account: str, *repos: int, next: str = ""
) -> str:
    """From a page of ours to GitHub's, and the address that it sends back to."""
    to = client.get("/github/install", {"next": next})["Location"]
    assert to.startswith(f"{github.web_url}/apps/{app['slug']}/installations/new?state=")
    form = {
        "app": app["id"],
        "account": account,
        "state": parse_qs(urlsplit(to).query)["state"][0],
        "repository": list(repos),
    }
    return str(httpx2.post(f"{github.web_url}/_web/installations", data=form).headers["Location"])


def test_it_brings_back_to_where_they_were(github: GitHub, alice: Person) -> None:
    ada, client = github.user(), browser(alice)
    app = github.app(ada, setup_url=f"{settings.SLIPWAY.url}/github/setup", setup_on_update=True)
    connect(github, app)
    Identity.objects.create(user=alice.user, github_id=ada.id, login=ada.login, token=ada.token)
    repo, other = github.repo(ada), github.repo(ada)
    back = install_in_browser(client, github, app, ada.login, repo.id, next="/new/repositories?page=2")
    answer = client.get(back.removeprefix(settings.SLIPWAY.url))
    assert (answer.status_code, answer["Location"]) == (302, "/new/repositories?page=2")
    assert [r.github_id for r in Repository.objects.all()] == [repo.id]
    back = install_in_browser(client, github, app, ada.login, repo.id, other.id)
    assert "setup_action=update" in back
    assert client.get(back.removeprefix(settings.SLIPWAY.url))["Location"] == "/new/repositories"
    assert Repository.objects.filter(trouble="").count() == 2


@pytest.mark.parametrize("where", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_it_brings_nobody_elsewhere(github: GitHub, alice: Person, where: str) -> None:
    connect(github, github.app(github.user()))
    client = browser(alice)
    client.get("/github/install", {"next": where})
    word = client.session[KEY][-1]["word"]
    assert client.get("/github/setup", {"state": word, "installation_id": "1"})["Location"] == "/new/repositories"


def test_it_believes_no_installation_id(github: GitHub, alice: Person, charlie: Person) -> None:
    ada, eve = github.user(), github.user()
    app = github.app(ada)
    connect(github, app)
    hers = github.install(app, ada, github.repo(ada, private=True))
    client = browser(charlie)
    assert client.get("/github/setup", {"installation_id": hers.id}).status_code == 302
    assert not Installation.objects.exists(), "nobody without a GitHub account makes us ask"
    Identity.objects.create(user=charlie.user, github_id=eve.id, login=eve.login, token=eve.token)
    text = client.get("/github/setup", {"installation_id": hers.id}, follow=True).content.decode()
    assert "GitHub shows you no such installation" in text and ada.login not in text
    never = client.get("/github/setup", {"installation_id": 10**17}, follow=True).content.decode()
    assert "GitHub shows you no such installation" in never
    for odd in ("", "0x1", "-1", "1" * 30, "١٢", "1;2"):
        assert client.get("/github/setup", {"installation_id": odd}).status_code == 302
    assert not Installation.objects.exists() and not Repository.objects.exists()
    text = browser(alice).get("/github/setup", {"installation_id": 10**17}, follow=True).content.decode()
    assert "GitHub shows you no such installation" in text


def test_it_waits_for_an_owners_approval(github: GitHub, alice: Person) -> None:
    connect(github, github.app(github.user()))
    text = browser(alice).get("/github/setup", {"setup_action": "request"}, follow=True).content.decode()
    assert "GitHub asked an owner of the organisation" in text


def test_it_says_that_there_is_nothing_to_install_yet(alice: Person) -> None:
    answer = browser(alice).get("/github/install", {"next": "/tokens"}, follow=True)
    assert answer.redirect_chain == [("/tokens", 302)]
    assert "GitHub is not connected to this installation." in answer.content.decode()
