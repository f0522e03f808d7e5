"""The only place that speaks HTTP to GitHub: tokens, ETags, limits, retries and typed errors; one `Client` a credential.

What is asked stands in the modules by noun (`repositories`, `installations`, `hooks`, ...). No error holds a token.
"""

from __future__ import annotations

import logging
import os
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache, partial
from typing import Any, TypeVar
from urllib.parse import quote, urljoin, urlsplit

import httpx2
from django.utils import timezone
from pydantic import BaseModel

from apps.github import cache, limits, remembered
from apps.github.answer import Answer
from apps.github.answers import ManifestTold, PersonalToken, TokenTold
from apps.github.app import App, require_app
from apps.github.credentials import AppCredential, Credential, KeptCredential, Minted, UserCredential
from apps.github.errors import BadToken, Garbled, NotRenewed, NotThere, RateLimited, Refused, Unreachable
from apps.github.models import Identity, Installation
from workers.errors import UserError

log = logging.getLogger(__name__)
T = TypeVar("T", bound=BaseModel)

JSON = "application/vnd.github+json"
TRIES, PAUSE_SECONDS = 3, 0.2  # The second pause is four times as long.
BYTES = 16 * 1024 * 1024  # The largest answer that is read.
SAFE = ("GET", "HEAD", "PUT", "PATCH", "DELETE")  # Sent again without a doubt; a POST only when it never left.


def at(pattern: str, *values: object) -> str:
    """`at("/repos/{}/{}", owner, name)`: every value is quoted whole, so that none changes the address."""
    return pattern.format(*(quote(str(value), safe="") for value in values))


class Client:
    """Requests in the name of one credential. `patience`: the most seconds that a limit is waited for here."""

    def __init__(self, api_url: str, credential: Credential, *, patience: float = 0) -> None:
        self.api_url = api_url.rstrip("/")
        self.name = credential.name
        self._credential = credential
        self._patience = patience

    def __repr__(self) -> str:
        return f"<Client {self.name}>"

    def request(
        self,
        method: str,
        path: str,
        json: Any = None,
        params: Mapping[str, str | int] | None = None,
        *,
        again: bool = False,
    ) -> Answer:
        """The answer of a 2xx; everything else is one of `errors`. `path` is beneath the API's address, or a page's
        whole address that an answer gave. `again`: a POST that does no harm when it is done twice."""
        url = self._address(path, params)
        limits.check(self.name)
        known = remembered.find(self.name, url) if method == "GET" else None
        headers = {"Accept": JSON, **({"If-None-Match": known.etag} if known else {})}
        ask = partial(send, method, url, json=json, again=again or method in SAFE)
        token = self._credential.token()
        answer = self._patiently(ask, headers, token)
        if answer.status == 401 and self._credential.renew(token):
            answer = self._patiently(ask, headers, self._credential.token())
        if answer.status == 304 and known is not None:
            return known
        self._raise_for(answer, method, path)
        if method == "GET":
            remembered.keep(self.name, url, answer)
        return answer

    def get(self, path: str, model: type[T], **params: str | int) -> T:
        return self.request("GET", path, params=params).read(model)

    def pages(self, path: str, model: type[T], *, key: str = "", most: int = 1000, **params: str | int) -> Iterator[T]:
        """Every item of a list that comes in pages, at most `most`. `key`: the member that holds it."""
        answer = self.request("GET", path, params={"per_page": 100, **params})
        while True:
            items = answer.items(model, key)
            yield from items[:most]
            most -= len(items)
            if not answer.next or most <= 0:
                return
            answer = self.request("GET", answer.next)

    def _address(self, path: str, params: Mapping[str, str | int] | None) -> str:
        url = path if "://" in path else self.api_url + path
        if not (url + "/").startswith(self.api_url + "/") or "/../" in url:
            raise Garbled("an address of another server")
        return str(httpx2.URL(url).copy_merge_params(dict(params))) if params else url

    def _patiently(self, ask: Callable[..., Answer], headers: dict[str, str], token: str) -> Answer:
        """Once more after a limit that is over within our patience."""
        headers = {**headers, "Authorization": f"Bearer {token}"}
        answer = ask(headers=headers)
        until = limits.until_of(answer)
        if until is None:
            return answer
        wait = (until - timezone.now()).total_seconds()
        if wait <= self._patience:
            time.sleep(max(0.0, wait))
            answer = ask(headers=headers)
            until = limits.until_of(answer)
        if until is not None:
            limits.remember(self.name, until)
            raise RateLimited(until)
        return answer

    def _raise_for(self, answer: Answer, method: str, path: str) -> None:
        if 200 <= answer.status < 300:
            return
        log.info("%s %s for %s: %s", method, path.partition("?")[0][:200], self.name, answer.status)
        if answer.status in (404, 410):
            raise NotThere
        if answer.status == 401:
            raise BadToken(401, answer.told)
        raise Refused(answer.status, answer.told)


def send(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    json: Any = None,
    form: Mapping[str, str] | None = None,
    again: bool = False,
) -> Answer:
    """One request, repeated `again` when GitHub fails. Its status is any below 500; `Unreachable` when there was none."""
    problem = ""
    for turn in range(TRIES):
        if turn:
            time.sleep(PAUSE_SECONDS * 4 ** (turn - 1) * random.uniform(0.8, 1.2))
        try:
            answer = _once(method, url, headers, json, form)
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            problem = type(error).__name__
            continue
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            problem, answer = type(error).__name__, None
        if answer is not None and answer.status < 500:
            return answer
        problem = problem if answer is None else str(answer.status)
        if not again:
            break
    raise Unreachable(problem)


