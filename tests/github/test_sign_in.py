"""Signing in with GitHub, against GitHub's stand-in: its own pages, real codes, proof keys and tokens."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from social_django.models import Nonce

from apps.accounts.installation import installation
from apps.accounts.invitations import invite, revoke
from apps.accounts.models import ActivityEvent, Invitation, Membership, Team, User
from apps.accounts.newcomers import change_policy, whom_to_ask
from apps.github.models import GitHubApp, Identity
from apps.github.sign_in_tidying import forget_states
from tests.apps.cast import PASSWORD, Person, make_person
from tests.github.signing_in import agreed, begun, browser, came_back, our_app, query, signed_in, user_of
from tests.github.world import GitHub
from workers.errors import UserError

pytestmark = pytest.mark.django_db


@pytest.fixture
def app(github: GitHub, alice: Person) -> dict[str, Any]:
    return our_app(github)


def open_to_all(alice: Person, **more: Any) -> None:
    change_policy(actor=alice.actor, sign_in="open", **more)


# --- linking -------------------------------------------------------------------------------------------------------


def test_it_links_and_then_signs_in(github: GitHub, app: dict[str, Any], alice: Person) -> None:
    ada = github.user()
    assert signed_in(browser(alice), ada)["Location"] == "/profile"
    row = Identity.objects.get()
    assert (row.user_id, row.github_id, row.login) == (alice.user.pk, ada.id, ada.login)
    assert row.token and row.token_expires_at is None
    elsewhere = browser()
    assert signed_in(elsewhere, ada)["Location"] == "/"
    assert user_of(elsewhere) == str(alice.user.pk)
    assert User.objects.count() == 1
    assert ActivityEvent.objects.filter(team=alice.team, verb="linked GitHub", data__login=ada.login).count() == 1


def test_it_keeps_the_token_encrypted_and_shows_it_nowhere(github: GitHub, app: dict[str, Any], alice: Person) -> None:
    client = browser(alice)
    signed_in(client, github.user())
    token = Identity.objects.get().token
    with connection.cursor() as cursor:
        cursor.execute("SELECT token FROM github_identity")
        assert cursor.fetchone()[0].startswith("gAAAA")
        cursor.execute("SELECT session_data FROM django_session")
    assert token not in str(client.session.items())
    assert token not in client.get("/profile").content.decode()
    assert token not in alice.get("/auth/github").content.decode()
    assert token not in repr(Identity.objects.get())


def test_it_keeps_a_token_that_ends_with_its_renewal(github: GitHub, app: dict[str, Any], alice: Person) -> None:
    github.lifetime(user=8 * 3600)
    signed_in(browser(alice), github.user())
    row = Identity.objects.get()
    assert row.refresh_token.startswith("ghr_")
    assert timedelta(hours=7) < row.token_expires_at - timezone.now() <= timedelta(hours=8)


def test_it_takes_no_identity_from_another_account(
    github: GitHub, app: dict[str, Any], alice: Person, bob: Person
) -> None:
    ada = github.user()
    signed_in(browser(alice), ada)
    refused = signed_in(browser(bob), ada)
    assert refused.status_code == 409
    assert f"{ada.login} is linked to another account here." in refused.content.decode()
    assert Identity.objects.get().user_id == alice.user.pk


def test_it_links_one_github_account_to_a_person(github: GitHub, app: dict[str, Any], alice: Person) -> None:
    ada = github.user()
    signed_in(browser(alice), ada)
    assert signed_in(browser(alice), github.user()).status_code == 409
    assert signed_in(browser(alice), ada).status_code == 302  # Again: a new token.
    assert Identity.objects.get().github_id == ada.id


def test_it_unlinks_where_another_way_remains(github: GitHub, app: dict[str, Any], alice: Person) -> None:
    signed_in(browser(alice), github.user())
    token = Identity.objects.get().token
    client = browser(alice)
    with github.watching() as seen:
        assert client.post("/profile/github/unlink")["Location"] == "/profile"
    assert not Identity.objects.exists() and token
    assert [r["path"] for r in seen if r["method"] == "DELETE"] == [f"/applications/{app['client_id']}/token"]
    assert client.post("/profile/github/unlink").status_code == 404
    assert ActivityEvent.objects.filter(verb="unlinked GitHub").exists()


def test_it_does_not_unlink_the_only_way(github: GitHub, app: dict[str, Any], alice: Person) -> None:
    open_to_all(alice)
    client = browser()
    signed_in(client, github.user())
    assert client.post("/profile/github/unlink").status_code == 409
    assert Identity.objects.exists()


# --- who may come in -----------------------------------------------------------------------------------------------


def test_it_refuses_whom_nobody_invited_and_says_whom_to_ask(
    github: GitHub, app: dict[str, Any], alice: Person
) -> None:
    change_policy(actor=alice.actor, contact="platform@example.com")
    ada, client = github.user(), browser()
    refused = signed_in(client, ada)
    said = refused.content.decode()
    assert refused.status_code == 403 and user_of(client) == ""
    assert f"{ada.login} has no account here, and new ones come by invitation only." in said
    assert "Ask platform@example.com for an invitation." in said
    assert not Identity.objects.exists() and User.objects.count() == 1


def test_it_never_matches_by_name_or_address(github: GitHub, app: dict[str, Any], alice: Person) -> None:
    """GitHub shows Alice's own address: still somebody else."""
    open_to_all(alice)
    ada = github.user(login="alice")
    github.api("PATCH", "/user", ada, name="Alice", email="alice@example.com")
    client = browser()
    signed_in(client, ada)
    assert user_of(client) != str(alice.user.pk)
    assert User.objects.get(pk=user_of(client)).email == f"github-{ada.id}@nowhere.invalid"


