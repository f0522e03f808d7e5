"""The cast of the tests: Alice owns the team, Dora develops, Bob may only look, Charlie owns another team.

Fixtures are imported by `tests/conftest.py`. `shop` is Alice's deployed service with everything it can have, and
`CANARY` is the value of every secret in it: it must never be seen again.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from apps.accounts.access import Actor
from apps.accounts.actions import make_api_token, make_owner, make_team
from apps.accounts.models import Membership, Team, User
from apps.accounts.policy import Role, Scope
from apps.deployments import actions, logs, outcome
from apps.deployments.inspections import packed
from apps.deployments.lease import hand_to_agent
from apps.deployments.models import Build, Deployment, DeploymentStep, Inspection, LogStream, Release
from apps.deployments.states import Status, StepStatus
from apps.deployments.steps.release import freeze
from apps.hosts.actions import ensure_local_host
from apps.hosts.metrics import take_metrics
from apps.hosts.models import Host, ServiceState
from apps.projects.models import Domain, Environment, Project, Service, Variable, Volume
from apps.webhooks.models import Delivery, Hook, Outcome
from workers.desired import LATENCY_BOUNDS, MetricsReport, Sample, Tick, Traffic, Usage

CANARY = "canary-7f3c91d2"
PASSWORD = "a long password of nobody"

_numbers = itertools.count(1)


@dataclass
class Person:
    """Somebody with a token, who speaks JSON to the API."""

    user: User
    token: str

    @property
    def actor(self) -> Actor:
        return Actor(self.user)

    @property
    def team(self) -> Team:
        return Team.objects.get(memberships__user=self.user)

    @property
    def client(self) -> Client:
        """A browser that is signed in, and checks nothing for us: forged requests are refused."""
        client = Client(enforce_csrf_checks=True)
        client.force_login(self.user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    def call(self, method: str, path: str, body: object = None, **headers: str) -> HttpResponse:
        """`path` beneath `/api/v1`, or a whole one."""
        address = path if path.startswith("/api") else f"/api/v1{path}"
        told = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return Client(raise_request_exception=False).generic(  # type: ignore[return-value]
            method,
            address,
            b"" if body is None else _json(body),
            content_type="application/json",
            headers={**told, **{name.replace("_", "-"): value for name, value in headers.items()}},
        )

    def get(self, path: str, **headers: str) -> HttpResponse:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: object = None, **headers: str) -> HttpResponse:
        return self.call("POST", path, body, **headers)

    def patch(self, path: str, body: object = None) -> HttpResponse:
        return self.call("PATCH", path, body)

    def delete(self, path: str) -> HttpResponse:
        return self.call("DELETE", path)

    def with_scope(self, scope: Scope) -> Person:
        return Person(self.user, make_api_token(actor=Actor(self.user), name=scope, scope=scope)[1])


NOBODY = Person(User(), "")


def _json(body: object) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body).encode()


def person(user: User) -> Person:
    return Person(user, "").with_scope(Scope.ADMIN)


def make_person(name: str, *, team: Team | None = None, role: Role = Role.VIEWER) -> Person:
    """Somebody in `team`, or the owner of a team of their own."""
    user = User.objects.create_user(f"{name.lower()}-{next(_numbers)}@example.com", PASSWORD, name=name)
    if team is None:
        make_team(user=user, name=f"{name}'s team")
    else:
        Membership.objects.create(user=user, team=team, role=role)
    return person(user)


@pytest.fixture
def host(db: None) -> Host:
    return ensure_local_host()


@pytest.fixture
def quick_passwords(settings: Any) -> None:
    """Hashing a password slowly is for real ones."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def alice(host: Host, quick_passwords: None) -> Person:
    """Owns the installation and her team; an operator."""
    return person(make_owner(name="Alice", email="alice@example.com", password=PASSWORD, team_name="Shop"))


@pytest.fixture
def bob(alice: Person) -> Person:
    """A viewer of Alice's team."""
    return make_person("Bob", team=alice.team, role=Role.VIEWER)


@pytest.fixture
def dora(alice: Person) -> Person:
    """A developer of Alice's team."""
    return make_person("Dora", team=alice.team, role=Role.DEVELOPER)


@pytest.fixture
def charlie(alice: Person) -> Person:
    """Owns another team; must see nothing of Alice's."""
    return make_person("Charlie")


@dataclass
class Shop:
    """Alice's service with one of everything; the second of its deployments is live."""

    team: Team
    project: Project
    environment: Environment
    service: Service
    variable: Variable
    secret: Variable
    domain: Domain
    volume: Volume
    first: Deployment
    live: Deployment

    @property
    def log(self) -> LogStream:
        """What its containers say in production."""
        return self.service.logs.get(environment=None)

    @property
    def build(self) -> Build:
        assert self.live.build is not None
        return self.live.build

    @property
    def release(self) -> Release:
        assert self.live.release is not None
        return self.live.release


def make_live(deployment: Deployment, commit: str) -> Deployment:
    """All the way to live, as the workers and the agent would do it."""
    build = Build.objects.create(
        service=deployment.service, commit=commit, message="Greet politely", author="Alice", fingerprint="f" * 64,
        plan={"language": "python", "framework": "flask", "start": "python app.py", "port": 8000},
        digest="sha256:" + commit[:1] * 64, size_bytes=61_000_000, seconds=1.5,
    )  # fmt: skip
    Deployment.objects.filter(pk=deployment.pk).update(started_at=timezone.now(), commit=commit, attempt=1)
    deployment.refresh_from_db()
    deployment.advance(Status.BUILDING)
    outcome.built(deployment, build)
    freeze(deployment, build)
    hand_to_agent(deployment, seconds=60)
    deployment.refresh_from_db()
    outcome.live(deployment)
    now = timezone.now()
    for name in ("fetch", "build", "switch"):
        DeploymentStep.objects.create(
            deployment=deployment, name=name, status=StepStatus.SUCCEEDED, started_at=now, finished_at=now,
            command=f"{name} it",
        )  # fmt: skip
    return deployment


