"""The variables of a service or a project as one table: which wins, which is overridden by what. Read only."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from apps.projects.given import Gift
from apps.projects.models import Environment, Project, Service, Variable
from apps.projects.references import references_in


@dataclass(frozen=True)
class Row:
    """`overridden_by` is a scope in words, or "" for the one that a release gets. `value` is None for a secret."""

    variable: Variable
    overridden_by: str = ""
    problem: str = ""
    refers_to: list[str] = field(default_factory=list)
    is_secret_by_reference: bool = False


def table_of(service: Service, environment: Environment, gift: Gift) -> list[Row]:
    """By name; beneath each the ones that it overrides, narrowest first."""
    by_name: dict[str, list[Variable]] = defaultdict(list)
    rows = Variable.objects.for_release(service, environment).select_related("environment", "service", "project")
    for variable in rows:
        by_name[variable.name].insert(0, variable)
    found = []
    for name in sorted(by_name):
        winner, *others = by_name[name]
        problem = gift.problems.get(name)
        is_secret = name in gift.secrets and not winner.is_secret
        said = f"{problem.message} {problem.hint}" if problem else ""
        found.append(Row(winner, problem=said, refers_to=references_in(winner.value), is_secret_by_reference=is_secret))
        found.extend(Row(other, overridden_by=winner.scope) for other in others)
    return found


def project_table(project: Project) -> list[Row]:
    """Those of the project and its environments, with the services that have their own instead."""
    own: dict[str, list[str]] = defaultdict(list)
    services = Variable.objects.filter(project=project, service__isnull=False).order_by("service__name")
    for name, service in services.values_list("name", "service__name").distinct():
        own[name].append(service)
    rows = Variable.objects.filter(project=project, service=None).select_related("environment", "project")
    return [
        Row(row, overridden_by=", ".join(own[row.name]), refers_to=references_in(row.value))
        for row in rows.order_by("name", "environment__slug")
    ]
