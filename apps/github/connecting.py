"""Connecting this installation to GitHub, and ending that: by the manifest's answer, or by what an operator types in.

One App for the installation. Not in charge of pages, or of where the App is installed (`installations`).
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.db import IntegrityError, transaction

from apps.accounts.access import Actor
from apps.accounts.installation import note, require_operator
from apps.github import cache, installations, reach
from apps.github.addresses import api_address
from apps.github.answers import AppTold, ManifestTold
from apps.github.app import FIELDS, App, require_app, the_app
from apps.github.client import app_client, converted
from apps.github.errors import BadToken, NotThere
from apps.github.models import GitHubApp, Installation
from apps.lib import tokens
from workers.errors import PlatformError, UserError

log = logging.getLogger(__name__)
CODE = re.compile(r"[A-Za-z0-9_-]{8,200}")


@dataclass(frozen=True)
class Server:
    """A GitHub: github.com, or a GitHub Enterprise Server. Addresses without a trailing slash."""

    web_url: str
    api_url: str

    @classmethod
    def of(cls, web_url: str, api_url: str = "") -> Server:
        """From what was typed; "" means as the settings say. Plain HTTP only within a private network."""
        web = address(web_url) if web_url.strip() else settings.SLIPWAY.github_url.rstrip("/")
        is_set = web == settings.SLIPWAY.github_url.rstrip("/")
        api = address(api_url) if api_url.strip() else (settings.SLIPWAY.github_api if is_set else api_address(web))
        return cls(web, api)


def address(text: str) -> str:
    """An address of a server as it is used: without user, query and trailing slash. UserError otherwise."""
    url = text.strip().rstrip("/")
    try:
        parts = urlsplit(url)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        parts, port_is_fine = urlsplit(""), False
    is_plain = parts.scheme == "http" and not reach.why_private(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_is_fine or is_plain or _is_more(url):
        raise UserError(
            "github:user:address", "That is no address of a GitHub server.",
            hint="It begins with https:// and holds no user, query or fragment.", status=422,
        )  # fmt: skip
    return url


def _is_more(url: str) -> bool:
    parts = urlsplit(url)
    return bool(parts.username or parts.password or parts.query or parts.fragment or re.search(r"[\s\\\x00-\x20]", url))


def finish_manifest(*, actor: Actor, code: str, server: Server) -> App:
    """Exchange the code of GitHub's return for the new App, once and within the hour, and keep it."""
    require_operator(actor, "connect GitHub")
    _refuse_second()
    if not CODE.fullmatch(code):
        raise _bad_code()
    try:
        told = converted(server.api_url, code)
    except NotThere as error:
        raise _bad_code() from error
    return _keep(actor, _row(told, server))


def _row(told: ManifestTold, server: Server) -> GitHubApp:
    return GitHubApp(
        app_id=told.id,
        slug=told.slug,
        name=told.name,
        html_url=told.html_url,
        owner_login=told.owner.login,
        web_url=server.web_url,
        api_url=server.api_url,
        client_id=told.client_id,
        client_secret=told.client_secret,
        webhook_secret=told.webhook_secret or tokens.make_token("hook"),
        private_key=told.pem,
    )


def connect_by_hand(
    *,
    actor: Actor,
    server: Server,
    app_id: int,
    client_id: str,
    client_secret: str,
    webhook_secret: str,
    private_key: str,
) -> App:
    """An App that was made at GitHub before. Its name is asked with its key, which proves the key."""
    require_operator(actor, "connect GitHub")
    _refuse_second()
    row = GitHubApp(
        app_id=app_id, client_id=client_id, client_secret=client_secret, webhook_secret=webhook_secret,
        private_key=private_key.replace("\r\n", "\n").strip() + "\n", web_url=server.web_url, api_url=server.api_url,
    )  # fmt: skip
    try:
        told = app_client(_as_app(row)).get("/app", AppTold)
    except (BadToken, NotThere) as error:
        raise UserError(
            "github:user:by-hand", "GitHub does not take this App ID with this private key.",
            hint="Both stand on the App's page at GitHub; the key is the whole .pem file.", status=422,
        ) from error  # fmt: skip
    except PlatformError as error:
        if error.code != "github:platform:key":
            raise
        raise UserError(
            "github:user:by-hand-key", "That is no private key.", hint="Paste the whole .pem file.", status=422
        ) from error
    row.slug, row.name, row.html_url = told.slug, told.name, told.html_url
    row.owner_login = told.owner.login if told.owner else ""
    return _keep(actor, row)


def _keep(actor: Actor, row: GitHubApp) -> App:
    try:
        with transaction.atomic():
            row.save()
            note(actor, "connected GitHub to", after=row.name, before="nothing")
    except IntegrityError as error:
        raise _second() from error
    app = _as_app(row)
    look_around(app)
    return app


def look_around(app: App) -> None:
    """What GitHub says of a new App; that GitHub is away does not undo the connection."""
    reach.check(app)
    try:
        installations.refresh()
    except PlatformError as error:
        log.warning("installations were not read: %s", error.message)


@transaction.atomic
def disconnect(*, actor: Actor) -> None:
    """Forget the App and its secrets here. What runs goes on; at GitHub the App stays until somebody deletes it there."""
    require_operator(actor, "disconnect GitHub")
    app = require_app()
    if app.is_fixed:
        raise _fixed()
    for github_id in Installation.objects.values_list("github_id", flat=True):
        cache.drop("token", f"installation:{app.app_id}:{github_id}")
    cache.drop("reach", app.app_id)
    GitHubApp.objects.all().delete()
    note(actor, "disconnected GitHub from", before=app.name, after="nothing")


def send_here(*, actor: Actor) -> reach.Reach:
    """Have GitHub send the App's webhooks to this Slipway, under the secret that is known here."""
    require_operator(actor, "change the App's webhook")
    app = require_app()
    told = {"url": reach.webhook_url(), "secret": app.webhook_secret, "content_type": "json", "insecure_ssl": "0"}
    app_client(app).request("PATCH", "/app/hook/config", told)
    return reach.check(app, again=True)


def _as_app(row: GitHubApp) -> App:
    return App(**{name: getattr(row, name) for name in FIELDS})


def _refuse_second() -> None:
    app = the_app()
    if app is not None:
        raise _fixed() if app.is_fixed else _second()


def _second() -> UserError:
    return UserError("github:user:connected", "GitHub is connected already.", hint="Disconnect it first.", status=409)


def _fixed() -> UserError:
    return UserError(
        "github:user:fixed", "The settings SLIPWAY_GITHUB_* of this installation say which App it is.",
        hint="Change them in its environment.", status=409,
    )  # fmt: skip


def _bad_code() -> UserError:
    return UserError(
        "github:user:manifest-code", "GitHub does not know the code that it sent you back with, or not any more.",
        hint="It is good once, for an hour. Delete the App that was just made at GitHub, and connect again.", status=422,
    )  # fmt: skip
