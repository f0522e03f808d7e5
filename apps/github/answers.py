"""What GitHub answers, as far as we read it. Unknown members are left out. From its description of the REST API."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field


class Told(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class AccountTold(Told):
    id: int
    login: str = Field(max_length=100)
    type: str = "User"
    avatar_url: str = ""


class InstallationTold(Told):
    """Of `/app/installations`, `/user/installations` and of webhooks."""

    id: int
    app_id: int = 0
    account: AccountTold
    repository_selection: str = "selected"
    permissions: dict[str, str] = {}
    suspended_at: datetime | None = None
    html_url: str = ""


class RepositoryTold(Told):
    """Webhooks about installations give the first four only."""

    id: int
    full_name: str = Field(max_length=250)
    private: bool = False
    default_branch: str = ""
    archived: bool = False
    pushed_at: datetime | int | None = None
    owner: AccountTold | None = None
    html_url: str = ""
    clone_url: str = ""
    description: str | None = None
    permissions: dict[str, bool] = {}  # Of whoever asked; told to people, not by webhooks.

    @property
    def may_push(self) -> bool:
        return any(self.permissions.get(name) for name in ("push", "maintain", "admin"))


class TokenTold(Told):
    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    token: str = Field(repr=False)
    expires_at: datetime


class PersonalToken(Told):
    """Of `/login/oauth/access_token`, which answers 200 with `error` too."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    access_token: str = Field(default="", repr=False)
    refresh_token: str = Field(default="", repr=False)
    expires_in: int = 0
    error: str = ""


class ManifestTold(Told):
    """Of `/app-manifests/{code}/conversions`: everything that the new App is known by."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    id: int
    slug: str
    name: str
    html_url: str = ""
    client_id: str
    client_secret: str = Field(repr=False)
    webhook_secret: str | None = Field(default=None, repr=False)
    pem: str = Field(repr=False)
    owner: AccountTold


class AppTold(Told):
    """Of `/app`."""

    id: int
    slug: str = ""
    name: str = ""
    html_url: str = ""
    client_id: str = ""
    owner: AccountTold | None = None
    permissions: dict[str, str] = {}
    events: list[str] = []


class HookConfigTold(Told):
    """Of `/app/hook/config`. Its secret comes as asterisks."""

    url: str = ""
    content_type: str = "form"
    insecure_ssl: str | int = "0"


class DeliveryTold(Told):
    """Of `/app/hook/deliveries`; newest first. `guid` is the X-GitHub-Delivery header, the same when redelivered."""

    id: int
    guid: str
    delivered_at: datetime
    redelivery: bool = False
    duration: float = 0
    status: str = ""
    status_code: int = 0
    event: str = ""
    action: str | None = None
    installation_id: int | None = None
    repository_id: int | None = None
