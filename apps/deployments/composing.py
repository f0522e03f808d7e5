"""The services of a compose file, made at once: what is shown of them before, and the one action that makes them all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from operator import itemgetter
from typing import Any

from django.db import transaction

from apps.accounts.access import Actor
from apps.accounts.models import Team
from apps.deployments.actions import create_app
from apps.deployments.models import Deployment
from apps.github.choices import Choice
from workers.build.compose.plan import ComposePlan, ComposeService
from workers.build.compose.run import run_of
from workers.build.compose.values import SOUNDS_SECRET
from workers.errors import UserError

SOURCE = ("source_url", "source_token", "source_key", "source_host_key", "branch")
SAME = ("port", "replicas", "memory_mb", "cpus", "pids", "health_path")  # Settings that are called so there, too.


def shown(plan: ComposePlan) -> dict[str, Any]:
    """JSON-ready, and without a value of a variable: some are secret."""
    told = asdict(plan)
    del told["texts"], told["missing"]
    for one in told["asked"]:
        one["has_default"] = bool(one["default"])
        one["default"] = "" if SOUNDS_SECRET.search(one["name"]) else one["default"]
    for one in told["services"]:
        one["variables"] = sorted(one.pop("environment"))
    return told


def for_page(told: Mapping[str, Any]) -> dict[str, Any]:
    """As `shown` told it, in the order of the file, with the findings at their services; `of_file` are those of none."""
    findings = sorted(told["findings"], key=itemgetter("line"))
    services = [
        {**one, "findings": [f for f in findings if f["service"] == one["name"]]}
        for one in sorted(told["services"], key=itemgetter("line"))
    ]
    for one in services:
        one["is_refused"] = any(f["kind"] == "refused" for f in one["findings"])
    return {**told, "services": services, "of_file": [f for f in findings if not f["service"]]}


@transaction.atomic
def create_composed(
    *,
    actor: Actor,
    team: Team,
    project: str,
    plan: ComposePlan,
    where: Mapping[str, str],
    repository: Choice | None = None,
    trigger: str = "manual",
) -> list[Deployment]:
    """All that were not refused, each with its deployment, in the order in which they start; or none of them.

    `where` is the source of those that are built: address, branch, and what opens it.
    """
    _check_ready(plan)
    source = {name: where[name] for name in SOURCE if name in where}
    return [
        create_app(
            actor=actor,
            team=team,
            project=project,
            service=one.name,
            settings=_settings(plan, one, source),
            repository=None if one.image else repository,
            variables={n: _plain(v) for n, v in one.environment.items() if n not in one.secret_names},
            secrets={n: _plain(v) for n, v in one.environment.items() if n in one.secret_names},
            volumes={name: path for path, name in one.volumes.items()},
            trigger=trigger,
        )
        for one in plan.made
    ]


def _check_ready(plan: ComposePlan) -> None:
    for one in plan.missing:
        raise UserError(
            "compose:user:needs-value", f"{plan.file}, line {one.line}: it needs a value for {one.name}.",
            hint="Give it with the import.", status=422,
        )  # fmt: skip
    if not plan.made:
        raise UserError(
            "compose:user:nothing-left", f"Every service of {plan.file} is refused or left out.",
            hint="Change what it says at the lines that are named, and look again.", status=422,
        )  # fmt: skip


def _settings(plan: ComposePlan, one: ComposeService, source: dict[str, str]) -> dict[str, Any]:
    built = {**source, "root_directory": one.context, "dockerfile": one.dockerfile}
    told = {name: value for name in SAME if (value := getattr(one, name)) is not None}
    deadline = {"health_deadline_seconds": one.health_seconds} if one.health_seconds else {}
    return {**({"image": one.image} if one.image else built), **told, **deadline, "compose": asdict(run_of(plan, one))}


def _plain(value: str) -> str:
    """A stranger's file refers to no other service's variables."""
    return value.replace("${{", "$${{")
