"""Asks the API. Every answer that is no success becomes a refusal with the API's own words and the request's id.

Not in charge of what the answers mean.
"""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from typing import Any

import httpx2

from cli import __version__
from cli.account import Account, current
from cli.ending import Ending, Refusal

ENDINGS = {401: Ending.SIGN_IN, 403: Ending.SIGN_IN, 404: Ending.NOT_FOUND, 429: Ending.AWAY}
OURS = {"code", "message", "hint", "request_id"}  # Of every problem document: what lacks one is a proxy's.
SECONDS = httpx2.Timeout(60, connect=10)  # A look into a repository may take twenty.
LONGEST_PAGE = 200


class Answer(dict[str, Any]):
    """An object of an answer. One that lacks what every Slipway tells is no Slipway's: `refusal` says so."""

    def __init__(self, refusal: Refusal, told: dict[str, Any]) -> None:
        super().__init__(told)
        self.refusal = refusal

    def __missing__(self, name: str) -> Any:
        raise self.refusal


class Api:
    def __init__(self, account: Account) -> None:
        self.url = account.url
        self._http = httpx2.Client(
            base_url=f"{account.url}/api/v1",
            headers={"Authorization": f"Bearer {account.token}", "User-Agent": f"slipway-cli/{__version__}"},
            timeout=SECONDS,
        )

    def get(self, path: str, **query: Any) -> Any:
        return self._ask("GET", path, params={name: value for name, value in query.items() if value is not None})

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        return self._ask("POST", path, json=body or {})

    def delete(self, path: str) -> Any:
        return self._ask("DELETE", path)

    def all(self, path: str, **query: Any) -> dict[str, Any]:
        """Every page of a list, in the form of one."""
        page = self.get(path, limit=LONGEST_PAGE, **query)
        items = list(page["items"])
        while page["next_cursor"]:
            page = self.get(path, limit=LONGEST_PAGE, cursor=page["next_cursor"], **query)
            items += page["items"]
        return {"items": items, "next_cursor": None}

    def _ask(self, method: str, path: str, **told: Any) -> Any:
        try:
            response = self._http.request(method, path, **told)
        except (httpx2.RequestError, UnicodeError) as error:  # The last: no host has such a name.
            why = str(error) or type(error).__name__
            raise Refusal(
                Ending.AWAY,
                f"{self.url} cannot be reached: {why}.",
                "Check the address, the network, and that it runs.",
            ) from error
        return self._told(response)

    def _told(self, response: httpx2.Response) -> Any:
        kind = response.headers.get("Content-Type", "")
        is_read = response.request.method == "GET"  # What is read is one object, always.
        if response.is_success and not response.content and not is_read:
            return None
        try:
            told = response.json(object_hook=partial(Answer, self._not_ours(response))) if "json" in kind else None
        except ValueError:
            told = None
        if response.is_success and isinstance(told, Answer if is_read else Answer | list):
            return told
        raise self._refusal(response, told if isinstance(told, dict) else {})

    def _refusal(self, response: httpx2.Response, problem: dict[str, Any]) -> Refusal:
        status = response.status_code
        if not problem.keys() >= OURS:
            return self._not_ours(response)
        hint = f"Sign in anew: slipway login {self.url}" if status == HTTPStatus.UNAUTHORIZED else problem["hint"]
        ending = ENDINGS.get(status, Ending.AWAY if status >= 500 else Ending.USAGE)
        return Refusal(ending, problem["message"], hint, problem["code"], problem["request_id"], problem)

    def _not_ours(self, response: httpx2.Response) -> Refusal:
        """An answer that no Slipway gave. Redirections are not followed: the token is for one server."""
        to = response.headers.get("Location", "")
        said = f"{self.url} answered {response.status_code}"
        if response.is_redirect:
            return Refusal(Ending.AWAY, f"{said} and leads to {to}.", "Sign in to the address that answers itself.")
        return Refusal(Ending.AWAY, f"{said}, and not as a Slipway does.", "Check the address, and what is before it.")


def connect() -> Api:
    return Api(current())
