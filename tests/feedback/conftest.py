"""A service that is connected to a repository of the GitHub that tests have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from apps.accounts.access import Actor
from apps.deployments import actions, outcome
from apps.deployments.models import Deployment
from apps.deployments.states import Status
from apps.feedback import noticing, outbox
from apps.feedback.models import Told
from apps.github.models import Connection, Installation, Repository
from apps.github.pulls import Pull, Shown
from apps.projects.models import Environment, EnvironmentKind, Service
from tests.apps.cast import Person, make_live
from tests.github.plugin import connect
from tests.github.world import GitHub, Installed, Repo
from tests.github.world import Person as Coder
from workers.errors import PlatformError, SlipwayError, UserError


@dataclass
class Connected:
    """`service` is from `repo`; `sha` is what its branch holds. What is told is told by `send`."""

    github: GitHub
    actor: Actor
    coder: Coder
    repo: Repo
    app: dict[str, Any]
    installed: Installed
    repository: Repository
    service: Service
    sha: str

    def deploy(
        self, sha: str = "", environment: Environment | None = None, service: Service | None = None
    ) -> Deployment:
        """As by a push: its commit is known from the beginning."""
        row = actions.deploy(
            actor=self.actor, service=service or self.service, environment=environment, commit=sha or self.sha
        )
        return self.fresh(row)

    def live(self, sha: str = "", **more: Any) -> Deployment:
        return make_live(self.deploy(sha, **more), sha or self.sha)

    def fail(self, row: Deployment, sentence: str = "There is no Dockerfile.", *, ours: bool = False) -> Deployment:
        Deployment.objects.filter(pk=row.pk).update(attempt=3)
        row = self.fresh(row)
        row.advance(Status.BUILDING)
        kind: type[SlipwayError] = PlatformError if ours else UserError
        outcome.failed(row, kind(f"build:{'platform' if ours else 'user'}:test", sentence))
        return row

    def fresh(self, row: Deployment) -> Deployment:
        return Deployment.objects.select_related("service__project", "environment").get(pk=row.pk)

    def send(self) -> None:
        noticing.look()
        outbox.drain()

    def told(self, row: Deployment) -> Told:
        return Told.objects.get(deployment_key=row.pk)

    @property
    def shown(self) -> list[tuple[str, str, list[str]]]:
        """Environment, commit and the states of each deployment at GitHub, oldest first."""
        return [
            (d["environment"], d["sha"], [s["state"] for s in d["statuses"]])
            for d in self.github.told(self.repo)["deployments"]
        ]

    @property
    def statuses(self) -> list[tuple[str, str, str]]:
        """Commit, context and state of each commit status at GitHub, oldest first."""
        return [(s["sha"], s["context"], s["state"]) for s in self.github.told(self.repo)["statuses"]]

    @property
    def comments(self) -> list[str]:
        return [row["body"] for row in self.github.told(self.repo)["comments"]]


@pytest.fixture
def connected(github: GitHub, alice: Person, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connected]:
    coder = github.user()
    repo = github.repo(coder)
    sha = github.push(repo, {"app.py": "print()"})
    app = github.app(coder)
    installed = github.install(app, coder, repo)
    connect(github, app)
    installation = Installation.objects.create(
        github_id=installed.id, account_login=coder.login, account_id=coder.id, account_type="User"
    )
    repository = Repository.objects.create(github_id=repo.id, installation=installation, full_name=repo.full_name)
    service = connect_service(alice, repository, "web")
    monkeypatch.setattr(noticing, "_looked_until", None)
    yield Connected(github, alice.actor, coder, repo, app, installed, repository, service, sha)


def connect_service(alice: Person, repository: Repository, name: str) -> Service:
    """Its first deployment was before it was connected."""
    row = actions.create_app(
        actor=alice.actor, team=alice.team, project="shop", service=name,
        settings={"source_url": "https://git.example/shop.git"},
    )  # fmt: skip
    outcome.cancelled(row)
    Connection.objects.create(service=row.service, repository=repository)
    return row.service


@dataclass
class Previews:
    """Stands for the app of previews."""

    rows: dict[Pull, list[Shown]] = field(default_factory=dict)
    environments: dict[UUID, Pull] = field(default_factory=dict)

    def shown(self, pull: Pull) -> list[Shown]:
        return self.rows.get(pull, [])

    def pulls_of(self, environments: Any) -> dict[UUID, Pull]:
        return {key: self.environments[key] for key in environments if key in self.environments}

    def changed_since(self, moment: datetime) -> list[Pull]:
        return list(self.rows)

    def add(self, connected: Connected, number: int, **more: Any) -> Environment:
        slug = f"pr-{number}"
        environment = Environment.objects.create(
            project=connected.service.project, name=slug, slug=slug, kind=EnvironmentKind.PREVIEW
        )
        pull = (connected.repository.pk, number)
        self.environments[environment.pk] = pull
        told = {"environment_id": environment.pk, "at": timezone.now(), "name": "shop/web", **more}
        self.rows[pull] = [Shown(service_id=connected.service.pk, **told)]
        return environment


the_previews = Previews()


def stand_in() -> Previews:
    return the_previews


@pytest.fixture
def previews(settings: Any) -> Previews:
    the_previews.rows.clear()
    the_previews.environments.clear()
    settings.PULL_REQUESTS = "tests.feedback.conftest.stand_in"
    return the_previews