def test_it_knows_a_renamed_person_by_their_id(github: GitHub, app: dict[str, Any], alice: Person) -> None:
    ada, eve = github.user(), github.user()
    signed_in(browser(alice), ada)
    Identity.objects.update(login=eve.login)  # Ada was renamed, and Eve took the name that is stored.
    assert signed_in(browser(), eve).status_code == 403
    client = browser()
    signed_in(client, ada)
    assert user_of(client) == str(alice.user.pk) and Identity.objects.get().login == ada.login


def test_it_lets_members_of_a_listed_organisation_in_while_they_are(
    github: GitHub, app: dict[str, Any], alice: Person
) -> None:
    ada, boss, eve = github.user(), github.user(), github.user()
    org, other = github.org(boss, ada), github.org(eve)
    client = browser(alice)
    form = {"sign_in": "allowed", "allowed": org, "newcomers": "own", "role": "developer", "team_makers": "everyone"}
    assert client.post("/installation/sign-in", form).status_code == 302
    assert installation().sign_in_allowed[0]["type"] == "Organization" and installation().sign_in_allowed[0]["id"]
    theirs = browser()
    signed_in(theirs, ada)
    person = User.objects.get(pk=user_of(theirs))
    assert person.is_let_in and person.memberships.get().role == "owner"
    refused = signed_in(browser(), eve)
    assert refused.status_code == 403 and "is not among the people and organisations" in refused.content.decode()
    assert other != org
    github.org(boss, login=org)  # She left it.
    again = browser()
    refused = signed_in(again, ada)
    assert refused.status_code == 403 and user_of(again) == ""
    assert f"{ada.login} is no longer on the list" in refused.content.decode()


def test_it_asks_the_app_about_members_that_a_person_does_not_show(
    github: GitHub, app: dict[str, Any], alice: Person
) -> None:
    from apps.github.models import Installation

    ada, eve = github.user(), github.user()
    org = github.org(ada)
    told = github.api("GET", f"/orgs/{org}", ada)
    installed = github.install(app, org)
    Installation.objects.create(
        github_id=installed.id, account_login=org, account_id=told["id"], account_type="Organization"
    )
    change_policy(actor=alice.actor, sign_in="allowed", allowed=(allowed(told["id"], org),))
    github.fault("^/user/orgs", status=403, times=9)
    assert signed_in(browser(), ada).status_code == 302
    assert signed_in(browser(), eve).status_code == 403
    Installation.objects.update(account_id=told["id"] + 1)  # The name is another organisation's now.
    change_policy(actor=alice.actor, allowed=(allowed(told["id"] + 1, org),))
    assert signed_in(browser(), ada).status_code == 403


def allowed(number: int, login: str, kind: str = "Organization") -> Any:
    from apps.accounts.newcomers import Allowed

    return Allowed(login, number, kind)


