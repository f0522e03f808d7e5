"""What an agent's reports change. A report about an attempt that is over, or with an older fence, changes nothing."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models.functions import Now

from apps.deployments import logs, outcome
from apps.deployments.lease import AGENT, lock
from apps.deployments.models import Deployment, DeploymentStep
from apps.deployments.open_pages import tell_changed
from apps.deployments.states import Status
from apps.hosts.models import Host, ServiceState
from apps.lib import wake
from apps.lib.text import storable
from apps.projects.models import Environment, Service
from workers import desired
from workers.errors import PlatformError, SlipwayError, Stopped, UserError
from workers.redact import Redactor

STEP_SECONDS = {"release": 600.0, "start": 120.0, "health": 60.0, "switch": 60.0}


def take(host: Host, report: desired.StepReport | desired.ObservedReport | desired.InstancesReport) -> None:
    """One report, in its own transaction."""
    if isinstance(report, desired.StepReport):
        _step(report)
    elif isinstance(report, desired.ObservedReport):
        _observed(report)
    else:
        _instances(host, report)


@transaction.atomic
def _step(report: desired.StepReport) -> None:
    row = _ours(report)
    # The drain goes on after the release is live; everything else belongs to a rollout.
    if row is None or row.status not in (
        (Status.DEPLOYING, Status.LIVE) if report.step == "drain" else (Status.DEPLOYING,)
    ):
        return
    _store_step(row, report)
    if report.step == "drain":
        tell_changed(row)
    elif report.status == "failed":
        outcome.failed(row, _error(row, report.error))
    elif report.step == "switch" and report.status in ("succeeded", "skipped"):
        outcome.live(row)
    else:
        _extend(row, report)
        tell_changed(row)


def _ours(report: desired.StepReport | desired.ObservedReport) -> Deployment | None:
    """The row that the report is about, locked after its service; None when it is over or somebody else's."""
    known = (
        Deployment.objects.filter(pk=report.deployment, fence=report.fence).values_list("service", flat=True).first()
    )
    if known is None:
        return None
    try:
        lock(known)
    except Stopped:
        return None
    rows = Deployment.objects.select_for_update(of=("self",)).select_related("service__project", "actor", "release")
    return rows.filter(pk=report.deployment, fence=report.fence).first()


def _store_step(row: Deployment, report: desired.StepReport) -> None:
    step, made = DeploymentStep.objects.get_or_create(
        deployment=row,
        name=report.step,
        attempt=max(1, row.attempt),
        defaults={"status": report.status, "started_at": report.at, "command": report.command},
    )
    step.status = report.status
    step.command = report.command or step.command
    if report.status == "running":
        Deployment.objects.filter(pk=row.pk, status=Status.DEPLOYING).update(step=report.step)
    else:
        step.finished_at = max(report.at, step.started_at)
    error = _error(row, report.error) if report.error else None
    if error is not None:
        step.error_code, step.detail = error.code, storable(error.message)[:500]
    if not made or report.status != "running":
        step.save()
    if made and report.command:
        line = logs.Line(report.command, report.at.isoformat(), report.step, "out", "command")
        logs.append(row.log, [line])
    if error is not None:
        said = [text for text in (error.message, error.hint) if text]
        logs.append(row.log, [logs.Line(text, source=report.step, level="err", kind="error") for text in said])


def _extend(row: Deployment, report: desired.StepReport) -> None:
    """The agent is at work: it has until the longest that the next step may take."""
    health = row.release.spec["health"]["deadline_seconds"] if row.release else 0.0
    seconds = STEP_SECONDS.get(report.step, 60.0) + health
    Deployment.objects.filter(pk=row.pk, lease_owner=AGENT).update(lease_expires_at=Now() + timedelta(seconds=seconds))


@transaction.atomic
def _observed(report: desired.ObservedReport) -> None:
    row = _ours(report)
    if row is None or row.status != Status.LIVE or row.observed_at is not None:
        return
    Deployment.objects.filter(pk=row.pk).update(observed_at=report.at)
    if report.error is not None:
        outcome.broke(row, _error(row, report.error))
    else:
        tell_changed(row)


def _error(row: Deployment, told: desired.ErrorReport | None) -> SlipwayError:
    """What the host says, which may repeat an app's own words: without the release's secrets."""
    if told is None:
        return PlatformError("deploy:platform:unexplained", "The host gave no reason.", retry=False)
    family = UserError if ":user:" in told.code else PlatformError
    secrets = [row.release.variables[name] for name in row.release.secret_names] if row.release else []
    redactor = Redactor(secrets)
    message, hint = redactor.redact(told.message), redactor.redact(told.hint)
    error = family(told.code, message, hint=hint, retry=False)
    error.change = told.change
    return error


def _instances(host: Host, report: desired.InstancesReport) -> None:
    service = Service.objects.select_related("project").filter(pk=report.service).first()
    if service is None:
        return
    environment = Environment.objects.filter(pk=report.environment, project=service.project_id).first()
    told = [i.model_dump(mode="json") for i in report.instances]
    ServiceState.objects.update_or_create(
        service=service, environment=environment or service.environment, host=host,
        defaults={"reported_at": report.at, "instances": told},
    )  # fmt: skip
    wake.tell(f"service.{service.pk}", {"type": "state.changed"})
    wake.tell_team(service.project.team_id)
