"""The client against the stand-in: tokens, limits, retries, ETags; and no token in anything that is said."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import redis
from django.db import connection, transaction
from django.utils import timezone
from redis.backoff import NoBackoff
from redis.retry import Retry

from apps.github import cache, client, credentials, limits
from apps.github.answer import Answer
from apps.github.answers import RepositoryTold
from apps.github.client import app_client, at, installation_client, installation_token, user_client
from apps.github.credentials import Minted, UserCredential
from apps.github.errors import BadToken, Garbled, NotConnected, NotThere, RateLimited, Refused, Unreachable
from apps.github.models import GitHubApp, Identity, Installation
from tests.apps.cast import Person
from tests.github.plugin import connect
from tests.github.world import GitHub, Installed, Repo
from workers.errors import PlatformError, UserError

pytestmark = pytest.mark.django_db


class World:
    """An App in one account with two repositories, one of which it sees."""

    def __init__(self, github: GitHub) -> None:
        self.github = github
        self.ada = github.user()
        self.repo: Repo = github.repo(self.ada, private=True, files={"app.py": "print()", "a b/ü?.txt": "odd"})
        self.other: Repo = github.repo(self.ada, private=True, files={"x": ""})
        self.app: dict[str, Any] = github.app(self.ada)
        self.installed: Installed = github.install(self.app, self.ada, self.repo)
        connect(github, self.app)
        self.installation = Installation.objects.create(
            github_id=self.installed.id, account_login=self.ada.login, account_id=self.ada.id
        )

    @property
    def path(self) -> str:
        return at("/repositories/{}", self.repo.id)


@pytest.fixture
def world(github: GitHub) -> World:
    return World(github)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """How long it would have slept."""
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    yield slept


def minted(seen: list[dict[str, Any]]) -> int:
    return sum(row["path"].endswith("/access_tokens") for row in seen)


def test_it_speaks_as_the_app_and_as_an_installation(world: World) -> None:
    assert app_client().request("GET", "/app").body["slug"] == world.app["slug"]
    told = installation_client(world.installation).get(world.path, RepositoryTold)
    assert (told.id, told.full_name, told.private, told.default_branch) == (
        world.repo.id, world.repo.full_name, True, "main"
    )  # fmt: skip


def test_it_asks_for_a_token_once_and_shares_it(world: World) -> None:
    with world.github.watching() as seen:
        for _ in range(3):
            installation_client(world.installation).request("GET", world.path)
    assert minted(seen) == 1


def test_it_asks_anew_in_the_last_minute_of_a_token(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with world.github.watching() as seen:
        for minutes in (0, 55, 59):
            later = SimpleNamespace(now=lambda after=timedelta(minutes=minutes): timezone.now() + after)
            monkeypatch.setattr(credentials, "timezone", later)
            installation_client(world.installation).request("GET", world.path)
            assert cache.get("token", f"installation:{world.app['id']}:{world.installed.id}")
    assert minted(seen) == 2


def test_it_takes_a_new_token_when_one_ends_in_mid_use(world: World) -> None:
    ours = installation_client(world.installation)
    ours.request("GET", world.path)
    world.github.end_tokens()
    with world.github.watching() as seen:
        assert ours.request("GET", world.path).status == 200
    assert (minted(seen), [row["status"] for row in seen]) == (1, [401, 201, 304])


def test_it_gives_up_on_a_token_that_is_refused_twice(world: World) -> None:
    world.github.fault("/repositories/", status=401, times=2)
    with pytest.raises(BadToken):
        installation_client(world.installation).request("GET", world.path)


def test_it_narrows_a_token_to_a_repository(world: World) -> None:
    token = installation_token(world.installation, repository_ids=[world.repo.id], permissions={"contents": "read"})
    assert token.startswith("ghs_")
    assert token != installation_client(world.installation)._credential.token()
    with pytest.raises(Refused, match="not accessible"):
        installation_token(world.installation, repository_ids=[world.other.id], permissions={"contents": "read"})


def test_it_keeps_tokens_encrypted(world: World) -> None:
    token = installation_client(world.installation)._credential.token()
    pool = cache.pool()
    keys = list(pool.scan_iter(match="slipway:*:github:*"))
    assert keys
    assert not any(token.encode() in (pool.get(key) or b"") for key in keys)
    assert not any(token in sealed for _, sealed in cache._memory.values())
    with connection.cursor() as cursor:
        cursor.execute("SELECT private_key || client_secret || webhook_secret FROM github_githubapp")
        row = cursor.fetchone()[0]
    assert world.app["pem"][:40] not in row and world.app["client_secret"] not in row


def test_it_goes_on_from_memory_while_valkey_is_away(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    once = Retry(NoBackoff(), 0)
    monkeypatch.setattr(cache, "pool", lambda: redis.Redis(unix_socket_path="/nonexistent", retry=once))
    monkeypatch.setattr(cache, "_away_until", 0.0)
    with world.github.watching() as seen:
        for _ in range(2):
            assert installation_client(world.installation).request("GET", world.path).status == 200
    assert minted(seen) == 1


def test_it_costs_nothing_to_ask_for_what_did_not_change(world: World) -> None:
    ours = installation_client(world.installation)
    with world.github.watching() as seen:
        first, again = ours.request("GET", world.path), ours.request("GET", world.path)
        world.github.make_private(world.repo, private=False)
        third = ours.request("GET", world.path)
    assert [row["status"] for row in seen if row["path"] == world.path] == [200, 304, 200]
    assert (first.is_remembered, again.is_remembered, third.is_remembered) == (False, True, False)
    assert first.body == again.body and third.body["private"] is False


def test_it_does_not_share_what_it_remembers_between_credentials(world: World) -> None:
    installation_client(world.installation).request("GET", world.path)
    bob = world.github.user()
    with pytest.raises(NotThere):
        _user(world, bob.login, bob.id, bob.token).request("GET", world.path)


def test_it_tries_again_when_github_fails(
    world: World, impatient: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.github.client.PAUSE_SECONDS", 0.2)
    world.github.fault("/repositories/", status=502, times=2)
    assert installation_client(world.installation).request("GET", world.path).status == 200
    assert len(impatient) == 2 and 0.1 < impatient[0] < impatient[1] < 1


def test_it_says_so_when_github_stays_away(world: World, impatient: list[float]) -> None:
    world.github.fault("/repositories/", status=500, times=3)
    with pytest.raises(Unreachable, match="500"):
        installation_client(world.installation).request("GET", world.path)
    GitHubApp.objects.update(api_url="http://127.0.0.1:1")
    with pytest.raises(Unreachable, match="ConnectError"):
        app_client().request("GET", "/app")
    assert len(impatient) == 4


def test_it_does_not_repeat_what_may_have_happened(world: World) -> None:
    ours = installation_client(world.installation)
    sha = world.github.head(world.repo)
    world.github.fault("/statuses/", status=502, times=1)
    with pytest.raises(Unreachable):
        ours.request("POST", f"{world.path}/statuses/{sha}", {"state": "success"})
    assert world.github.told(world.repo)["statuses"] == []


@pytest.mark.parametrize("status", [403, 429])
def test_it_waits_for_retry_after_and_leaves_github_alone(world: World, status: int) -> None:
    ours = installation_client(world.installation)
    ours.request("GET", world.path)
    world.github.fault("/repositories/", status=status, headers={"Retry-After": "40"})
    with pytest.raises(RateLimited) as told:
        ours.request("GET", world.path)
    assert timedelta(seconds=35) < told.value.until - timezone.now() < timedelta(seconds=41)
    with world.github.watching() as seen, pytest.raises(RateLimited):
        installation_client(world.installation).request("GET", world.path)
    assert seen == []
    assert app_client().request("GET", "/app").status == 200, "another credential has a limit of its own"


def test_it_waits_where_it_may(world: World, impatient: list[float]) -> None:
    world.github.fault("/repositories/", status=403, headers={"Retry-After": "2"})
    assert installation_client(world.installation, patience=5).request("GET", world.path).status == 200
    assert len(impatient) == 1 and 1 < impatient[0] <= 2


def test_it_knows_a_secondary_limit_without_a_moment(world: World) -> None:
    world.github.secondary_limit("/repositories/")
    with pytest.raises(RateLimited) as told:
        installation_client(world.installation).request("GET", world.path)
    assert timedelta(seconds=55) < told.value.until - timezone.now() <= timedelta(seconds=60)


def test_it_reads_limits_as_github_describes_them() -> None:
    soon = int(time.time()) + 90

    def wait(status: int, content: bytes = b"", **headers: str) -> float | None:
        until = limits.until_of(Answer(status, content, **headers))
        return None if until is None else round((until - timezone.now()).total_seconds(), -1)

    assert wait(403, remaining="0", reset=str(soon)) == 90
    assert wait(403, remaining="12", reset=str(soon)) is None
    assert wait(403, b'{"message": "Resource not accessible by integration"}') is None
    assert wait(429) == 60
    assert wait(403, retry_after="999999999") == 7200
    assert wait(403, retry_after="soon") is None
    assert wait(200, remaining="0", reset=str(soon)) is None
    assert wait(403, remaining="0", reset="1") == 0


def test_it_tells_what_is_not_there_from_what_is_refused(world: World) -> None:
    ours = installation_client(world.installation)
    with pytest.raises(NotThere):
        ours.request("GET", at("/repositories/{}", world.other.id))
    with pytest.raises(Refused, match="Forbidden") as told:
        ours.request("POST", f"{world.path}/check-runs", {"name": "x", "head_sha": "y"})
    assert told.value.github_status == 403


def test_it_goes_through_all_pages(world: World) -> None:
    for _ in range(4):
        world.github.repo(world.ada)
    world.github.choose(world.installed)
    ours = installation_client(world.installation)
    rows = list(ours.pages("/installation/repositories", RepositoryTold, key="repositories", per_page=2))
    assert len({row.id for row in rows}) == 6
    some = ours.pages("/installation/repositories", RepositoryTold, key="repositories", per_page=2, most=3)
    assert len(list(some)) == 3


def test_it_follows_a_renamed_repository(world: World) -> None:
    before = f"/repos/{world.repo.full_name}"
    world.github.rename(world.repo, "newname")
    assert installation_client(world.installation).get(before, RepositoryTold).full_name.endswith("/newname")


def test_it_quotes_every_part_of_an_address(world: World) -> None:
    path = at("/repositories/{}/contents/{}", world.repo.id, "a b/ü?.txt").replace("%2F", "/")
    assert installation_client(world.installation).request("GET", path).body["name"] == "ü?.txt"
    assert at("/x/{}", "../y?z#") == "/x/..%2Fy%3Fz%23"


@pytest.mark.parametrize("address", ["https://evil.example/x", "http://127.0.0.1:9/x", "/../x"])
def test_it_sends_no_token_elsewhere(world: World, address: str) -> None:
    with pytest.raises(Garbled):
        app_client().request("GET", address)


def test_it_does_not_follow_to_another_server(world: World) -> None:
    world.github.fault("^/app$", status=302, headers={"Location": "http://localhost:1/steal"})
    with pytest.raises(Refused):
        app_client().request("GET", "/app")


def test_it_refuses_what_is_not_as_described(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.github.fault("/repositories/", status=200, body={"id": "many", "secret": "ghs_x"})
    with pytest.raises(Garbled, match="RepositoryTold: id, full_name") as told:
        installation_client(world.installation).get(world.path, RepositoryTold)
    assert "ghs_x" not in str(told.value)
    monkeypatch.setattr(client, "BYTES", 10)
    with pytest.raises(Garbled, match="larger"):
        installation_client(world.installation).request("GET", f"{world.path}/branches")


def test_it_says_when_github_is_not_connected() -> None:
    with pytest.raises(NotConnected):
        app_client()


def test_it_asks_nothing_of_an_installation_that_is_gone(world: World) -> None:
    world.installation.deleted_at = timezone.now()
    with world.github.watching() as seen, pytest.raises(UserError, match="not active"):
        installation_client(world.installation)
    assert seen == []


def test_it_speaks_as_a_person_and_renews_their_token(world: World, alice: Person) -> None:
    world.github.lifetime(user=62)
    ada = world.github.user(world.ada.login)
    row = Identity.objects.create(
        user=alice.user, github_id=ada.id, login=ada.login, token=ada.token, refresh_token=ada.more["refresh_token"],
        token_expires_at=timezone.now() + timedelta(seconds=50),
    )  # fmt: skip
    assert user_client(row).request("GET", "/user").body["login"] == ada.login
    row.refresh_from_db()
    assert row.token != ada.token and row.refresh_token != ada.more["refresh_token"] and row.refreshed_at
    world.github.end_tokens("ghu_")
    assert user_client(row).request("GET", "/user").status == 200
    world.github.end_tokens("ghu_")
    Identity.objects.update(refresh_token="ghr_used")
    with pytest.raises(BadToken):
        user_client(Identity.objects.get()).request("GET", "/user")
    assert Identity.objects.get().refreshing_until is None


@pytest.mark.django_db(transaction=True)
def test_it_renews_a_persons_token_once_for_all_and_locks_nothing_meanwhile(alice: Person) -> None:
    row = Identity.objects.create(
        user=alice.user, github_id=1, login="ada", token="old", refresh_token="first", listed_at=timezone.now()
    )
    asked: list[str] = []

    def locked() -> int:
        with closing(connection), transaction.atomic():
            return len(Identity.objects.select_for_update(nowait=True))

    def github(refresh_token: str) -> Minted:
        asked.append(refresh_token)
        time.sleep(0.3)
        assert pool.submit(locked).result(5) == 1
        return Minted("new", None, "second")

    def renewed() -> str:
        with closing(connection):
            credential = UserCredential(row, github)
            assert credential.renew("old")
            return credential.token()

    with ThreadPoolExecutor(5) as pool:
        ways = [pool.submit(renewed) for _ in range(4)]
        assert [way.result(20) for way in ways] == ["new"] * 4
    row.refresh_from_db()
    assert (asked, row.refresh_token, row.refreshing_until) == (["first"], "second", None)
    assert row.listed_at is None  # Whether they may stay is looked at soon.


def test_it_says_no_token_in_errors_logs_or_texts(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    ours = installation_client(world.installation)
    token = ours._credential.token()
    world.github.fault("/repositories/", status=403, body={"message": "no"})
    with pytest.raises(Refused) as told:
        ours.request("GET", world.path)
    row = GitHubApp.objects.get()
    said = f"{told.value!r} {told.value.__cause__} {ours!r} {row!r} {row} {ours._credential!r} {caplog.text}"
    assert token not in said and "PRIVATE" not in said and row.client_secret not in said
    GitHubApp.objects.update(private_key="-----BEGIN RSA PRIVATE KEY-----\nnonsense\n-----END RSA PRIVATE KEY-----")
    with pytest.raises(PlatformError, match="private key cannot be used") as wrong:
        app_client().request("GET", "/app")
    assert "nonsense" not in f"{wrong.value!r}{wrong.value.__cause__}" and wrong.value.__context__ is None


def _user(world: World, login: str, github_id: int, token: str) -> client.Client:
    from apps.accounts.models import User

    user = User.objects.create(email=f"{login}@example.com", name=login)
    return user_client(Identity.objects.create(user=user, github_id=github_id, login=login, token=token))