def test_it_lets_listed_people_in_by_their_id(github: GitHub, app: dict[str, Any], alice: Person) -> None:
    ada, eve = github.user(), github.user()
    change_policy(actor=alice.actor, sign_in="allowed", allowed=(allowed(ada.id, eve.login, "User"),))
    assert signed_in(browser(), eve).status_code == 403
    assert signed_in(browser(), ada).status_code == 302


def test_it_is_told_by_the_environment(github: GitHub, app: dict[str, Any], alice: Person, settings: Any) -> None:
    ada, eve, joe = github.user(), github.user(), github.user()
    told = {"sign_in": "allowed", "sign_in_allowed": f"{ada.login.upper()}, id:{eve.id}"}
    settings.SLIPWAY = settings.SLIPWAY.model_copy(update=told)
    assert [signed_in(browser(), who).status_code for who in (ada, eve, joe)] == [302, 302, 403]
    with pytest.raises(UserError, match="SLIPWAY_SIGN_IN says"):
        change_policy(actor=alice.actor, sign_in="open")


def test_it_lets_nobody_new_in_while_github_does_not_answer(github: GitHub, app: dict[str, Any], alice: Person) -> None:
    ada, boss = github.user(), github.user()
    org = github.org(boss, ada)
    number = github.api("GET", f"/orgs/{org}", boss)["id"]
    change_policy(actor=alice.actor, sign_in="allowed", allowed=(allowed(number, org),))
    address = agreed(begun(client := browser()), ada)
    github.fault("^/user/orgs", status=502, times=9)
    assert came_back(client, address).status_code == 503
    assert user_of(client) == "" and User.objects.count() == 1


def test_it_refuses_everybody_before_there_is_an_operator(github: GitHub, app: dict[str, Any], alice: Person) -> None:
    open_to_all(alice)
    User.objects.update(is_active=False)
    assert signed_in(browser(), github.user()).status_code == 409
    assert User.objects.count() == 1


def test_it_refuses_a_suspended_account(github: GitHub, app: dict[str, Any], alice: Person, bob: Person) -> None:
    ada = github.user()
    signed_in(browser(bob), ada)
    User.objects.filter(pk=bob.user.pk).update(is_active=False)
    refused = signed_in(browser(), ada)
    assert refused.status_code == 403 and "is suspended here" in refused.content.decode()


def test_it_gives_who_was_let_in_no_password(github: GitHub, app: dict[str, Any], alice: Person) -> None:
    """It would outlive their place on the list. An invitation makes them an ordinary member."""
    open_to_all(alice)
    client = browser()
    signed_in(client, github.user())
    person = User.objects.get(pk=user_of(client))
    told = {"old": "", "new": "a long password of nobody"}
    assert "You were let in by your GitHub account" in client.post("/profile/password", told).content.decode()
    _, link = invite(actor=alice.actor, team=alice.team, email=person.email, role="viewer")
    client.post(link.removeprefix("http://127.0.0.1:8000"))
    assert not User.objects.get(pk=person.pk).is_let_in
    assert client.post("/profile/password", told).status_code == 302


# --- invitations ---------------------------------------------------------------------------------------------------


def test_it_accepts_an_invitation(github: GitHub, app: dict[str, Any], alice: Person) -> None:
    row, link = invite(actor=alice.actor, team=alice.team, email="new@example.com", role="developer")
    token = link.rpartition("/")[2]
    client = browser()
    assert b"Join with GitHub" in client.get(f"/invitations/{token}").content
    signed_in(client, github.user(), invitation=token)
    person = User.objects.get(email="new@example.com")
    assert user_of(client) == str(person.pk) and not person.is_let_in and not person.has_usable_password()
    assert Membership.objects.get(user=person).team == alice.team
    row.refresh_from_db()
    assert row.accepted_at is not None
    other = browser()
    assert other.post("/login/github/", {"invitation": token}).status_code == 404


def test_it_takes_no_invitation_that_ended_meanwhile(github: GitHub, app: dict[str, Any], alice: Person) -> None:
    row, link = invite(actor=alice.actor, team=alice.team, email="new@example.com", role="developer")
    address = agreed(begun(client := browser(), invitation=link.rpartition("/")[2]), github.user())
    revoke(actor=alice.actor, invitation=row)
    assert came_back(client, address).status_code == 404
    assert User.objects.count() == 1 and not Identity.objects.exists()