def make_running(deployment: Deployment, state: str = "running") -> ServiceState:
    """What the agent says of its one instance."""
    told: dict[str, Any] = {
        "name": "web.1", "process": "web", "release": str(deployment.release_id), "state": state,
        "healthy": state == "running", "restarts": 0, "started_at": timezone.now().isoformat(), "memory_bytes": 42,
    }  # fmt: skip
    row, _ = ServiceState.objects.update_or_create(
        service=deployment.service, environment=deployment.environment, host=Host.objects.default(),
        defaults={"reported_at": timezone.now(), "instances": [told]},
    )  # fmt: skip
    return row


def make_pushed(service: Service) -> Outcome:
    """A push that a webhook of the service's own told, and that was not deployed. Its secret is the canary."""
    hook, _ = Hook.objects.get_or_create(service=service, defaults={"forge": "gitea", "secret": CANARY})
    row = Delivery.objects.create(
        forge="gitea", hook=hook, delivery_id=f"told-{next(_numbers)}", event="push", repository_name="acme/shop",
        ref="refs/heads/main", payload=json.dumps({"ref": "refs/heads/main", "secret": CANARY}), state="handled",
    )  # fmt: skip
    return Outcome.objects.create(
        delivery=row, service=service, kind="skipped", code="message", reason="The commit's message says [skip ci].",
        ref="refs/heads/main", before="a" * 40, commit="c" * 40, message="Greet [skip ci]", author="Alice",
    )  # fmt: skip


def make_measured(service: Service, at: datetime | None = None, **changes: Any) -> None:
    """Ten seconds of a service as its host's agent measures them: 20 requests of about 80 ms, one of them a 500."""
    latency = [0] * len(LATENCY_BOUNDS) + [0]
    latency[LATENCY_BOUNDS.index(0.1)] = 20
    told: dict[str, Any] = {
        "service": str(service.pk), "cpu_limit": 1.0, "memory_limit_bytes": 512 * 2**20,
        "usage": Usage(
            seconds=10, cpu_cores=0.22, memory_bytes=188 * 2**20, received_bytes=10_240, sent_bytes=1_024_000
        ),
        "traffic": Traffic(seconds=10, requests=20, errors=1, latency=latency), **changes,
    }  # fmt: skip
    tick = Tick(at=at or timezone.now(), samples=[Sample(**told)])
    take_metrics(Host.objects.default(), MetricsReport(ticks=[tick]))


def make_inspected(deployment: Deployment) -> Inspection:
    """As the steps sbom, scan and sign leave it."""
    flaw = {"id": "CVE-2026-1", "severity": "critical", "package": "zlib1g", "version": "1.3", "fixed": "1.4"}
    counts = {"critical": 1, "high": 0, "medium": 0, "low": 0, "unknown": 0}
    policy = {"policy": "warn", "severity": "high", "at": timezone.now().isoformat()}
    return Inspection.objects.create(
        deployment=deployment, digest=deployment.build.digest if deployment.build else "", document=packed(b"{}"),
        sbom={"tool": "syft 1.18.1", "packages": 226},
        scan={"counts": counts, "fixable": counts, "findings": [{**flaw, "title": "zlib: reads too far"}], **policy},
        signature={"reference": f"r.example/slipway/web@sha256:{'9' * 64}", "at": policy["at"]},
    )  # fmt: skip


@pytest.fixture
def shop(alice: Person) -> Shop:
    """A deployed service with variables, secrets, domains, a volume, logs and instances."""
    first = actions.create_app(
        actor=alice.actor, team=alice.team, project="shop", service="web",
        settings={"source_url": "https://git.example/shop.git", "source_token": CANARY},
        variables={"GREETING": "hello"}, secrets={"API_KEY": CANARY},
        domains=["shop.example.com"], volumes={"data": "/data"},
    )  # fmt: skip
    first = make_live(first, "a" * 40)
    service = Service.objects.get(pk=first.service_id)
    live = make_live(actions.deploy(actor=alice.actor, service=service), "b" * 40)
    first.refresh_from_db()
    make_running(live)
    make_measured(service)
    make_inspected(live)
    logs.append(live.log, [logs.Line(f"line {n}") for n in range(1, 11)])
    stream, _ = logs.LogStream.objects.get_or_create(service=service)
    logs.append(stream, [logs.Line(f"says {n}", source="web.1") for n in range(1, 6)])
    return Shop(
        team=alice.team, project=service.project, environment=live.environment, service=service,
        variable=Variable.objects.get(name="GREETING"), secret=Variable.objects.get(name="API_KEY"),
        domain=Domain.objects.get(host="shop.example.com"), volume=Volume.objects.get(), first=first, live=live,
    )  # fmt: skip


@pytest.fixture
def make_service(alice: Person) -> Callable[[str], Service]:
    """More services in Alice's team, each deployed."""

    def make(name: str) -> Service:
        row = actions.create_app(
            actor=alice.actor, team=alice.team, project="shop", service=name,
            settings={"source_url": "https://git.example/shop.git"}, variables={"GREETING": "hello"},
        )  # fmt: skip
        make_running(make_live(row, "c" * 40))
        return row.service

    return make
