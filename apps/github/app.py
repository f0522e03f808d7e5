"""Our App at GitHub: the one of the environment, else the one that an operator connected. Not in charge of connecting it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from django.conf import settings

from apps.github.errors import NotConnected
from apps.github.models import GitHubApp


@dataclass(frozen=True, repr=False)
class App:
    """What is needed to speak for it. `is_fixed`: the environment gave it, and no page changes it."""

    app_id: int
    slug: str
    name: str
    client_id: str
    client_secret: str
    webhook_secret: str
    private_key: str
    web_url: str
    api_url: str
    html_url: str = ""
    owner_login: str = ""
    is_fixed: bool = False

    def __repr__(self) -> str:
        return f"<App {self.app_id}>"

    @property
    def page(self) -> str:
        """Its public page at GitHub."""
        return self.html_url or f"{self.web_url}/apps/{quote(self.slug)}"

    @property
    def install_url(self) -> str:
        """Where a person installs it or changes which repositories it sees. Add `?state=`."""
        return f"{self.web_url}/apps/{quote(self.slug)}/installations/new"


FIELDS = (
    "app_id", "slug", "name", "client_id", "client_secret", "webhook_secret", "private_key", "web_url", "api_url",
    "html_url", "owner_login",
)  # fmt: skip


def the_app() -> App | None:
    """None: GitHub is not connected. One query at most."""
    if settings.SLIPWAY.github_app_id is not None:
        return _of_environment()
    row = GitHubApp.objects.first()
    return App(**{name: getattr(row, name) for name in FIELDS}) if row else None


def require_app() -> App:
    app = the_app()
    if app is None:
        raise NotConnected
    return app


def _of_environment() -> App:
    told = settings.SLIPWAY
    return App(
        app_id=told.github_app_id or 0,
        slug=told.github_app_slug,
        name=told.github_app_slug,
        client_id=told.github_client_id,
        client_secret=told.github_client_secret.get_secret_value(),
        webhook_secret=told.github_webhook_secret.get_secret_value(),
        private_key=told.github_private_key.get_secret_value().replace("\\n", "\n"),
        web_url=told.github_url.rstrip("/"),
        api_url=told.github_api,
        is_fixed=True,
    )
