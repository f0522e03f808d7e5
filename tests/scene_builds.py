"""Builds of every kind: images looked through, blocked, waiting for a turn or for disk.

For pictures: the product's own rows and actions; what tools and the engine would say is told here.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone

from apps.deployments import actions, inspections, logs, outcome
from apps.deployments.models import Build, Deployment, DeploymentStep
from apps.deployments.states import Status, StepStatus
from apps.deployments.steps.scan import refuse
from apps.projects.models import Service
from tests.apps.cast import make_live, make_running
from tests.scene_disk import measure_disk
from tests.scene_steps import BUILT, SUPPLY, pass_steps
from workers.build.limits_disk import DISK_LOW
from workers.build.supply.scan import Flaws, read_flaws
from workers.errors import PlatformError, SlipwayError, UserError

if TYPE_CHECKING:
    from tests.apps.cast import Person
    from tests.scene import Scene

FLAWS = [
    ("CVE-2026-31402", "CRITICAL", "libexpat1", "2.7.1-2", "", "expat: a small document makes it write out of bounds"),
    ("CVE-2026-24811", "HIGH", "pillow", "11.0.0", "11.3.0", "Pillow: an AVIF picture overflows the buffer of a tile"),
    ("CVE-2026-20177", "HIGH", "gunicorn", "23.0.0", "23.1.0", "gunicorn: a request hides in the trailer of another"),
    ("CVE-2025-88013", "MEDIUM", "libsqlite3-0", "3.46.1-7", "3.46.1-8", "sqlite: a crafted query reads freed memory"),
    ("CVE-2025-71190", "LOW", "bash", "5.2.37-2", "", ""),
    ("CVE-2011-3374", "LOW", "libapt-pkg7.0", "3.0.3", "", "It was found that apt-key in apt validates too little"),
]


def build_screens(scene: Scene) -> dict[str, str]:
    """Name -> address. The measured disk and the queue are among the pages of the resolver."""
    settings.SLIPWAY = settings.SLIPWAY.model_copy(update={"build_slots": 1})
    shown = {
        "down": _down(scene.ada),
        "inspected": _inspected(scene.ada),
        "blocked": _blocked(scene.ada),
        "roomless": _waits_for_disk(scene.ada),
        "queued": _waits_for_a_turn(scene.ada),
    }
    measure_disk()
    return {
        **{f"deployment-{name}": f"/deployments/{row.pk}#inspection" for name, row in shown.items()},
        **{f"service-{name}": f"/services/{shown[name].service_id}" for name in ("blocked", "down")},
        "service-settings-scan": f"/services/{shown['blocked'].service_id}/settings",
    }


def _create(ada: Person, name: str) -> Deployment:
    source = {"source_url": f"https://git.example/{name}.git"}
    return actions.create_app(actor=ada.actor, team=ada.team, project="billing", service=name, settings=source)


def _down(ada: Person) -> Deployment:
    """Its container ended after it had gone live."""
    row = make_live(_create(ada, "mails"), "7d0c" * 10)
    pass_steps(row, timezone.now() - timedelta(seconds=40), BUILT)
    state = make_running(row, "exited")
    state.instances[0]["exit_code"] = 137
    state.save()
    return row


def _flaws() -> Flaws:
    names = ("VulnerabilityID", "Severity", "PkgName", "InstalledVersion", "FixedVersion", "Title")
    told = [dict(zip(names, flaw, strict=True)) for flaw in FLAWS]
    return read_flaws(json.dumps({"SchemaVersion": 2, "Results": [{"Vulnerabilities": told}]}).encode())


def _keep_flaws(row: Deployment, build: Build, policy: str) -> None:
    by = {"policy": policy, "severity": "high", "at": timezone.now().isoformat()}
    inspections.keep(row, build, scan={**_flaws().as_dict(), **by})


def _inspected(ada: Person) -> Deployment:
    """Live, with all that tools say of its image."""
    row = make_live(_create(ada, "invoices"), "5c1e" * 10)
    build = row.build
    assert build is not None
    reference = f"registry.example.com/slipway/{row.service.key}@{build.digest}"
    Build.objects.filter(pk=build.pk).update(reference=reference, message="Number invoices by year")
    _keep_flaws(row, build, "warn")
    inspections.keep(
        row,
        build,
        sbom={"tool": "syft 1.42.0", "packages": 226},
        document=inspections.packed(b'{"bomFormat": "CycloneDX"}'),
        signature={"reference": reference, "key": "/keys/cosign.key", "at": timezone.now().isoformat()},
    )
    begun = timezone.now() - timedelta(minutes=52)
    end = pass_steps(row, begun, SUPPLY)
    Deployment.objects.filter(pk=row.pk).update(created_at=begun, started_at=begun, live_at=end, observed_at=end)
    for name, detail in (("sbom", "226 packages, by syft 1.42.0"), ("push", reference), ("sign", reference)):
        row.steps.filter(name=name).update(detail=detail)
    logs.append(row.log, [logs.Line("known flaws: 1 critical, 2 high, 1 medium and 2 low")])
    make_running(row)
    return row


def _begins(row: Deployment, minutes: float, message: str) -> datetime:
    begun = timezone.now() - timedelta(minutes=minutes)
    told = {"commit": "c20b7e4" * 5, "message": message, "author": "Ben Okafor", "attempt": 1}
    Deployment.objects.filter(pk=row.pk).update(created_at=begun, started_at=begun, **told)
    row.refresh_from_db()
    row.advance(Status.BUILDING, step="build")
    return begun


def _ends(row: Deployment, step: str, at: datetime, error: SlipwayError) -> Deployment:
    """After a step of five seconds."""
    end = at + timedelta(seconds=5)
    told = {"status": StepStatus.FAILED, "detail": error.message, "error_code": error.code}
    DeploymentStep.objects.create(deployment=row, name=step, started_at=at, finished_at=end, **told)
    outcome.failed(row, error)
    Deployment.objects.filter(pk=row.pk, finished_at__isnull=False).update(finished_at=end)
    row.refresh_from_db()
    return row


def _blocked(ada: Person) -> Deployment:
    """The release before goes on serving."""
    before = make_live(_create(ada, "statements"), "7aa0" * 10)
    pass_steps(before, timezone.now() - timedelta(hours=3), BUILT)
    make_running(before)
    Service.objects.filter(pk=before.service_id).update(scan_policy="block")
    service = Service.objects.get(pk=before.service_id)
    row = actions.deploy(actor=ada.actor, service=service, trigger="push")
    begun = _begins(row, 3, "Draw the logo of each customer")
    told = {"commit": row.commit, "fingerprint": "e" * 64, "digest": f"sha256:{'6' * 64}", "size_bytes": 88_000_000}
    build = Build.objects.create(service=service, message=row.message, author=row.author, **told)
    Deployment.objects.filter(pk=row.pk).update(build=build)
    row.refresh_from_db()
    _keep_flaws(row, build, "block")
    logs.append(row.log, [logs.Line("known flaws: 1 critical, 2 high, 1 medium and 2 low")])
    end = pass_steps(row, begun, {name: SUPPLY[name] for name in ("fetch", "analyze", "build")})
    try:
        refuse(_flaws(), "high", unfixed=False)
    except UserError as error:
        return _ends(row, "scan", end, error)
    raise AssertionError("the policy blocks it")


def _waits_for_disk(ada: Person) -> Deployment:
    row = _create(ada, "exports")
    begun = _begins(row, 2, "Write exports as Parquet too")
    end = pass_steps(row, begun, {name: SUPPLY[name] for name in ("fetch", "analyze")})
    sentence = "Only 1.31 GB of the engine's disk are free, and builds begin with 2 GB."
    return _ends(row, "build", end, PlatformError(DISK_LOW, sentence))


def _waits_for_a_turn(ada: Person) -> Deployment:
    """Behind the one of the scene that builds."""
    return _create(ada, "reminders")
