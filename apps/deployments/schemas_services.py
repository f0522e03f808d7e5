"""What the API tells and is told about services, and about whole apps."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from uuid import UUID

from ninja import Schema
from pydantic import AfterValidator, Field, model_validator

from apps.deployments.overview import Overview, ServiceStatus
from apps.deployments.schemas import DeploymentOut
from apps.deployments.states import Status
from apps.lib.api import PageQuery, Told
from apps.projects.models import Service
from apps.projects.schemas import Name
from workers.git_remote import is_ssh


def _without_credentials(url: str) -> str:
    """A service's address is shown to every viewer. The user of an ssh address is no credential."""
    if "@" in urlsplit(url).netloc and not is_ssh(url):
        raise ValueError("It holds a user name or password. Put the token into source_token.")
    return url


SourceUrl = Annotated[
    str,
    Field(min_length=1, max_length=500, examples=["https://github.com/owner/shop"]),
    AfterValidator(_without_credentials),
]


Picked = Annotated[
    str,
    Field(
        max_length=250,
        description="A repository that GitHub lists for you: `owner/name`, or its numeric id. See GET /github/repositories.",
    ),
]


class Settings(Schema):
    """How a service is built, run and checked. Text left empty means: as detected."""

    image: str = Field(
        default="", max_length=400, description="`ghcr.io/owner/app:1.2`: deployed as it is, instead of a source_url."
    )
    branch: str = Field(default="main", min_length=1, max_length=250, examples=["main"])
    root_directory: str = Field(default="", max_length=250)
    builder: Literal["", "slipway", "railpack", "buildpacks"] = Field(
        default="",
        description="Who makes the image; empty: who slipway.toml names, else `slipway`. The others are commands that "
        "must be on the host.",
    )
    builder_image: str = Field(
        default="",
        max_length=400,
        description="Of `buildpacks`; empty for the installation's.",
        examples=["paketobuildpacks/builder-jammy-base"],
    )
    dockerfile: str = Field(default="", max_length=250)
    language_version: str = Field(default="", max_length=64, description="Such as 3.12 or >=20.")
    packages: str = Field(
        default="",
        max_length=1000,
        description="Packages of the distribution that it needs besides.",
        examples=["ffmpeg"],
    )
    install_command: str = Field(default="", max_length=1000)
    build_command: str = Field(default="", max_length=1000)
    start_command: str = Field(default="", max_length=1000)
    release_command: str = Field(default="", max_length=1000)
    static_dir: str = Field(default="", max_length=250)
    build_memory_mb: int | None = None
    build_timeout_seconds: int | None = None
    port: int | None = Field(default=None, ge=1, le=65535)
    replicas: int = 1
    memory_mb: int = 512
    cpus: float = 1.0
    pids: int = 512
    health_path: str = Field(default="", max_length=250, examples=["/up"])
    health_deadline_seconds: float = 60.0
    health_interval_seconds: float = 0.5
    drain_seconds: float = 30.0
    observation_seconds: float = 60.0
    releases_kept: int = 10
    scan_policy: Literal["", "warn", "block"] = Field(
        default="", description="Of images with known flaws. The installation's policy holds where it is stricter."
    )
    auto_deploy: bool = True
    watch_paths: str = Field(
        default="", max_length=4000, description="One glob a line; `!` takes away.", examples=["libs/**\n!**/*.md"]
    )
    deploy_tags: str = Field(default="", max_length=250, description="Tags that are deployed too.", examples=["v*"])
    wait_for_ci: bool = False


class ServiceIn(Told, Settings):
    """It comes from a `source_url` or from an `image`."""

    name: Name = Field(examples=["web"])
    source_url: SourceUrl = Field(default="", examples=["https://github.com/owner/shop"])
    source_token: str = Field(default="", max_length=2000, description="For a private repository. Never told again.")


class ServiceChange(ServiceIn):
    """Only what is named is changed; it takes effect with the next deployment."""

    name: Name = Field(default="", examples=[])
    source_url: SourceUrl = Field(default="", examples=[])


class InstanceOut(Schema):
    name: str = Field(examples=["web.1"])
    process: str = Field(examples=["web"])
    release_id: UUID | None
    state: str = Field(examples=["running"])
    healthy: bool | None = Field(examples=[True])
    restarts: int = 0
    started_at: datetime | None = None
    exit_code: int | None = None
    cpu_percent: float | None = None
    memory_bytes: int | None = None
    network_rx_bytes: int | None = None
    network_tx_bytes: int | None = None


