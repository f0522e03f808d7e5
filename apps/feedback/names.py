"""What connections are called at GitHub: given once, when there is news of them, and never changed by who comes later.

Not in charge of the rule (`naming`).
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from apps.feedback.naming import Called, label_of
from apps.github.models import Connection, Repository


def named(repositories: Collection[UUID]) -> dict[UUID, Connection]:
    """Service -> its connection, with a name where GitHub may be told of it."""
    rows = Connection.objects.filter(repository__in=repositories)
    for repository in set(rows.filter(label="", may_tell=True).values_list("repository", flat=True)):
        _name(repository)
    return {row.service_id: row for row in rows.all()}


@transaction.atomic
def _name(repository: UUID) -> None:
    """All that wait for a name, at once: none of them comes first. One at a time for each repository."""
    Repository.objects.select_for_update().get(pk=repository)
    told = Connection.objects.filter(Q(may_tell=True) | ~Q(label=""), repository=repository)
    rows = list(told.select_related("service__project__team"))
    fresh = {row: _called(row) for row in rows if not row.label}
    taken = {row.label for row in rows}
    for row, called in fresh.items():
        row.label = label_of(called, fresh.values(), taken)
        row.is_plain = len(rows) == 1
    Connection.objects.bulk_update(fresh, ["label", "is_plain"])


def _called(row: Connection) -> Called:
    project = row.service.project
    return Called(project.team.slug, project.slug, row.service.slug)