def test_it_does_not_give_an_invited_account_to_a_stranger(
    github: GitHub, app: dict[str, Any], alice: Person, charlie: Person
) -> None:
    """The invitation's address has an account: only who signs in to that joins."""
    _, link = invite(actor=alice.actor, team=alice.team, email=charlie.user.email, role="developer")
    client = browser()
    assert signed_in(client, github.user(), invitation=link.rpartition("/")[2]).status_code == 409
    assert user_of(client) == "" and not Identity.objects.exists()
    assert Invitation.objects.get().accepted_at is None


# --- what newcomers find -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("found", ["own", "team", "nothing"])
def test_it_gives_newcomers_what_the_policy_says(
    github: GitHub, app: dict[str, Any], alice: Person, found: str
) -> None:
    open_to_all(alice, newcomers=found, team_id=alice.team.pk, role="viewer")
    client = browser()
    signed_in(client, github.user())
    rows = list(Membership.objects.filter(user=user_of(client)))
    expected = {"own": [("owner", False)], "team": [("viewer", True)], "nothing": []}[found]
    assert [(row.role, row.team_id == alice.team.pk) for row in rows] == expected
    page = client.get("/").content.decode()
    assert ("You are in no team yet" in page) == (found == "nothing")


def test_it_says_what_to_do_without_a_team(github: GitHub, app: dict[str, Any], alice: Person) -> None:
    open_to_all(alice, newcomers="nothing")
    client = browser()
    signed_in(client, github.user())
    page = client.get("/").content.decode()
    assert "/teams/new" in page and "Alice" in page
    change_policy(actor=alice.actor, team_makers="operators")
    page = client.get("/").content.decode()
    assert "/teams/new" not in page and "Ask Alice" in page
    assert client.get("/teams/new").status_code == 403
    assert client.post("/teams/new", {"name": "Mine"}).status_code == 403
    assert not Team.objects.filter(name="Mine").exists()
    assert whom_to_ask() == "the person who runs this Slipway"  # Strangers are told no names.


# --- what goes wrong -----------------------------------------------------------------------------------------------


def test_it_takes_a_state_once(github: GitHub, app: dict[str, Any], alice: Person) -> None:
    ada = github.user()
    client = browser(alice)
    first = agreed(address := begun(client), ada)
    assert came_back(client, first).status_code == 302
    refused = came_back(client, agreed(address, ada))  # A fresh code with the same state.
    assert refused.status_code == 400 and "was used already" in refused.content.decode()


def test_it_takes_a_state_once_also_when_the_session_is_restored(
    github: GitHub, app: dict[str, Any], alice: Person
) -> None:
    """A copy of the session that still has the state: the table remembers that it was used."""
    ada = github.user()
    client = browser(alice)
    address = begun(client)
    before = dict(client.session.items())
    assert came_back(client, agreed(address, ada)).status_code == 302
    session = client.session
    session.update(before)
    session.save()
    assert came_back(client, agreed(address, ada)).status_code == 400


def test_it_refuses_the_state_of_another_session(
    github: GitHub, app: dict[str, Any], alice: Person, bob: Person
) -> None:
    """Somebody makes Alice follow the address that was meant for their own browser."""
    eve = github.user()
    theirs = browser(bob)
    address = agreed(begun(theirs), eve)
    assert came_back(browser(alice), address).status_code == 400
    assert came_back(browser(), address).status_code == 400
    assert not Identity.objects.exists()


def test_it_links_nobody_who_signed_in_meanwhile(github: GitHub, app: dict[str, Any], alice: Person) -> None:
    """Begun by nobody, it ends in Alice's session: the same browser, where she gave her password in another tab."""
    client = browser()
    address = agreed(begun(client), github.user())
    client.post("/sign-in", {"email": "alice@example.com", "password": PASSWORD})
    assert user_of(client) == str(alice.user.pk)
    refused = came_back(client, address)
    assert refused.status_code == 409 and "Somebody else signed in here" in refused.content.decode()
    assert not Identity.objects.exists()