class RuntimeOut(Schema):
    """What runs, in the words of the host's agent, and how old those are. Null: it never said."""

    reported_at: datetime | None
    age_seconds: float | None
    instances: list[InstanceOut]


class LiveOut(Schema):
    """The release that serves now, and the deployment that made it live."""

    release_id: UUID
    release_number: int
    commit: str = Field(examples=["4f2a9c1e0b7d5a3f6c8e1d2b4a6f8c0e2d4b6a8c"])
    deployment_id: UUID
    live_at: datetime | None


class LatestOut(Schema):
    """The newest deployment, whatever became of it."""

    id: UUID
    number: int
    status: Status


class ServiceOut(Settings):
    id: UUID
    project_id: UUID
    project: str = Field(description="The project's slug.", examples=["shop"])
    team_id: UUID
    name: str = Field(examples=["web"])
    slug: str = Field(examples=["web"])
    source_url: str = Field(examples=["https://github.com/owner/shop"])
    has_source_token: bool
    internal_names: list[str] = Field(
        description="By which its siblings reach what was deployed since it has them.", examples=[["web"]]
    )
    compose: dict[str, Any] = Field(
        description="What its compose file said of it when it was read last; empty for others.", examples=[{}]
    )
    auto_deploy_paused_at: datetime | None
    created_at: datetime
    status: ServiceStatus = Field(examples=["live"])
    urls: list[str] = Field(examples=[["http://web.apps.localhost:8080"]])
    live: LiveOut | None
    latest_deployment: LatestOut | None
    runtime: RuntimeOut


def shown(service: Service, overview: Overview) -> ServiceOut:
    """A service with how it stands."""
    live = overview.live
    release = live.release if live else None
    return ServiceOut(
        **{name: getattr(service, name) for name in Settings.model_fields},
        id=service.pk,
        project_id=service.project_id,
        project=service.project.slug,
        team_id=service.team_id,
        name=service.name,
        slug=service.slug,
        source_url=shown_url(service.source_url),
        has_source_token=bool(service.source_token),
        internal_names=service.internal_names,
        compose=service.compose,
        auto_deploy_paused_at=service.auto_deploy_paused_at,
        created_at=service.created_at,
        status=overview.status,
        urls=overview.urls,
        live=LiveOut(
            release_id=release.pk,
            release_number=release.number,
            commit=release.commit,
            deployment_id=live.pk,
            live_at=live.live_at,
        )
        if live and release
        else None,
        latest_deployment=LatestOut.from_orm(overview.latest) if overview.latest else None,
        runtime=RuntimeOut(
            reported_at=overview.state.reported_at if overview.state else None,
            age_seconds=overview.age_seconds,
            instances=[InstanceOut(**told, release_id=told.get("release")) for told in overview.health.instances],
        ),
    )


def shown_url(url: str) -> str:
    """An address stored with credentials, from wherever it came, is told without them."""
    if is_ssh(url):
        return url
    before, at, after = url.partition("@")
    return f"{before.partition('://')[0]}://{after}" if at and "/" not in before.partition("://")[2] else url


class ServiceQuery(PageQuery):
    project_id: UUID | None = None
    name: str | None = Field(default=None, max_length=40, description="Its name or slug.")


class AppIn(ServiceIn):
    """A whole app at once: project (an existing one is used), service, variables, domains, volumes, deployment.

    Its source is a `source_url`, a `repository` of GitHub, or an `image`.
    """

    source_url: SourceUrl = Field(default="", examples=["https://github.com/owner/shop"])
    repository: Picked = ""
    team_id: UUID | None = Field(default=None, description="May be left out by who is in one team only.")
    project: Name
    name: Name = Field(description="The service's name.", examples=["web"])
    variables: dict[str, str] = Field(default={}, examples=[{"LOG_LEVEL": "info"}])
    secrets: dict[str, str] = Field(default={}, examples=[{"API_KEY": "..."}])
    domains: list[str] = Field(default=[], max_length=50, examples=[["shop.example.com"]])
    volumes: dict[str, str] = Field(
        default={}, max_length=50, description="Name -> folder in the container.", examples=[{"data": "/data"}]
    )

    @model_validator(mode="after")
    def _one_source(self) -> AppIn:
        if [bool(self.source_url), bool(self.repository), bool(self.image)].count(True) != 1:
            raise ValueError("Give one of source_url, repository and image.")
        return self


class AppOut(Schema):
    service: ServiceOut
    deployment: DeploymentOut
