"""The compose file of a service, read again at the commit that was fetched. What changed is in the attempt and in the log.

A part of the step fetch: what the file says of a build must be known before one is looked for. Writes nothing but the
deployment's own row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace

from apps.deployments.adopting import Composed, follow, laid_over
from apps.deployments.file_notes import Note, neighbours
from apps.deployments.following import followed
from apps.deployments.models import Deployment
from apps.deployments.said import Said, said_of
from apps.deployments.steps.attempt import Attempt
from apps.deployments.steps.first_follow import first_of
from apps.deployments.steps.release import variables_of
from apps.projects.models import Service
from workers.build.compose.plan import ComposePlan, ComposeService
from workers.build.compose.read import read_compose
from workers.build.compose.run import Run, run_of
from workers.build.fetch import root_directory
from workers.build.files import FolderFiles
from workers.build.job import Checkout
from workers.errors import UserError


def follow_file(attempt: Attempt, checkout: Checkout) -> Checkout:
    """The checkout with the folder that is built. Raises what is wrong with the file, or refused of the service."""
    service = attempt.service
    now = _read(attempt, checkout) if service.compose_said else _first(attempt, checkout)
    if now is None:
        return checkout
    found = follow(service, attempt.deployment.environment, now)
    attempt.followed = found.service
    if found.variables:
        values, _, secrets = laid_over(
            variables_of(service, attempt.deployment.environment), found, now.said.secret_names
        )
        attempt.variables = values
        for name in secrets:
            attempt.report.hide(values[name])
    notes = [*found.notes, *now.notes]
    for note in notes:
        attempt.report.line(note.words)
    told = asdict(replace(now, notes=notes))
    Deployment.objects.filter(pk=attempt.deployment.pk, fence=attempt.deployment.fence).update(composed=told)
    return replace(checkout, folder=root_directory(checkout.top, found.service.root_directory))


def _first(attempt: Attempt, checkout: Checkout) -> Composed | None:
    """With production's release, as everything that a service follows."""
    is_new = attempt.service.compose and attempt.deployment.environment.is_production
    return first_of(attempt.service, checkout.top) if is_new else None


def _read(attempt: Attempt, checkout: Checkout) -> Composed:
    service, before, run = attempt.service, Said(**attempt.service.compose_said), Run(**attempt.service.compose)
    where = attempt.deployment.environment
    told = {} if where.is_isolated else before.told
    plan = _plan(attempt, checkout, before, told)
    one = plan.named(run.name) if plan else None
    if plan is None or one is None:
        why = "it is no longer in the repository" if plan is None else f"{run.name} is no longer in the file"
        note = Note(
            "gone", plan.file if plan else run.file, 0, f"{why}. The service stays as it is until you delete it."
        )
        return Composed(before, run, [note])
    _check(plan, one)
    if not one.is_made:
        note = Note("told", one.file, one.line, f"{one.name} is for a profile there now. It stays as it is.")
        return Composed(before, run, [note])
    for finding in plan.findings:
        if finding.service == one.name:
            attempt.report.line(f"{finding.file}, line {finding.line}: {finding.key} is ignored. {finding.why}")
    now = said_of(plan, one, folder=before.folder, source=before.source, told=before.told)
    notes = _of_others(service, before, now, plan) if where.is_production else []
    return Composed(now, run_of(one), notes)


def _plan(attempt: Attempt, checkout: Checkout, before: Said, told: Mapping[str, str]) -> ComposePlan | None:
    """What it leaves open besides what was told with the import is asked of the service's variables."""
    try:
        folder = root_directory(checkout.top, before.folder)
    except UserError:
        return None  # The folder went, and the file with it.
    files = FolderFiles(folder, checkout.top)
    plan = read_compose(files, told, check=attempt.report.check)
    name = attempt.service.compose["name"]
    missing = plan.missing_of(name) if plan else []
    if not missing or attempt.deployment.environment.is_isolated:
        return plan
    besides = {one.name: attempt.variables[one.name] for one in missing if one.name in attempt.variables}
    _, _, secrets = variables_of(attempt.service, attempt.deployment.environment)
    plan = read_compose(files, {**besides, **told}, secret=besides.keys() & set(secrets), check=attempt.report.check)
    assert plan is not None
    for one in plan.missing_of(name):
        raise UserError(
            "compose:user:needs-value", f"{one.file}, line {one.line}: it needs a value for {one.name}.",
            hint=f"Set {one.name} as a variable of the service, and deploy again.",
        )  # fmt: skip
    return plan


def _check(plan: ComposePlan, one: ComposeService) -> None:
    """What is refused is refused at any time: what is live goes on."""
    for finding in plan.findings:
        if finding.service == one.name and finding.kind == "refused":
            raise UserError(
                "compose:user:refused", f"{finding.file}, line {finding.line}: {finding.key} is refused. {finding.why}",
                hint="Change the file there, and push again.",
            )  # fmt: skip


def _of_others(service: Service, before: Said, now: Said, plan: ComposePlan) -> list[Note]:
    """Services that came or went, and those of an image that say something else now: a push builds what is built."""
    rows = Service.objects.filter(project=service.project_id).exclude(compose={})
    others = {row.compose["name"]: row for row in rows if row.pk != service.pk}
    there = {one.name: one for one in plan.services}
    notes = neighbours(before, now, service.compose["name"], set(others), there, plan.file)
    for one in plan.made:
        row = others.get(one.name)
        if row is None or not row.image or not one.image or not row.compose_said or plan.missing_of(one.name):
            continue
        said = said_of(plan, one, folder=now.folder, source=now.source, told=now.told)
        known = Said(**row.compose_said)
        found = followed(row, said, run_of(one), rows=known.environment, paths=set(known.volumes))
        if any(note.kind == "changed" for note in found.notes):
            text = f"{one.name} changed, and comes from an image. Read the file again to take it."
            notes.append(Note("told", one.file, one.line, text))
    return notes
