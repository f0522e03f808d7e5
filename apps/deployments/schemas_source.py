"""What the API tells and is told about sources: repositories to pick, what was found in one, where a service comes from."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from ninja import Schema
from pydantic import Field, model_validator

from apps.deployments.schemas import DeploymentOut
from apps.deployments.schemas_builds import PlanValueOut
from apps.deployments.schemas_failures import ErrorOut
from apps.deployments.schemas_services import SourceUrl
from apps.deployments.sources import SourceOf
from apps.lib.api import Told
from apps.projects.schemas import Name

Repository = Annotated[
    str,
    Field(
        min_length=1,
        max_length=250,
        description="`owner/name`, or GitHub's numeric id: one that GitHub lists for you.",
        examples=["owner/shop"],
    ),
]


class RepositoryOut(Schema):
    github_id: int = Field(examples=[1296269])
    full_name: str = Field(examples=["owner/shop"])
    private: bool
    archived: bool = False
    default_branch: str = Field(examples=["main"])
    description: str = ""
    pushed_at: datetime | None


class AccountOut(Schema):
    """Where the GitHub App is installed. `selection`: it sees `all` repositories there, or `selected` ones."""

    login: str = Field(examples=["owner"])
    type: str = Field(examples=["Organization"])
    selection: str = Field(examples=["selected"])
    is_suspended: bool


class RepositoriesOut(Schema):
    """`state` is `list`, or what there is to do first: `unconnected` (an operator connects GitHub), `unlinked` (sign in with
    GitHub), `ended` (sign in again), `uninstalled` (install the App), `away` (GitHub did not answer; see `problem`)."""

    state: str = Field(examples=["list"])
    items: list[RepositoryOut]
    total: int
    page: int
    pages: int
    accounts: list[AccountOut]
    account: str = Field(description="The one whose repositories these are; empty for all.", examples=[""])
    install_url: str = Field(examples=["https://github.com/apps/slipway/installations/new"])
    problem: ErrorOut | None


class RepositoriesQuery(Schema):
    q: str = Field(default="", max_length=100, description="Words of its name or description.")
    account: str = Field(default="", max_length=100, description="The login of an account with the App.")
    page: int = Field(default=1, ge=1, le=10_000)
    fresh: bool = Field(default=False, description="Ask GitHub anew; else the list may be a minute old.")


class OneSource(Told):
    """A `source_url`, or a `repository` of GitHub."""

    source_url: SourceUrl = Field(default="", examples=["https://git.example/shop.git"])
    source_token: str = Field(default="", max_length=2000)
    repository: str = Field(default="", max_length=250, description="`owner/name`, or its numeric id.", examples=[])
    branch: str = Field(default="", max_length=250, description="Empty: the default one.")
    root_directory: str = Field(default="", max_length=250)

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if bool(self.source_url) == bool(self.repository):
            raise ValueError("Give either source_url or repository.")
        return self


class AnalyzeIn(OneSource):
    """A `source_url`, or a `repository` of GitHub."""

    dockerfile: str = Field(default="", max_length=250)
    start_command: str = Field(default="", max_length=1000)
    variables: dict[str, str] = Field(
        default={}, max_length=1000, description="Those that it would have: RAILPACK_* and NIXPACKS_* are honoured."
    )


class AnalyzeOut(Schema):
    """`plan` null: `problem` says why; `compose_problem`: the compose file cannot be read. The folders that could be
    deployed are told of repositories of GitHub only."""

    branch: str = Field(examples=["main"])
    commit: str = Field(examples=["4f2a9c1e0b7d5a3f6c8e1d2b4a6f8c0e2d4b6a8c"])
    message: str = Field(examples=["Greet politely"])
    plan: dict[str, Any] | None = Field(examples=[{"language": "python", "framework": "flask", "reasons": []}])
    resources: list[PlanValueOut] = Field(
        description="What its build may use, and what each of its containers gets: a new service's, or this one's.",
        examples=[
            [{"name": "memory", "value": "512 MB", "kind": "default", "origin": "what every service begins with"}]
        ],
    )
    problem: ErrorOut | None
    compose: dict[str, Any] | None = Field(
        description="What the compose file in the folder becomes: services, and findings that name the keys which are "
        "ignored or refused. Make them with POST /compose.",
        examples=[{"file": "compose.yml", "services": [], "findings": [], "asked": []}],
    )
    compose_problem: ErrorOut | None
    root_directories: list[str] = Field(examples=[["", "apps/web"]])
    branches: list[str] = Field(examples=[["main"]])


class ComposeIn(OneSource):
    """A `source_url`, or a `repository` of GitHub, with a compose file in its `root_directory`."""

    root_directory: str = Field(default="", max_length=250, description="The folder of the compose file.")
    team_id: UUID | None = Field(default=None, description="May be left out by who is in one team only.")
    project: Name
    variables: dict[str, str] = Field(
        default={},
        max_length=1000,
        description="Values for what the file leaves open, such as ${DB_PASSWORD}. "
        "Those that were given with an earlier import of it are remembered.",
    )
    dry_run: bool = Field(default=False, description="Only tell what would be added and changed.")


class ComposeOut(Schema):
    """Deployments are in the order in which they start. `compose` is as `POST /analyze` tells it. Names are those of the
    file."""

    deployments: list[DeploymentOut]
    added: list[str] = Field(examples=[["web", "db"]])
    changed: dict[str, list[str]] = Field(
        description="Services of an image that were here, and what changed in the file.", examples=[{}]
    )
    kept: list[str] = Field(description="Those that were here from this file, and stay.", examples=[[]])
    compose: dict[str, Any] = Field(examples=[{"file": "compose.yml", "services": [], "findings": [], "asked": []}])


class ConnectIn(Told):
    repository: Repository
    branch: str = Field(default="", max_length=250, description="Empty: the repository's default one.")


class TroubleOut(Schema):
    trouble: str = Field(examples=["removed"])
    sentence: str = Field(examples=["The GitHub App may no longer see owner/shop."])
    hint: str = Field(examples=["Add it again under Adjust access at GitHub."])
    url: str = Field(examples=["https://github.com/apps/slipway/installations/new"])


class ConnectedOut(Schema):
    github_id: int = Field(examples=[1296269])
    full_name: str = Field(examples=["owner/shop"])
    private: bool
    default_branch: str = Field(examples=["main"])


class KeyOut(Schema):
    """`public` is given to the repository as a deploy key. `host_key` "": the server was not met yet."""

    public: str = Field(examples=["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI... slipway"])
    fingerprint: str = Field(examples=["SHA256:7Kq..."])
    host_key: str = Field(examples=["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI..."])
    host_fingerprint: str = Field(examples=["SHA256:uNi..."])


class SourceOut(Schema):
    """`kind` is `github`, `ssh`, `https` or `image`. `trouble`: what happened to the repository at GitHub, and how to mend
    it."""

    kind: str = Field(examples=["github"])
    source_url: str = Field(examples=["https://github.com/owner/shop.git"])
    image: str = Field(examples=[""])
    branch: str = Field(examples=["main"])
    root_directory: str = Field(examples=[""])
    has_source_token: bool
    repository: ConnectedOut | None
    trouble: TroubleOut | None
    deploy_key: KeyOut | None

    @staticmethod
    def of(source: SourceOf, url: str) -> dict[str, Any]:
        service = source.service
        return {
            "kind": source.kind,
            "source_url": url,
            "image": service.image,
            "branch": service.branch,
            "root_directory": service.root_directory,
            "has_source_token": bool(service.source_token),
            "repository": source.repository,
            "trouble": source.trouble,
            "deploy_key": source.key,
        }
