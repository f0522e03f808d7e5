"""The life of a deployment, in order: this file is the product's table of contents.

build job:   Fetch -> Analyze -> Build, or Pull for an image; then, where they are asked for,
             Sbom -> Scan -> Push -> Sign  (queue build)
deploy job:  freeze the release, publish it      (queue deploy)
agent:       release command, start, health, switch, drain   (workers.agent, by the desired state)
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import InterfaceError, OperationalError, connection

from apps.deployments import outcome
from apps.deployments.image_steps import asked_steps
from apps.deployments.lease import Heartbeat
from apps.deployments.models import Build as BuildRow
from apps.deployments.models import Deployment
from apps.deployments.report import DatabaseReport
from apps.deployments.steps.analyze import Analyze
from apps.deployments.steps.attempt import Attempt
from apps.deployments.steps.build import Build
from apps.deployments.steps.fetch import Fetch
from apps.deployments.steps.pull import Pull
from apps.deployments.steps.push import Push
from apps.deployments.steps.release import freeze, secrets_of, variables_of
from apps.deployments.steps.sbom import Sbom
from apps.deployments.steps.scan import Scan
from apps.deployments.steps.sign import Sign
from workers.build.foreign import refuse_secrets
from workers.errors import PlatformError, SlipwayError, Stopped
from workers.redact import Redactor

log = logging.getLogger(__name__)

BUILD_STEPS = (Fetch, Analyze, Build)
PULL_STEPS = (Pull,)
IMAGE_STEPS = (Sbom, Scan, Push, Sign)


def build(deployment: Deployment) -> None:
    """The build job of a claimed deployment."""
    with _job(deployment) as report:
        variables, _, secrets = variables_of(deployment.service, deployment.environment)
        refuse_secrets(secrets)
        attempt = Attempt(deployment, report, variables)
        names = asked_steps(deployment.service)
        asked = (step for step in IMAGE_STEPS if step.name in names)
        steps = [step(attempt) for step in (*(PULL_STEPS if deployment.service.image else BUILD_STEPS), *asked)]
        try:
            for step in steps:
                with report.step(step.name) as row:
                    step.run(row)
            assert attempt.build is not None
            outcome.built(deployment, attempt.build)
        finally:
            for step in reversed(steps):
                step.undo()


def deploy(deployment: Deployment) -> None:
    """The deploy job of a claimed deployment: from here on the agent reports."""
    with _job(deployment) as report:
        with report.step("release") as row:
            build_row = deployment.release.build if deployment.release else deployment.build
            assert isinstance(build_row, BuildRow)
            release = freeze(deployment, build_row)
            row.detail = f"release {release.number}"
        outcome.publish_rollout(deployment, seconds=outcome.rollout_seconds(release))


@contextmanager
def _job(deployment: Deployment) -> Iterator[DatabaseReport]:
    """The edge of a job: an error ends the deployment with a sentence; a stop ends it or gives it back."""
    with Heartbeat(deployment) as heartbeat:
        report = DatabaseReport(deployment, heartbeat, Redactor(_secrets(deployment)))
        try:
            yield report
        except SlipwayError as error:
            _failed(deployment, report, error)
        except Stopped as stop:
            report.close()
            _stopped(deployment, stop.reason)
        except (OperationalError, InterfaceError) as error:
            log.warning("%s: database lost (%s); it is taken up again when its lease ends", deployment, error)
            connection.close()
        except Exception as error:
            if not Deployment.objects.filter(pk=deployment.pk).exists():
                log.info("%s was deleted meanwhile", deployment)
                return
            log.exception("%s: a bug", deployment)
            bug = PlatformError("deploy:platform:bug", f"Slipway failed: {type(error).__name__}.", retry=False)
            _failed(deployment, report, bug)
        finally:
            report.close()


def _failed(deployment: Deployment, report: DatabaseReport, error: SlipwayError) -> None:
    """The error as the log's last lines, stored before the state changes. An app's own words may hold secrets."""
    error.message, error.hint = report.redactor.redact(error.message), report.redactor.redact(error.hint)
    for text in (error.message, error.hint):
        if text:
            report.line(text, level="err", kind="error")
    report.close()
    try:
        outcome.failed(deployment, error)
    except Stopped as stop:
        _stopped(deployment, stop.reason)


def _stopped(deployment: Deployment, reason: str) -> None:
    """Whoever took it over meanwhile goes on with it."""
    try:
        if reason == "cancelled":
            outcome.cancelled(deployment)
        elif reason == "shutdown":
            outcome.given_back(deployment)
        else:
            log.warning("%s: another worker has it, or it was deleted", deployment)
    except Stopped:
        log.info("%s: moved on meanwhile", deployment)


def _secrets(deployment: Deployment) -> list[str]:
    """Every value that must not be read in a log."""
    service = deployment.service
    return [*secrets_of(service, deployment.environment), *filter(None, (service.source_token, service.source_key))]
