"""The sign-in with GitHub as social-auth knows it: addresses and keys of our App, a state for one use, PKCE.

The state belongs to one session and carries what the sign-in was begun for (`Intent`). Requests go out through `client`.
Not in charge of who may come in, nor of what is kept (`sign_in`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from social_core.backends.github import GithubOAuth2
from social_core.backends.oauth import BaseOAuth2PKCE
from social_core.exceptions import AuthProviderError, AuthSessionError
from social_django.models import DjangoStorage
from social_django.strategy import DjangoStrategy

from apps.accounts.models import User
from apps.github import client
from apps.github.app import App

PIPELINE = ("apps.github.sign_in.same_person", "apps.github.sign_in.admitted", "apps.github.sign_in.settled")


@dataclass(frozen=True)
class Intent:
    """What a sign-in was begun for. `user`: whose account GitHub is to be linked to; "" for a sign-in."""

    user: str = ""
    next: str = ""
    invitation: str = ""


class Strategy(DjangoStrategy):
    """Runs the steps itself: Django's `authenticate` would offer GitHub's answer, tokens and all, to every backend."""

    def authenticate(self, backend: Any, **kwargs: Any) -> Any:
        told = {**kwargs, "strategy": self, "storage": self.storage, "backend": backend}
        return backend.run_authentication(self.request, **told)

    def get_pipeline(self, backend: Any = None) -> Any:
        return PIPELINE


class GitHubSignIn(BaseOAuth2PKCE[HttpResponse], GithubOAuth2[HttpResponse]):
    name = "github"
    STATE_LIFETIME = 600

    def __init__(self, request: HttpRequest, app: App, intent: Intent | None = None) -> None:
        self.app = app
        self.begun_for = intent or Intent()
        address = settings.SLIPWAY.url + reverse("github-signed-in")
        super().__init__(Strategy(DjangoStorage, request), redirect_uri=address)

    def api_url(self) -> str:
        return f"{self.app.api_url}/"

    def authorization_url(self) -> str:
        return f"{self.app.web_url}/login/oauth/authorize"

    def access_token_url(self) -> str:
        return f"{self.app.web_url}/login/oauth/access_token"

    def get_key_and_secret(self) -> tuple[str, str]:
        return self.app.client_id, self.app.client_secret

    def get_or_create_state(self) -> str | None:
        """With the intent beside it, so that neither another page of the session nor the address changes it."""
        state = super().get_or_create_state()
        if state is not None:
            name = self.transaction_key(state)
            self.strategy.session_set(name, {**self.strategy.session_get(name), "intent": asdict(self.begun_for)})
        return state

    @property
    def intent(self) -> Intent:
        """Of the state that came back and was found right."""
        found = (self._oauth2_transaction or {}).get("intent")
        if not isinstance(found, dict):
            raise AuthSessionError(self, "state", code="session_context_missing", stage="callback")
        return Intent(**found)

    def user_data(self, access_token: str, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        """Of `/user` alone: addresses decide nothing here, so the App does not ask for them."""
        return cast(dict[str, Any], cast(Any, self)._user_data(access_token))

    def get_json(  # type: ignore[override]
        self,
        url: str,
        method: str = "GET",
        headers: Mapping[str, Any] | None = None,
        data: dict[str, str] | None = None,
        *,
        stage: Any = "user_info",
        **_: Any,
    ) -> Any:
        """By our own client, which is the only door to GitHub. A code is sent once: it is good for one use."""
        told = {"Accept": client.JSON, **(headers or {})}
        answer = client.send(method, url, headers=told, form=data, again=method == "GET")
        if answer.status < 400:
            return answer.body
        said = answer.body if stage == "token_exchange" else None
        raise self.get_provider_error(said, stage=stage, status_code=answer.status) or AuthProviderError(
            self, stage=stage, status_code=answer.status, code="rate_limited" if answer.status == 429 else "http_error"
        )


def person_of(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None
