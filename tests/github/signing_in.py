"""What tests of the sign-in do: a browser without a screen that goes to GitHub's page, says yes there, and comes back."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
from django.conf import settings
from django.http import HttpResponse
from django.test import Client

from tests.apps.cast import Person as Somebody
from tests.github import world
from tests.github.plugin import connect
from tests.github.world import GitHub

BACK = "/complete/github/"


def our_app(github: GitHub, **more: Any) -> dict[str, Any]:
    """GitHub is connected, by an App that may come back to us."""
    app = github.app(github.user(), callback_urls=[settings.SLIPWAY.url + BACK], **more)
    connect(github, app)
    return app


def browser(person: Somebody | None = None) -> Client:
    client = Client(headers={"host": urlsplit(settings.SLIPWAY.url).netloc, "user-agent": "Firefox/140.0 Linux"})
    if person is not None:
        client.force_login(person.user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def begun(client: Client, **told: str) -> str:
    """The address at GitHub that the button leads to."""
    answer = client.post("/login/github/", told)
    assert answer.status_code == 302, answer.content.decode()
    return answer["Location"]


def agreed(address: str, person: world.Person) -> str:
    """`person` says yes on GitHub's own page; where it sends the browser."""
    with httpx2.Client() as http:
        page = http.get(address)
        assert page.status_code == 200, page.text
        form = next(f for f in re.findall(r"<form.*?</form>", page.text, re.DOTALL) if f'value="{person.login}"' in f)
        told = {name: value.replace("&amp;", "&") for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', form)}
        return http.post(str(page.url.join("/login/oauth/callback")), data=told).headers["Location"]


def came_back(client: Client, address: str) -> HttpResponse:
    assert address.startswith(settings.SLIPWAY.url + BACK), address
    return client.get(address.removeprefix(settings.SLIPWAY.url))  # type: ignore[return-value]


def signed_in(client: Client, person: world.Person, **told: str) -> HttpResponse:
    """The whole way."""
    return came_back(client, agreed(begun(client, **told), person))


def user_of(client: Client) -> str:
    """Whose session it is; "" for nobody's."""
    return str(client.session.get("_auth_user_id", ""))


def query(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