def _once(
    method: str, url: str, headers: Mapping[str, str], json: Any, form: Mapping[str, str] | None, hops: int = 3
) -> Answer:
    """Follows a redirect only where nothing is changed and the server is the same: a renamed repository has one."""
    with _http(os.getpid()).stream(method, url, headers=dict(headers), json=json, data=form) as response:
        goal = urljoin(url, response.headers.get("Location", ""))
        same = urlsplit(goal)[:2] == urlsplit(url)[:2]
        if not (response.status_code in (301, 302, 307, 308) and method == "GET" and same and hops):
            return Answer.of(response.status_code, response.headers, _bounded(response.iter_bytes()))
    return _once(method, goal, headers, json, form, hops - 1)


def _bounded(chunks: Iterator[bytes]) -> bytes:
    content = bytearray()
    for chunk in chunks:
        content += chunk
        if len(content) > BYTES:
            raise Garbled("it is larger than 16 MB")
    return bytes(content)


@lru_cache(maxsize=1)
def _http(pid: int) -> httpx2.Client:
    """One pool a process; a forked child does not share its parent's connections."""
    return httpx2.Client(
        timeout=httpx2.Timeout(10.0, connect=3.0),
        limits=httpx2.Limits(max_connections=20, max_keepalive_connections=5, keepalive_expiry=20),
        headers={"User-Agent": "Slipway", "X-GitHub-Api-Version": "2022-11-28"},
        follow_redirects=False,
    )


def app_client(app: App | None = None, *, patience: float = 0) -> Client:
    """As the App itself: its installations and deliveries. Raises `NotConnected`."""
    app = app or require_app()
    return Client(app.api_url, AppCredential(app), patience=patience)


def installation_client(installation: Installation, *, patience: float = 0) -> Client:
    """As the App in one account."""
    app = require_app()
    return Client(app.api_url, _credential_of(app, installation), patience=patience)


def installation_token(
    installation: Installation, *, repository_ids: Sequence[int], permissions: Mapping[str, str], fresh: bool = False
) -> str:
    """A token for a few repositories and permissions only, for what is not a request of ours: a clone. `fresh`: not the
    kept one, which was refused."""
    credential = _credential_of(require_app(), installation, repository_ids, permissions)
    if fresh:
        credential.renew("")
    return credential.token()


def user_client(identity: Identity, *, patience: float = 0) -> Client:
    """As a person, with their own token: what GitHub shows them, and nothing that it does not."""
    app = require_app()
    return Client(app.api_url, UserCredential(identity, partial(_refreshed, app)), patience=patience)


def _credential_of(
    app: App, installation: Installation, repositories: Sequence[int] = (), permissions: Mapping[str, str] | None = None
) -> KeptCredential:
    if not installation.is_usable:
        raise UserError(
            "github:user:installation-gone", f"The GitHub App is not active in {installation.account_login}.",
            hint="Install it there again, or lift its suspension at GitHub.", status=409,
        )  # fmt: skip
    asked: dict[str, Any] = {"repository_ids": list(repositories)} if repositories else {}
    asked |= {"permissions": dict(permissions)} if permissions else {}
    name = f"installation:{app.app_id}:{installation.github_id}"
    if asked:
        name += f":{sorted(repositories)}:{sorted((permissions or {}).items())}"
    return KeptCredential(name, partial(_minted, app, installation.github_id, asked))


def _minted(app: App, github_id: int, asked: dict[str, Any]) -> Minted:
    path = at("/app/installations/{}/access_tokens", github_id)
    told = app_client(app).request("POST", path, json=asked, again=True).read(TokenTold)
    return Minted(told.token, told.expires_at)


def _refreshed(app: App, refresh_token: str) -> Minted:
    """https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/refreshing-user-access-tokens"""
    form = {
        "client_id": app.client_id,
        "client_secret": app.client_secret,
        "grant_type": "refresh_token",
        "refresh_token": refresh_token,
    }
    url = f"{app.web_url}/login/oauth/access_token"
    answer = send("POST", url, form=form, headers={"Accept": "application/json"})
    told = answer.read(PersonalToken)
    if told.error == "bad_refresh_token":
        raise BadToken(401, "The sign-in with GitHub has ended")
    if answer.status != 200 or not told.access_token:
        raise NotRenewed(told.error or str(answer.status))
    now: datetime = timezone.now()
    until = now + timedelta(seconds=told.expires_in) if told.expires_in else None
    return Minted(told.access_token, until, told.refresh_token)


def forget(installation: Installation) -> None:
    """Its tokens are of no use any more."""
    cache.drop("token", f"installation:{require_app().app_id}:{installation.github_id}")


def converted(api_url: str, code: str) -> ManifestTold:
    """The App that was made from our manifest. The code is the only credential, and good once."""
    answer = send("POST", api_url + at("/app-manifests/{}/conversions", code), headers={"Accept": JSON})
    if answer.status == 404:
        raise NotThere("App of that code")
    if answer.status != 201:
        raise Refused(answer.status, answer.told)
    return answer.read(ManifestTold)
