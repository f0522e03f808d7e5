"""`python -m bench.page_rows [requests]`: the pages at size, in one process; prints what each took as JSON.

A scratch database with 1,000 services of one team and 10,000 deployments; the real handler with all its middleware.
Not in charge of the table: `bench.pages` is.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from typing import TYPE_CHECKING, Any

from paas.supervisor.memory import COLLECT_AFTER
from tests.scratch import scratch_django
from workers.desired import LATENCY_BOUNDS

if TYPE_CHECKING:
    from apps.accounts.models import User
    from apps.deployments.models import Deployment

SERVICES, EACH, BESIDE = 1_000, 10, 5  # EACH deployments; BESIDE services in a project
VARIABLES, LINES = 10, 20_000
MESSAGE = "Keep the basket for thirty days"
LOG_LINE = ["2026-01-01T12:00:00+00:00", "web.1", "out", "line", "200 GET /products/hammock 18 ms"]

_MEASURED = """
INSERT INTO hosts_measurement (state_id, minutes, at, taken_at, usage_seconds, cpu_seconds, cpu_peak, cpu_limit, memory_peak,
    memory_limit, received_bytes, sent_bytes, edge_seconds, requests, errors, latency)
SELECT state.id, %(span)s, at, at, 60, 12, 0.3, 1, 200000000, 536870912, 60000, 6000000, 60, 400, 2,
    array_fill(30::bigint, ARRAY[%(bounds)s])
FROM hosts_servicestate AS state,
    generate_series(date_trunc('hour', now()) - %(ago)s * interval '1 minute', now(), %(span)s * interval '1 minute') AS at
