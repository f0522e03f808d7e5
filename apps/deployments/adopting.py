"""What a compose file says at a deployment's commit, taken up with its release.

Production's release makes it the service's settings, variables and volumes. In every other environment it holds for the
release alone: a branch changes nothing of what production is given.
"""

from __future__ import annotations

from collections.abc import Collection
from copy import copy
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from django.core.exceptions import ValidationError

from apps.deployments.file_notes import Note
from apps.deployments.following import Followed, followed
from apps.deployments.lease import lock
from apps.deployments.models import Deployment
from apps.deployments.said import Said
from apps.lib.dotenv import check_variable
from apps.projects.models import Environment, Project, Service, Variable, Volume
from workers.build.compose.run import Run
from workers.errors import UserError

LIMITS = ("replicas", "memory_mb", "cpus", "pids")
SCOPE: dict[str, Any] = {"environment": None, "for_previews": False}  # The service's own, everywhere.
Values = tuple[dict[str, str], dict[str, dict[str, object]], list[str]]


@dataclass(frozen=True)
class Composed:
    """JSON-ready by `asdict`."""

    said: Said
    run: Run
    notes: list[Note] = field(default_factory=list)

    @staticmethod
    def of(told: dict[str, Any]) -> Composed:
        return Composed(Said(**told["said"]), Run(**told["run"]), [Note(**one) for one in told["notes"]])


def follow(service: Service, environment: Environment, now: Composed) -> Followed:
    """Nothing is written. Raises for what nobody could set here either."""
    if not service.compose_said:  # There is nothing yet to compare with.
        return Followed(copy(service), [])
    rows = dict(Variable.objects.filter(service=service, **SCOPE).values_list("name", "value"))
    volumes = Volume.objects.filter(service=service, environment=environment, discarded_at=None)
    before, settings = Said(**service.compose_said), now.said.settings
    if environment.is_isolated:  # A stranger says nothing of what it may take.
        settings = {**settings, **{name: before.settings[name] for name in LIMITS}}
    said = replace(now.said, settings=settings, environment=_given(before, now.said, environment))
    found = followed(service, said, now.run, rows=rows, paths=set(volumes.values_list("path", flat=True)))
    _check(found, now.run)
    return found


def _check(found: Followed, run: Run) -> None:
    others = {one.name for one in Service._meta.fields} - set(found.changed)
    try:
        found.service.clean_fields(exclude=others)
        for name, value in found.variables.items():
            check_variable(name, value)
    except ValidationError as error:
        field, reasons = next(iter(error.message_dict.items()))
        raise UserError(
            "compose:user:invalid-setting", f"{run.place}: {field}: {' '.join(reasons)}", hint="Change the file there.",
            status=422,
        ) from error  # fmt: skip
    except UserError as error:
        error.message = f"{run.place}: {error.message}"
        raise


def _given(before: Said, now: Said, environment: Environment) -> dict[str, str]:
    """Variables of the file that are for an environment; the others stay as they were said. A branch's file could else
    hand on a secret of production under another name, and a stranger's whatever it likes."""
    if environment.is_production:
        return now.environment
    open_to = set() if environment.is_isolated else now.environment.keys() - set(now.secret_names)
    kept = {name: value for name, value in before.environment.items() if name not in open_to}
    return {**kept, **{name: now.environment[name] for name in open_to}}


def hold(deployment: Deployment) -> None:
    """Variables and what was said have one writer at a time. Before the deployment's own lock: it is everybody's order."""
    if deployment.service.compose:
        Project.objects.select_for_update(of=("self",)).get(services=deployment.service_id)
        lock(deployment.service_id)


def adopt(deployment: Deployment) -> tuple[Service, Followed | None]:
    """The service as its release is to be made. Call after `hold`, in the same transaction, with a row read since."""
    if not deployment.composed:
        return deployment.service, None
    service, now = deployment.service, Composed.of(deployment.composed)
    found = follow(service, deployment.environment, now)
    if not deployment.environment.is_production:
        return found.service, found
    # What was told may be newer than the reading.
    told = service.compose_said.get("told", now.said.told)
    store(service, deployment.environment, found, replace(now.said, told=told))
    return found.service, None


def store(service: Service, environment: Environment, found: Followed, said: Said) -> None:
    """As the service's own from now on. The caller holds the project's lock."""
    found.service.compose_said = asdict(said)
    found.service.save(update_fields=[*found.changed, "compose", "compose_said"])
    for name, value in found.variables.items():
        defaults = {"value": value, "updated_by": None, "updated_by_name": found.service.compose["file"][:100]}
        if name in said.secret_names:
            defaults["is_secret"] = True  # One that is secret never becomes plain.
        whose: dict[str, Any] = {"project_id": service.project_id, "service": service, **SCOPE}
        Variable.objects.update_or_create(**whose, name=name, defaults=defaults)
    for path, name in found.volumes.items():
        Volume.objects.create(
            project_id=service.project_id, environment=environment, service=service, name=name, path=path
        )


def notes_of(deployment: Deployment) -> list[Note]:
    return Composed.of(deployment.composed).notes if deployment.composed else []


def laid_over(values: Values, found: Followed, secret_names: Collection[str]) -> Values:
    """Variables of a release with those of the file, but for what a nearer scope than the service's says."""
    given, sources, secrets = values
    file = found.service.compose["file"]
    names = [
        name for name in found.variables if sources.get(name, {"scope": "service"})["scope"] in ("service", "project")
    ]
    taken = {name: found.variables[name].replace("$${{", "${{") for name in names}
    return (
        {**given, **taken},
        {**sources, **{name: {"scope": file, "refers_to": []} for name in names}},
        sorted({*secrets, *(name for name in names if name in secret_names)}),
    )
