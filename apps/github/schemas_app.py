"""What the API takes and tells about the connection to GitHub. Never a key or a secret."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from ninja import Schema
from pydantic import Field, SecretStr

from apps.lib.api import Told


class ReachOut(Schema):
    state: str = Field(description="arrives, fails, quiet, elsewhere, private, off, unknown", examples=["arrives"])
    sentence: str = Field(examples=["The newest delivery arrived and was answered with 202."])
    hint: str
    checked_at: datetime | None


class GitHubOut(Schema):
    """`is_connected` false: everything of the App is empty."""

    is_connected: bool
    is_fixed: bool = Field(description="The settings SLIPWAY_GITHUB_* say which App it is.")
    app_id: int | None = Field(examples=[12345])
    slug: str = Field(examples=["slipway-example"])
    name: str = Field(examples=["Slipway example.com"])
    html_url: str
    owner: str = Field(examples=["acme"])
    web_url: str = Field(examples=["https://github.com"])
    api_url: str = Field(examples=["https://api.github.com"])
    install_url: str
    webhook_url: str = Field(examples=["https://slipway.example.com/api/webhooks/github"])
    webhook: ReachOut | None = Field(description="What was found when it was looked at last.")


class ByHandIn(Told):
    """An App that exists at GitHub. Without addresses it is at the GitHub of the settings."""

    app_id: int = Field(ge=1, le=2**53, examples=[12345])
    client_id: str = Field(min_length=1, max_length=100, examples=["Iv23liExample"])
    client_secret: SecretStr = Field(min_length=1, max_length=300, examples=["as GitHub shows it once"])
    webhook_secret: SecretStr = Field(min_length=1, max_length=300, examples=["as given at GitHub"])
    private_key: SecretStr = Field(min_length=1, max_length=20_000, examples=["the whole .pem file"])
    web_url: str = Field(default="", max_length=300, examples=["https://github.example.com"])
    api_url: str = Field(default="", max_length=300, examples=["https://github.example.com/api/v3"])


class ManifestOut(Schema):
    """A form that posts `manifest` (as JSON, in a field of that name) to `create_url`, from a browser signed in there."""

    create_url: str = Field(examples=["https://github.com/settings/apps/new"])
    manifest: dict[str, Any]


class ConversionIn(Told):
    """What GitHub sent the browser back with."""

    code: str = Field(max_length=200, examples=["a180b1a3d263c81bc6441d7b990bae27d4c10679"])
    web_url: str = Field(default="", max_length=300, examples=["https://github.example.com"])
    api_url: str = Field(default="", max_length=300, examples=["https://github.example.com/api/v3"])


class InstallationRowOut(Schema):
    id: UUID
    github_id: int = Field(examples=[51234567])
    account_login: str = Field(examples=["acme"])
    account_type: str = Field(examples=["Organization"])
    selection: str = Field(examples=["selected"])
    repositories: int = Field(description="That it sees.", examples=[12])
    suspended_at: datetime | None
    deleted_at: datetime | None
    synced_at: datetime | None

    @staticmethod
    def resolve_repositories(obj: Any) -> int:
        return int(obj.seen)
