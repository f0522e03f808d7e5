"""A team as one might find it: services that are live, failed and building, with days of history. For pictures.

Made by the product's own actions; only moments are moved into the past afterwards, and what agents say is told here.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from apps.accounts.actions import make_owner
from apps.accounts.models import ActivityEvent, Membership, User
from apps.accounts.policy import Role
from apps.deployments import actions, logs, outcome
from apps.deployments.models import Build, Deployment, DeploymentStep, LogStream
from apps.deployments.states import STEPS, Status, StepStatus
from apps.hosts.actions import ensure_local_host
from apps.hosts.metrics import take_metrics
from apps.hosts.models import Host, ServiceState
from apps.projects.models import Domain, Project, Service, Variable, Volume
from apps.projects.variables import set_variables
from tests.apps.cast import Person, Shop, make_live, make_running, person
from workers.desired import LATENCY_BOUNDS, MetricsReport, Sample, Tick, Traffic, Usage
from workers.errors import UserError

SECONDS = {
    "fetch": 1.1, "analyze": 0.2, "build": 21.4, "release": 0.4, "start": 1.3, "health": 2.2, "switch": 0.3, "drain": 0.6,
}  # fmt: skip
HISTORY = [
    ("Show prices in the visitor's currency", "Ben Okafor"),
    ("Keep the basket for thirty days", "Ada Moreau"),
    ("Resize pictures when they are uploaded", "Ben Okafor"),
    ("Answer searches from the index", "Chloe Lind"),
    ("Write orders before the payment is asked for", "Ada Moreau"),
    ("Send receipts in plain text too", "Ben Okafor"),
    ("Round totals as the tax office does", "Chloe Lind"),
    ("Greet returning visitors by name", "Ada Moreau"),
]
BUILD_LOG = [
    ("command", "git fetch --depth 1 origin main"), ("line", "From https://git.example/shop"),
    ("line", " * branch            main       -> FETCH_HEAD"),
    ("step", "Build"), ("command", "docker build --file Dockerfile.slipway ."),
    ("line", "\x1b[34m#1\x1b[0m [internal] load build definition"),
    ("line", "\x1b[34m#4\x1b[0m [build 1/4] FROM python:3.12-slim \x1b[32mCACHED\x1b[0m"),
    ("line", "\x1b[34m#5\x1b[0m [build 2/4] COPY requirements.txt ."),
    ("line", "\x1b[34m#6\x1b[0m [build 3/4] RUN pip install --requirement requirements.txt"),
    *(("line", f"\x1b[34m#6\x1b[0m Collecting {name}") for name in
      ("flask==3.1.0", "gunicorn==23.0.0", "sqlalchemy==2.0.36", "psycopg==3.2.3", "pillow==11.0.0", "babel==2.16.0")),
    ("line", "\x1b[34m#6\x1b[0m \x1b[33mWARNING: psycopg 3.2.3 has no wheel for this platform, building it\x1b[0m"),
    ("line", "\x1b[34m#6\x1b[0m \x1b[32mSuccessfully installed\x1b[0m 6 packages in 14.2 s"),
    ("line", "\x1b[34m#7\x1b[0m [build 4/4] COPY . ."), ("line", "\x1b[34m#8\x1b[0m exporting layers \x1b[32mdone\x1b[0m"),
    ("step", "Release"), ("command", "python manage.py migrate"),
    ("line", "  Applying orders.0007_receipts... \x1b[32mOK\x1b[0m"),
    ("step", "Health"), ("line", "web.1 answered 200 on /healthz after 1.9 s"),
]  # fmt: skip
REQUESTS = [
    '\x1b[32m200\x1b[0m GET / 11 ms', '\x1b[32m200\x1b[0m GET /products/hammock 18 ms',
    '\x1b[36m304\x1b[0m GET /static/shop.css 1 ms', '\x1b[32m201\x1b[0m POST /basket 27 ms',
    '{"level": "info", "msg": "order written", "order": 48211, "total": "129.00 EUR"}',
    '\x1b[33m404\x1b[0m GET /wp-login.php 2 ms', 'WARN  slow query (412 ms): select … from products',
    '\x1b[32m200\x1b[0m GET /search?q=lamp 34 ms', '\x1b[31m502\x1b[0m POST /pay 3001 ms',
    'ERROR payment gateway did not answer within 3 s, order 48212 is kept',
]  # fmt: skip


@dataclass
class Scene:
    """`shop` is the service with one of everything; beside it one that builds and one that failed."""

    ada: Person
    shop: Shop
    quiet: Service
    building: Deployment
    failed: Deployment


def make_scene() -> Scene:
    ensure_local_host()
    ada = person(make_owner(name="Ada Moreau", email="ada@example.com", password="only for pictures", team_name="Acme"))
    for name, role in (("Ben Okafor", Role.DEVELOPER), ("Chloe Lind", Role.VIEWER)):
        user = User.objects.create_user(f"{name.split()[0].lower()}@example.com", name=name)
        Membership.objects.create(user=user, team=ada.team, role=role)
    web = _create(ada, "shop", "web", domains=["shop.example.com"], volumes={"uploads": "/data"},
                  variables={"CURRENCY": "EUR", "LOG_LEVEL": "info", "WORKERS": "4"},
                  secrets={"DATABASE_URL": "postgres://shop", "PAYMENT_KEY": "pk"})  # fmt: skip
    first, live = _history(ada, web, count=8)
    for project, name in (("shop", "worker"), ("shop", "search"), ("website", "landing")):
        uses = {"variables": {"SHOP_URL": "${{web.URL}}"}} if name in ("worker", "search") else {}
        _history(ada, _create(ada, project, name, **uses), count=3 + len(name) % 3)
    failed = _fails(ada, _history(ada, _create(ada, "website", "blog"), count=3)[1].service)
    building = _builds(ada, _history(ada, _create(ada, "handbook", "docs"), count=4)[1].service)
    _measure(list(Service.objects.all()))
    service = web.service
    set_variables(
        actor=ada.actor, project=service.project, service=service, values={"LOG_LEVEL": "debug", "THEME": "autumn"}
    )
    quiet = Service.objects.get(slug="search")
    for each in (service, quiet):
        _say(each)
    keep_fresh()
    return Scene(ada, _shop(service, first, live), quiet, building, failed)


def keep_fresh() -> None:
    """The host was heard of just now, so that nothing looks stale while pictures are taken."""
    Host.objects.update(last_seen_at=timezone.now(), agent_version="0.1.0")
    ServiceState.objects.update(reported_at=timezone.now())


def _create(ada: Person, project: str, name: str, **more: Any) -> Deployment:
    source = {"source_url": f"https://git.example/{name if project != 'shop' else 'shop'}.git"}
    return actions.create_app(actor=ada.actor, team=ada.team, project=project, service=name, settings=source, **more)


def _history(ada: Person, first: Deployment, count: int) -> tuple[Deployment, Deployment]:
    """The first and the live one of `count` deployments, the newest some minutes old."""
    row = first
    for n in range(count):
        row = first if n == 0 else actions.deploy(actor=ada.actor, service=first.service, trigger="push")
        make_live(row, hashlib.sha1(f"{first.service.name} {n}".encode()).hexdigest())
        _tell(row, n, hours=(count - 1 - n) * 19 + len(first.service.name) * 2.7 - 7.5)
    _run(row)
    first.refresh_from_db()
    row.refresh_from_db()
    return first, row


def _run(row: Deployment) -> None:
    """Two instances, as the agent reports them."""
    state = make_running(row)
    (told,) = state.instances
    since = (timezone.now() - timedelta(minutes=35)).isoformat()
    state.instances = [
        {**told, "name": f"web.{n}", "started_at": since, "memory_bytes": (171 + 9 * n) * 2**20, "cpu_percent": 9.5 + n}
        for n in (1, 2)
    ]
    state.save()


def _tell(row: Deployment, n: int, hours: float) -> None:
    """Its commit, steps and log, and all of it so long ago."""
    message, author = HISTORY[n % len(HISTORY)]
    Build.objects.filter(deployment=row).update(message=message, author=author)
    begun = timezone.now() - timedelta(hours=hours)
    end = _steps(row, begun, [name for name in STEPS if name in SECONDS], pace=1 + 0.3 * math.sin(n))
    Deployment.objects.filter(pk=row.pk).update(
        created_at=begun, started_at=begun, live_at=end, observed_at=end, finished_at=None, actor_name=author
    )
    moved = ActivityEvent.objects.filter(
        created_at__gte=timezone.now() - timedelta(seconds=2), subject_id=row.service_id
    )
    moved.update(created_at=end, actor_name=author)
    logs.append(row.log, [logs.Line(text, (begun + timedelta(seconds=i)).isoformat(), kind=kind)
                          for i, (kind, text) in enumerate(BUILD_LOG)])  # fmt: skip


def _steps(row: Deployment, at: Any, names: list[str], pace: float = 1.0, last: str = StepStatus.SUCCEEDED) -> Any:
    row.steps.all().delete()
    for name in names:
        end = at + timedelta(seconds=SECONDS[name] * pace)
        status = last if name == names[-1] else StepStatus.SUCCEEDED
        is_open = status == StepStatus.RUNNING
        DeploymentStep.objects.create(
            deployment=row, name=name, status=status, started_at=at, finished_at=None if is_open else end
        )
        at = end
    return at


def _say(service: Service) -> None:
    """What its containers said in the last minutes."""
    stream, _ = LogStream.objects.get_or_create(service=service)
    at = timezone.now() - timedelta(seconds=480)
    lines = [(REQUESTS[n * 7 % len(REQUESTS)], at + timedelta(seconds=4 * n), f"web.{n % 2 + 1}") for n in range(120)]
    logs.append(stream, [logs.Line(text, when.isoformat(), source) for text, when, source in lines])


def _told(row: Deployment, begun: Any, sha: str, message: str, author: str) -> None:
    """What a push tells of a commit before anything is built of it."""
    told = {"commit": sha * 5, "message": message, "author": author, "created_at": begun, "started_at": begun}
    Deployment.objects.filter(pk=row.pk).update(attempt=1, **told)


def _fails(ada: Person, service: Service) -> Deployment:
    row = actions.deploy(actor=ada.actor, service=service, trigger="push")
    begun = timezone.now() - timedelta(minutes=5)
    _told(row, begun, "9f2c41d", "Take the newest flask", "Ben Okafor")
    row.refresh_from_db()
    row.advance(Status.BUILDING)
    logs.append(row.log, [logs.Line(text, kind=kind) for kind, text in BUILD_LOG[:9]])
    logs.append(row.log, [logs.Line("ERROR: No matching distribution found for flask==31.0", kind="error")])
    _steps(row, begun, ["fetch", "analyze", "build"], last=StepStatus.RUNNING)
    outcome.failed(row, UserError(
        "build:user:exit", "The build ended with exit code 1: no version of flask satisfies flask==31.0.",
        hint="Look at line 8 of requirements.txt: the newest flask is 3.1.0.",
    ))  # fmt: skip
    _steps(row, begun, ["fetch", "analyze", "build"], last=StepStatus.FAILED)
    Deployment.objects.filter(pk=row.pk).update(finished_at=begun + timedelta(seconds=22.7))
    return row


def _builds(ada: Person, service: Service) -> Deployment:
    row = actions.deploy(actor=ada.actor, service=service)
    begun = timezone.now() - timedelta(seconds=14)
    _told(row, begun, "4be0a77", "Explain how refunds work", "Ada Moreau")
    row.refresh_from_db()
    row.advance(Status.BUILDING, step="build")
    logs.append(row.log, [logs.Line(text, kind=kind) for kind, text in BUILD_LOG[:14]])
    _steps(row, begun, ["fetch", "analyze", "build"], last=StepStatus.RUNNING)
    return row


def _measure(services: list[Service]) -> None:
    """The last seven hours, a sample a minute, with a lunch and one bad moment."""
    now, host = timezone.now(), Host.objects.default()
    ticks = [
        Tick(at=now - timedelta(minutes=ago), samples=[_sample(service, n, ago) for n, service in enumerate(services)])
        for ago in range(420, -1, -1)
    ]
    take_metrics(host, MetricsReport(ticks=ticks))


def _sample(service: Service, n: int, ago: int) -> Sample:
    wave = 1 + 0.35 * math.sin(ago / 17 + n) + 0.15 * math.sin(ago / 3 + 2 * n)
    latency = [0] * (len(LATENCY_BOUNDS) + 1)
    requests = int(420 * wave / (n + 1))
    slow = requests // (6 if 40 < ago < 46 else 40)
    latency[LATENCY_BOUNDS.index(0.05)], latency[LATENCY_BOUNDS.index(0.25)] = requests - slow, slow
    return Sample(
        service=str(service.pk), cpu_limit=1.0, memory_limit_bytes=512 * 2**20,
        usage=Usage(seconds=60, cpu_cores=0.21 * wave, memory_bytes=int((170 + 22 * wave) * 2**20),
                    received_bytes=int(61_000 * wave), sent_bytes=int(6_100_000 * wave)),
        traffic=Traffic(seconds=60, requests=requests, errors=slow // 3 if 40 < ago < 46 else 0, latency=latency),
    )  # fmt: skip


def _shop(service: Service, first: Deployment, live: Deployment) -> Shop:
    Domain.objects.filter(host="shop.example.com").update(
        check_state="found", check_detail="It leads to this machine.", checked_at=timezone.now()
    )
    return Shop(
        team=service.project.team, project=Project.objects.get(slug="shop"), environment=live.environment,
        service=service, variable=Variable.objects.get(name="CURRENCY"), secret=Variable.objects.get(name="PAYMENT_KEY"),
        domain=Domain.objects.get(host="shop.example.com"), volume=Volume.objects.get(), first=first, live=live,
    )  # fmt: skip
