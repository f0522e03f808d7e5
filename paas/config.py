"""Every setting of the control plane, from the environment and the file that `make up` writes. Says all wrong ones at once.

Not in charge of Django's own settings (`paas.settings`), nor of the agent's (`workers.agent.config`).
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field, SecretStr, model_validator
from pydantic_settings import SettingsConfigDict

from apps.github.addresses import api_address
from paas.config_egress import EgressSettings
from paas.config_images import ImageSettings

ROOT = Path(__file__).resolve().parent.parent


def home() -> Path:
    """The data folder: `SLIPWAY_HOME`, or `.slipway` beside `manage.py`. Absolute."""
    return Path(os.environ.get("SLIPWAY_HOME") or ROOT / ".slipway").resolve()


def _plain(value: str | SecretStr) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else value


class Config(ImageSettings, EgressSettings):
    """Settings are named `SLIPWAY_<NAME>`, but for `DATABASE_URL`, `REDIS_URL` and `TRAEFIK_*`.

    `make up` writes `<home>/env` once, with generated keys; the environment wins over it. What is empty in either is not
    set, for files of settings have such lines.
    """

    model_config = SettingsConfigDict(
        env_prefix="SLIPWAY_", env_ignore_empty=True, extra="ignore", populate_by_name=True
    )

    home: Path = Field(default_factory=home)
    instance: str = Field(pattern=r"^[0-9a-f]{8}$")  # Labels everything of this installation in the engine.
    secret_key: SecretStr = Field(min_length=32)
    variable_keys: SecretStr  # Fernet keys, newest first, separated by commas.
    host_token: SecretStr = Field(min_length=32)  # The token of the host that this installation runs on.

    database_url: SecretStr = Field(validation_alias=AliasChoices("DATABASE_URL", "SLIPWAY_DATABASE_URL"))
    redis_url: SecretStr = Field(validation_alias=AliasChoices("REDIS_URL", "SLIPWAY_REDIS_URL"))

    bind: str = "127.0.0.1"
    port: int = 8000
    dashboard_url: str = ""  # "" means http://<bind>:<port>
    base_domain: str = "apps.localhost"  # Until an operator sets another in the dashboard.
    public_address: str = ""  # Addresses at which the world reaches the edge, separated by commas.
    debug: bool = False

    # The edge. Set TRAEFIK_ROUTES_DIR and TRAEFIK_URL to use a Traefik of your own instead of the embedded one.
    edge_port: int = 8080
    edge_routes_dir: Path | None = Field(default=None, validation_alias=AliasChoices("TRAEFIK_ROUTES_DIR"))
    edge_url: str = Field(default="", validation_alias=AliasChoices("TRAEFIK_URL"))
    edge_public_port: int | None = Field(default=None, validation_alias=AliasChoices("TRAEFIK_PUBLIC_PORT"))

    # Builds at once, and pulls of images: by default one for two cores, four at most.
    build_slots: int | None = Field(default=None, ge=1)
    build_memory_mb: int = 2048
    build_cpus: float = 2.0
    build_timeout_seconds: int = 1800
    # The most that a service may set for its builds. Memory: four times the default unless told.
    build_memory_max_mb: int | None = None
    build_timeout_max_seconds: int = 7200
    build_disk_gb: float = Field(default=10.0, ge=0)  # The most that a build may write; 0 lets it.
    build_free_gb: float = Field(default=2.0, ge=0)  # With less of the engine's disk free no build begins.
    build_cache_gb: float = Field(default=20.0, ge=0)  # What the engine's build cache is shrunk to; 0 leaves it alone.
    release_timeout_seconds: float = 600.0
    share_ca: bool = True  # Builds see the host's CA bundle, index settings and DNS server; nothing stays in the image.
    share_package_index: bool = True
    share_index_credentials: bool = False  # Also with builds by a Dockerfile of the repository, which could keep them.

    log_megabytes: float = Field(default=200.0, gt=0)  # Of each log; its oldest lines go first.

    # GitHub. Normally an operator connects it in the dashboard; with an App's id here, all of these are taken from here.
    github_url: str = "https://github.com"  # A GitHub Enterprise Server has another.
    github_api_url: str = ""  # "" means https://api.github.com, or <github_url>/api/v3
    github_app_id: int | None = None
    github_app_slug: str = ""
    github_client_id: str = ""
    github_client_secret: SecretStr = SecretStr("")
    github_webhook_secret: SecretStr = SecretStr("")
    github_private_key: SecretStr = SecretStr("")  # PEM; its line ends may be written as \n.
    github_webhook_url: str = ""  # Where GitHub reaches us, when that is not <url>/api/webhooks/github

    ci_timeout_seconds: float = Field(default=3600.0, gt=0)  # A push waits no longer for the checks of its commit.
    ci_appears_seconds: float = Field(default=60.0, ge=0)  # By then a commit that has checks shows one.
    delivery_days: int = Field(default=30, ge=1)  # What webhooks brought is kept so long.

    # Who may sign in with GitHub without an account here. None: as an operator says in the dashboard.
    sign_in: Literal["invited", "allowed", "open"] | None = None
    sign_in_allowed: str = ""  # Organisations and people at GitHub, separated by commas: acme, alice, id:583231

    allow_private_sources: bool = True  # git on this machine and its private networks; never link-local addresses.
    sample: bool = True

    releases_kept: int = 10
    observation_seconds: float = 60.0
    drain_seconds: float = 30.0
    lease_seconds: float = 30.0
    reconcile_seconds: float = 10.0

    @model_validator(mode="after")
    def _whole_github_app(self) -> Config:
        names = ("app_slug", "client_id", "client_secret", "webhook_secret", "private_key")
        missing = [f"SLIPWAY_GITHUB_{n.upper()}" for n in names if not _plain(getattr(self, f"github_{n}"))]
        if self.github_app_id is not None and missing:
            raise ValueError(f"SLIPWAY_GITHUB_APP_ID is set; {', '.join(missing)} must be set too")
        return self

    @property
    def url(self) -> str:
        """The dashboard's address, without a trailing slash."""
        return self.dashboard_url.rstrip("/") or f"http://{self.bind}:{self.port}"

    @property
    def github_api(self) -> str:
        """The API's address that belongs to `github_url`, without a trailing slash."""
        return self.github_api_url.rstrip("/") or api_address(self.github_url)

    @property
    def builds_at_once(self) -> int:
        return self.build_slots or max(1, min(4, (os.cpu_count() or 1) // 2))

    @property
    def build_egress(self) -> Literal["open", "public", "none"]:
        return self.build_network or ("open" if self.allow_private_sources else "public")

    @property
    def build_memory_ceiling_mb(self) -> int:
        return max(self.build_memory_mb, self.build_memory_max_mb or 4 * self.build_memory_mb)

    @property
    def build_timeout_ceiling_seconds(self) -> int:
        return max(self.build_timeout_seconds, self.build_timeout_max_seconds)

    @property
    def routes_dir(self) -> Path:
        return self.edge_routes_dir or self.home / "edge" / "routes"

    @property
    def edge_address(self) -> str:
        """Where the agent and the tests reach the edge: `http://127.0.0.1:<port>`."""
        return self.edge_url.rstrip("/") or f"http://127.0.0.1:{self.edge_port}"

    def public_url(self, host: str) -> str:
        """The address at which people reach a host name routed by the edge."""
        port = self.edge_public_port or self.edge_port
        return f"http://{host}" if port == 80 else f"http://{host}:{port}"


@lru_cache(maxsize=1)
def config() -> Config:
    """The one configuration of this process."""
    return Config(_env_file=home() / "env")  # type: ignore[call-arg]
