"""The repository picker: what GitHub lists for the person's own token and nothing else, found, paged, kept for a minute."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from apps.deployments.picker import ROWS
from apps.github import cache
from apps.github.models import GitHubApp, Identity
from apps.projects.models import Service
from tests.apps.cast import Person
from tests.apps.test_pages_walk import browser
from tests.github.people import at_github, linked
from tests.github.world import GitHub

FLASK = {"app.py": "from flask import Flask\napp = Flask(__name__)\n", "requirements.txt": "flask\n"}


def names(answer: Any) -> list[str]:
    return [row.full_name for row in answer.context["picker"].rows]


def listed(client: Client, **told: str) -> Any:
    return client.get("/new/repositories", told, headers={"HX-Request": "true"})


@pytest.fixture
def client(alice: Person) -> Client:
    return browser(alice)


def test_it_offers_an_operator_to_connect_github_and_tells_others_to_ask(alice: Person, dora: Person) -> None:
    assert "/operator/github" in browser(alice).get("/new").content.decode()
    told = browser(dora).get("/new").content.decode()
    assert "An operator of this Slipway connects it" in told and "/operator/github" not in told
    assert "Git URL" in told


def test_it_asks_to_sign_in_with_github_first(github: GitHub, alice: Person, client: Client) -> None:
    at_github(github, alice)
    Identity.objects.all().delete()
    told = client.get("/new").content.decode()
    assert "Sign in with GitHub to pick" in told and 'action="/login/github/"' in told
    assert '<input type="hidden" name="next" value="/new">' in told


def test_it_asks_to_install_the_app_and_then_to_show_more(github: GitHub, alice: Person, client: Client) -> None:
    ada, app = at_github(github, alice)
    told = listed(client).content.decode()
    assert "Install the GitHub App" in told and "/github/install?next=%2Fnew%3Ffresh%3D1" in told
    installed = github.install(app, ada, github.repo(ada, private=True))
    assert len(names(listed(client, fresh="1"))) == 1
    github.suspend(installed)
    assert "suspended" in listed(client, fresh="1").content.decode()


def test_it_lists_the_newest_first_with_locks_and_hides_what_the_app_may_not_see(
    github: GitHub, alice: Person, client: Client
) -> None:
    ada, app = at_github(github, alice)
    old, secret, other = (github.repo(ada, private=p, files={"a": ""}) for p in (False, True, False))
    github.install(app, ada, old, secret)
    github.push(old, {"b": "1"})
    answer = listed(client)
    assert set(names(answer)) == {old.full_name, secret.full_name}
    rows = {row.full_name: row for row in answer.context["picker"].rows}
    pushed = [row.pushed_at.timestamp() for row in answer.context["picker"].rows]
    assert pushed == sorted(pushed, reverse=True)
    assert (rows[secret.full_name].private, rows[old.full_name].private) == (True, False)
    text = answer.content.decode()
    assert text.count("private</span>") == 1 and other.full_name not in text
    assert f"/new/repository?id={secret.id}" in text and "Adjust access on GitHub" in text


def test_it_shows_nothing_of_others(github: GitHub, alice: Person, dora: Person, client: Client) -> None:
    """Dora is in Alice's team; at GitHub she is somebody else, whose private code Alice never sees, by id neither."""
    ada, app = at_github(github, alice)
    bert = github.user()
    hers = github.repo(bert, private=True, files=FLASK)
    github.install(app, bert)
    github.install(app, ada, github.repo(ada))
    linked(dora, bert)
    assert names(listed(browser(dora))) == [hers.full_name]
    assert hers.full_name not in listed(client).content.decode()
    assert client.get("/new/repository", {"id": hers.id}).status_code == 404
    told = {"project": "x", "name": "x", "repository": str(hers.id)}
    for repository in (str(hers.id), hers.full_name):
        assert alice.post("/apps", {**told, "repository": repository}).status_code == 404
        assert alice.post("/analyze", {"repository": repository}).status_code == 404
    assert not Service.objects.exists()


def test_it_answers_the_same_for_what_is_hidden_and_what_is_not_there(
    github: GitHub, alice: Person, client: Client
) -> None:
    _, app = at_github(github, alice)
    bert = github.user()
    public = github.repo(bert, files=FLASK)  # Public, and in an account with the App: still not Alice's to pick.
    github.install(app, bert)
    for number in (str(public.id), "999999999", "0", "-1", "x", "", "1" * 40):
        answer = client.get("/new/repository", {"id": number})
        assert answer.status_code == 404, number
        assert public.full_name not in answer.content.decode()