"""
_AGED = """
UPDATE {table} SET created_at = created_at - ({each} - number) * interval '3 hours'
"""


def fill() -> User:
    """The owner of all of it."""
    from django.db import connection
    from django.utils import timezone

    from apps.accounts.actions import make_owner
    from apps.accounts.models import Installation
    from apps.hosts.actions import ensure_local_host

    ensure_local_host()
    user = make_owner(name="Ada", email="ada@example.com", password="only for figures", team_name="Acme")
    Installation.objects.update_or_create(only=True, defaults={"checklist_dismissed_at": timezone.now()})
    services = _services(user)
    deployments = _deployments(services, user)
    _around(services, deployments, user)
    with connection.cursor() as cursor:
        for table in ("deployments_deployment", "deployments_release"):
            cursor.execute(_AGED.format(table=table, each=EACH))
        for span, ago in ((1, 60), (15, 24 * 60)):
            cursor.execute(_MEASURED, {"span": span, "ago": ago, "bounds": len(LATENCY_BOUNDS) + 1})
        cursor.execute("VACUUM ANALYZE")  # Now, and not beside the pages.
        cursor.execute("CHECKPOINT")
    return user


def _services(user: User) -> list[Any]:
    from apps.accounts.models import Team
    from apps.projects.models import Domain, Environment, Project, Service, Variable

    team = Team.objects.get(memberships__user=user)
    count = SERVICES // BESIDE
    projects = Project.objects.bulk_create(Project(team=team, name=f"p{n}", slug=f"p{n}") for n in range(count))
    places = Environment.objects.bulk_create(
        Environment(project=each, name="production", slug="production") for each in projects
    )
    services = Service.objects.bulk_create(
        Service(project=projects[n // BESIDE], name=f"s{n}", slug=f"s{n}", source_url=f"https://git.example/s{n}.git")
        for n in range(SERVICES)
    )
    Domain.objects.bulk_create(
        Domain(service=each, environment=places[n // BESIDE], host=f"s{n}.{kind}.example", is_generated=kind == "apps")
        for n, each in enumerate(services)
        for kind in ("apps", "own")
    )
    Variable.objects.bulk_create(
        Variable(project=each.project, service=each, name=f"NAME_{k}", value="value", is_secret=k % 3 == 0)
        for each in services
        for k in range(VARIABLES)
    )
    return [(each, places[n // BESIDE]) for n, each in enumerate(services)]


def _deployments(services: list[Any], user: User) -> list[Deployment]:
    """Nine that were replaced or failed, and the live one."""
    from django.utils import timezone

    from apps.deployments.models import Build, Deployment, Release
    from apps.deployments.states import Status
    from apps.deployments.steps.release import spec_of

    now = timezone.now()
    plan = {"language": "python", "framework": "flask", "start": "python app.py", "port": 8000}
    wanted = [(service, place, n) for service, place in services for n in range(1, EACH + 1)]
    builds = Build.objects.bulk_create(
        Build(service=service, commit=f"{n:x}" * 40, message=MESSAGE, author="Ada", fingerprint="f" * 64, plan=plan,
              digest="sha256:" + "a" * 64, size_bytes=60_000_000, seconds=20)
        for service, _, n in wanted
    )  # fmt: skip
    spec, values = spec_of(services[0][0], services[0][1], builds[0]), {f"NAME_{k}": "value" for k in range(VARIABLES)}
    releases = Release.objects.bulk_create(
        Release(service=service, environment=place, number=n, build=build, spec=spec, variables=values)
        for (service, place, n), build in zip(wanted, builds, strict=True)
    )
    return Deployment.objects.bulk_create(
        Deployment(service=service, environment=place, number=n, trigger="push", actor=user, actor_name="Ada",
                   status=Status.LIVE if n == EACH else Status.FAILED if n % 4 == 0 else Status.SUPERSEDED,
                   commit=build.commit, branch="main", build=build, release=release, attempt=1,
                   started_at=now, live_at=now, observed_at=now, finished_at=None if n == EACH else now)
        for (service, place, n), build, release in zip(wanted, builds, releases, strict=True)
    )  # fmt: skip


def _around(services: list[Any], deployments: list[Deployment], user: User) -> None:
    """Steps, logs, what runs, and what people did."""
    from django.utils import timezone

    from apps.accounts.models import ActivityEvent, Team
    from apps.deployments import logs
    from apps.deployments.models import DeploymentStep, LogChunk, LogStream
    from apps.deployments.states import STEPS, Status, StepStatus
    from apps.hosts.models import Host, ServiceState

    now, host, team = timezone.now(), Host.objects.default(), Team.objects.get(memberships__user=user)
    DeploymentStep.objects.bulk_create(
        (DeploymentStep(deployment=row, name=name, status=StepStatus.SUCCEEDED, started_at=now, finished_at=now)
         for row in deployments for name in STEPS), batch_size=5000,
    )  # fmt: skip
    streams = LogStream.objects.bulk_create(LogStream(deployment=row, next_seq=41) for row in deployments)
    LogChunk.objects.bulk_create(
        (LogChunk(stream=each, first_seq=1, last_seq=40, size_bytes=4000, lines=[LOG_LINE] * 40) for each in streams),
        batch_size=1000,
    )
    told = {"name": "web.1", "process": "web", "state": "running", "healthy": True, "restarts": 0, "memory_bytes": 42}
    live = [row for row in deployments if row.status == Status.LIVE]
    ServiceState.objects.bulk_create(
        ServiceState(service=row.service, environment=row.environment, host=host, reported_at=now,
                     instances=[{**told, "release": str(row.release_id), "started_at": now.isoformat()}])
        for row in live
    )  # fmt: skip
    ActivityEvent.objects.bulk_create(
        ActivityEvent(team=team, actor=user, actor_name="Ada", verb="deployed", subject_type="service",
                      subject_id=row.service_id, subject_name=row.service.name)
        for row in deployments
    )  # fmt: skip
    talking = LogStream.objects.bulk_create(LogStream(service=service) for service, _ in services)
    for _ in range(LINES // 1000):
        logs.append(talking[-1], [logs.Line(LOG_LINE[-1], source="web.1")] * 1000)


def addresses() -> dict[str, str]:
    from apps.deployments.models import Deployment

    row = Deployment.objects.select_related("service__project").get(service__slug=f"s{SERVICES - 1}", status="live")
    service = f"/services/{row.service_id}"
    names = {"deployments": "deployments", "variables": "variables", "logs": "logs", "metrics": "metrics"}
    names |= {"domains": "domains", "activity": "activity"}
    pages = {"project list": "/", "project": f"/projects/{row.service.project_id}", "service": service}
    pages |= {"deployment": f"/deployments/{row.pk}"} | {name: f"{service}/{last}" for name, last in names.items()}
    return {**pages, "activity of a team": f"/teams/{row.service.project.team_id}/activity"}


def measure(user: User, requests: int) -> dict[str, dict[str, Any]]:
    """Name -> seconds of each request after three to warm up, queries, and bytes as they are sent."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext
    from django.utils import timezone

    from apps.hosts.models import Host, ServiceState

    client, found = Client(SERVER_NAME="localhost", headers={"Accept-Encoding": "gzip"}), {}
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    for name, url in addresses().items():
        Host.objects.update(last_seen_at=timezone.now())
        ServiceState.objects.update(reported_at=timezone.now())
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(url)
            asked = queries.captured_queries  # The next request forgets them.
        if answer.status_code != 200:
            raise AssertionError(f"{url} answered {answer.status_code}")
        took = [_timed(client, url) for _ in range(3 + requests)][3:]
        found[name] = {"took": took, "queries": len(asked), "bytes": len(answer.content)}
    return found


def _timed(client: Any, url: str) -> float:
    began = time.perf_counter()
    client.get(url)
    return time.perf_counter() - began


if __name__ == "__main__":
    with scratch_django():
        owner = fill()
        gc.collect()
        gc.freeze()  # What filling left behind is no part of a page.
        gc.set_threshold(*COLLECT_AFTER)  # As in the process that serves.
        print(json.dumps(measure(owner, int(sys.argv[1]) if sys.argv[1:] else 50)))