def test_it_proves_that_the_code_is_its_own(github: GitHub, app: dict[str, Any], alice: Person) -> None:
    """A code that was stolen on its way is no good for another sign-in of the same App (PKCE)."""
    ada = github.user()
    stolen = query(agreed(begun(browser()), ada))["code"]
    client = browser(alice)
    own = begun(client)
    assert query(own)["code_challenge_method"] == "S256"
    refused = came_back(client, f"http://127.0.0.1:8000/complete/github/?code={stolen}&state={query(own)['state']}")
    assert refused.status_code == 400 and "no longer takes the code" in refused.content.decode()


def test_it_refuses_a_state_that_is_too_old(github: GitHub, app: dict[str, Any], alice: Person) -> None:
    client = browser(alice)
    address = agreed(begun(client), github.user())
    session = client.session
    name = next(key for key, _ in session.items() if "oauth2_state" in key)
    session[name] = {**session[name], "timestamp": session[name]["timestamp"] - 601}
    session.save()
    assert came_back(client, address).status_code == 400


WRONG = [
    ("error=access_denied&state=x", 403, "You said no at GitHub"),
    ("error=redirect_uri_mismatch", 503, "does not know the address of this Slipway"),
    ("error=application_suspended", 503, "is suspended"),
    ("error=whatever", 503, "GitHub did not answer as it should"),
    ("code=1", 400, "begun in another browser"),
    ("state=x&code=1", 400, "begun in another browser"),
    ("", 400, "begun in another browser"),
    ("state=x&state=y&code[]=%00", 400, "begun in another browser"),
]


def test_it_says_what_went_wrong(app: dict[str, Any]) -> None:
    for asked, status, said in WRONG:
        answer = browser().get(f"/complete/github/?{asked}")
        text = answer.content.decode()
        assert said in text and "Try again with GitHub" in text and 'href="/sign-in"' in text, asked
        assert answer.status_code == status, asked


def test_it_says_that_a_code_has_ended(github: GitHub, app: dict[str, Any]) -> None:
    client = browser()
    state = query(begun(client))["state"]
    answer = client.get(f"/complete/github/?code=old&state={state}")
    assert answer.status_code == 400 and b"it works once, for ten minutes" in answer.content


def test_it_says_that_the_secret_is_wrong(github: GitHub, app: dict[str, Any]) -> None:
    GitHubApp.objects.update(client_secret="")
    row = GitHubApp.objects.get()
    row.client_secret = "wrong"
    row.save()
    answer = signed_in(browser(), github.user())
    assert answer.status_code == 503 and b"client secret" in answer.content
    assert b"wrong" not in answer.content


@pytest.mark.parametrize("path", ["^/login/oauth/access_token", "^/user$"])
def test_it_says_that_github_is_away(
    github: GitHub, app: dict[str, Any], path: str, caplog: pytest.LogCaptureFixture
) -> None:
    client = browser()
    address = agreed(begun(client), github.user())
    github.fault(path, status=503, times=9)
    with caplog.at_level(logging.DEBUG):
        answer = came_back(client, address)
    assert answer.status_code == 503 and b"GitHub did not answer" in answer.content
    assert query(address)["code"] not in caplog.text and user_of(client) == ""


def test_it_is_not_there_without_an_app(alice: Person) -> None:
    answer = browser().post("/login/github/")
    assert answer.status_code == 409 and b"GitHub is not connected" in answer.content
    assert b"Sign in with GitHub" not in browser().get("/sign-in").content


def test_it_locks_nobody_out_for_the_bad_returns_of_others(github: GitHub, app: dict[str, Any], alice: Person) -> None:
    """Behind a proxy everybody has one address."""
    for _ in range(20):
        assert browser().get("/complete/github/?code=1&state=guess").status_code == 400
    assert signed_in(browser(alice), github.user()).status_code == 302


def test_it_is_begun_by_a_form_of_ours_only(app: dict[str, Any]) -> None:
    assert browser().get("/login/github/").status_code == 405
    forged = Client(enforce_csrf_checks=True, headers={"host": "127.0.0.1:8000"})
    assert forged.post("/login/github/").status_code == 403


FOREIGN = ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "profile", ""]


