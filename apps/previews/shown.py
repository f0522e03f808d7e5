"""What whoever shows pull requests at GitHub is told of previews: `apps.github.pulls.PullRequests`. Read only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from apps.github.pulls import Pull, Shown
from apps.previews.models import Part, Preview


class Previews:
    """`settings.PULL_REQUESTS`."""

    def shown(self, pull: Pull) -> list[Shown]:
        repository, number = pull
        rows = Part.objects.filter(preview__repository=repository, preview__number=number)
        return [
            Shown(
                service_id=row.service_id,
                name=f"{row.service.project.slug}/{row.service.slug}",
                environment_id=row.preview.environment_id,
                at=row.at,
                state=row.state,
                reason=row.reason,
            )
            for row in rows.select_related("service__project", "preview").order_by("at")
        ]

    def pulls_of(self, environments: Iterable[UUID]) -> Mapping[UUID, Pull]:
        rows = Preview.objects.filter(environment__in=list(environments))
        told = rows.values_list("environment", "repository", "number")
        return {environment: (repository, number) for environment, repository, number in told if environment}

    def changed_since(self, moment: datetime) -> list[Pull]:
        rows = Preview.objects.filter(updated_at__gt=moment).order_by("updated_at")
        return list(dict.fromkeys(rows.values_list("repository", "number")))