def test_it_finds_words_in_names_and_pages(github: GitHub, alice: Person, client: Client) -> None:
    ada, app = at_github(github, alice)
    for number in range(ROWS + 3):
        github.repo(ada, f"thing-{number:02}")
    shop = github.repo(ada, "My-Shop")
    github.install(app, ada)
    first, second = listed(client), listed(client, page="2")
    assert len(names(first)) == ROWS and not set(names(first)) & set(names(second))
    assert first.context["picker"].total == ROWS + 4 and "page=2" in first.content.decode()
    assert names(listed(client, q="shop my")) == [shop.full_name]
    assert "No repository matches" in listed(client, q="nothing like it").content.decode()
    assert names(listed(client, q="thing", page="99999")) != [] and listed(client, page="-3", q="\0").status_code == 200
    whole = client.get("/new", {"q": "shop"})  # Without scripts the page itself does it.
    assert names(whole) == [shop.full_name]


def test_it_switches_between_accounts(github: GitHub, alice: Person, client: Client) -> None:
    ada, app = at_github(github, alice)
    org = github.org(ada)
    mine, theirs = github.repo(ada, files={"a": ""}), github.repo(org, private=True, files={"a": ""})
    github.install(app, ada)
    github.install(app, org)
    assert set(names(listed(client))) == {mine.full_name, theirs.full_name}
    assert names(listed(client, account=org)) == [theirs.full_name]
    assert f'<option value="{org}" selected>' in listed(client, account=org).content.decode()
    assert names(listed(client, account="nobody-else")) == []


def test_it_asks_github_once_a_minute_and_on_refresh(github: GitHub, alice: Person, client: Client) -> None:
    ada, app = at_github(github, alice)
    github.install(app, ada, github.repo(ada, files={"a": ""}))
    waiting = client.get("/new").content.decode()
    assert 'hx-trigger="load"' in waiting and "<noscript>" in waiting
    listed(client)
    with github.watching() as seen:
        listed(client)
        assert len(names(client.get("/new"))) == 1
    assert seen == []
    with github.watching() as seen:
        listed(client, fresh="1")
    assert [row["path"] for row in seen if row["path"] == "/user/installations"] != []
    kept = cache.get("offer", Identity.objects.get().github_id, "accounts")
    assert kept is not None and ada.token not in kept


@pytest.mark.parametrize("status", [500, 403])
def test_it_says_when_github_does_not_answer_and_goes_on_without(
    github: GitHub, alice: Person, client: Client, status: int
) -> None:
    at_github(github, alice)
    headers = {"Retry-After": "60"} if status == 403 else {}
    github.fault("^/user/installations", status=status, times=9, headers=headers)
    told = listed(client).content.decode()
    assert "GitHub did not answer" in told and "Ask again" in told
    assert "Git URL" in client.get("/new").content.decode()


def test_it_says_that_a_sign_in_has_ended(github: GitHub, alice: Person, client: Client) -> None:
    ada, app = at_github(github, alice)
    repo = github.repo(ada, files=FLASK)
    github.install(app, ada)
    Identity.objects.update(token="")
    row = Identity.objects.get()
    row.token = "gho_of_before"
    row.save()
    told = listed(client).content.decode()
    assert "Sign in with GitHub again" in told and "gho_of_before" not in told
    answer = client.get("/new/repository", {"id": repo.id})
    assert (answer.status_code, answer["Location"]) == (302, "/new")


def test_it_keeps_readers_and_strangers_out(github: GitHub, bob: Person, alice: Person) -> None:
    ada, app = at_github(github, bob)
    repo = github.repo(ada, files=FLASK)
    github.install(app, ada)
    assert listed(browser(bob)).status_code == 403
    assert browser(bob).get("/new/repository", {"id": repo.id}).status_code == 403
    assert Client().get("/new/repositories").status_code == 302


def test_it_lists_them_over_the_api(github: GitHub, alice: Person) -> None:
    assert alice.get("/github/repositories").json()["state"] == "unconnected"
    ada, app = at_github(github, alice)
    repo = github.repo(ada, private=True, files={"a": ""})
    github.install(app, ada)
    told = alice.get("/github/repositories?fresh=true").json()
    assert told["state"] == "list" and told["accounts"][0]["login"] == ada.login
    assert [(r["github_id"], r["full_name"], r["private"]) for r in told["items"]] == [(repo.id, repo.full_name, True)]
    assert told["install_url"] == f"{GitHubApp.objects.get().web_url}/apps/{app['slug']}/installations/new"
    assert alice.get(f"/github/repositories?q={repo.full_name.split('/')[1]}").json()["total"] == 1
    assert alice.with_scope("read").get("/github/repositories").status_code == 403  # type: ignore[arg-type]
    assert not re.search(r"gh[ous]_", str(told))