def test_it_goes_on_to_our_own_pages_only(github: GitHub, app: dict[str, Any], alice: Person) -> None:
    ada = github.user()
    signed_in(browser(alice), ada)
    assert signed_in(browser(), ada, next="/tokens?a=1")["Location"] == "/tokens?a=1"
    for wanted in FOREIGN:
        assert signed_in(browser(), ada, next=wanted)["Location"] == "/", wanted
    address = agreed(begun(client := browser()), ada)
    assert came_back(client, f"{address}&next=https://evil.example/")["Location"] == "/"


def test_it_begins_only_where_github_comes_back_to(app: dict[str, Any]) -> None:
    client = Client(headers={"host": "localhost:8000"})
    answer = client.post("/login/github/")
    assert answer.status_code == 409 and b"http://127.0.0.1:8000/sign-in" in answer.content


def test_it_allows_the_form_to_lead_to_github_on_pages_with_the_button_only(
    github: GitHub, app: dict[str, Any], alice: Person
) -> None:
    client = browser(alice)
    signed_in(client, github.user())
    with_button = f"form-action 'self' {github.web_url};"
    assert with_button in browser().get("/sign-in")["Content-Security-Policy"]
    for path in ("/", "/profile", "/tokens"):  # It is linked: the profile has no button any more.
        assert "form-action 'self';" in client.get(path)["Content-Security-Policy"]
    assert f"img-src 'self' {github.web_url} data:" in client.get("/profile")["Content-Security-Policy"]


def test_it_forgets_states_that_never_came_back(app: dict[str, Any]) -> None:
    begun(browser())
    forget_states()
    assert Nonce.objects.count() == 1
    Nonce.objects.update(timestamp=1)
    forget_states()
    assert not Nonce.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_it_makes_one_account_of_two_sign_ins_at_once(github: GitHub, app: dict[str, Any], alice: Person) -> None:
    open_to_all(alice)
    ada = github.user()
    ways = [(client := browser(), agreed(begun(client), ada)) for _ in range(4)]

    def back(way: tuple[Client, str]) -> int:
        try:
            return came_back(*way).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(back, ways)) == [302] * 4
    assert Identity.objects.count() == 1 and User.objects.count() == 2
    assert Team.objects.count() == 2


# --- the API -------------------------------------------------------------------------------------------------------


def test_it_tells_and_changes_the_policy_by_the_api(
    github: GitHub, app: dict[str, Any], alice: Person, bob: Person
) -> None:
    ada = github.user()
    told = alice.patch("/installation/sign-in", {"sign_in": "allowed", "allowed": [ada.login]})
    assert told.status_code == 200, told.content
    assert told.json()["allowed"] == [{"id": ada.id, "login": ada.login, "type": "User"}]  # type: ignore[attr-defined]
    assert alice.get("/installation/sign-in").json()["sign_in"] == "allowed"  # type: ignore[attr-defined]
    assert alice.patch("/installation/sign-in", {"allowed": ["nobody-of-that-name"]}).status_code == 422
    assert alice.patch("/installation/sign-in", {"allowed": []}).status_code == 422
    assert alice.patch("/installation/sign-in", {"newcomers": "team"}).status_code == 422
    assert alice.patch("/installation/sign-in", {"role": "owner"}).status_code == 422
    assert bob.get("/installation/sign-in").status_code == 403
    assert bob.patch("/installation/sign-in", {"sign_in": "open"}).status_code == 403
    assert ActivityEvent.objects.filter(verb="changed who may sign in").count() == 1


def test_it_tells_and_unlinks_by_the_api(github: GitHub, app: dict[str, Any], alice: Person) -> None:
    assert alice.get("/auth/github").status_code == 404
    ada = github.user()
    signed_in(browser(alice), ada)
    assert alice.get("/auth/github").json()["login"] == ada.login  # type: ignore[attr-defined]
    assert alice.delete("/auth/github").status_code == 204
    assert alice.get("/auth/github").status_code == 404


def test_it_shows_operators_the_page_and_nobody_else(app: dict[str, Any], alice: Person, bob: Person) -> None:
    page = browser(alice).get("/installation/sign-in")
    assert page.status_code == 200 and b"Only people who are invited" in page.content
    assert browser(bob).get("/installation/sign-in").status_code == 404
    refused = browser(alice).post("/installation/sign-in", {"sign_in": "allowed", "allowed": "no-such-name-at-all"})
    assert refused.status_code == 422
    assert make_person("Zoe").user.is_let_in is False
