"""What the disk holds, of all teams, as it was last measured: names and sizes only. Not in charge of what is removed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.utils import timezone

from apps.accounts.installation import installation
from apps.accounts.models import Installation
from apps.deployments.budget import GB, used_bytes
from apps.deployments.models import Build
from apps.deployments.retention import kept_digests
from apps.projects.models import Service, Volume


@dataclass(frozen=True)
class Piece:
    """One thing on the disk: `owner` is "project / service", `note` why it is kept or that it is not."""

    name: str
    size: int
    owner: str = ""
    note: str = ""


@dataclass(frozen=True)
class DiskStanding:
    row: Installation
    images: list[Piece] = field(default_factory=list)
    others: int = 0
    volumes: list[Piece] = field(default_factory=list)
    sources: list[Piece] = field(default_factory=list)
    caches: list[Piece] = field(default_factory=list)
    kept: int = 0  # Bytes that the budget is of.

    @property
    def told(self) -> dict[str, Any]:
        return dict(self.row.disk)

    @property
    def other_caches(self) -> int:
        """Of services that are gone, of Dockerfiles that people wrote, and of others who build on this engine."""
        return max(0, int(self.told.get("dependencies", 0)) - sum(piece.size for piece in self.caches))

    @property
    def used(self) -> int:
        return max(0, int(self.told.get("total", 0)) - int(self.told.get("free", 0)))

    @property
    def percent(self) -> int:
        return round(100 * self.used / self.told["total"]) if self.told.get("total") else 0

    @property
    def budget(self) -> int:
        """Bytes; 0 when there is none."""
        return round(self.row.disk_budget_gb * GB)

    @property
    def over(self) -> int:
        return max(0, self.kept - self.budget) if self.budget else 0

    @property
    def is_measuring(self) -> bool:
        wanted, at = self.row.disk_wanted_at, self.row.disk_measured_at
        lately = wanted is not None and timezone.now() - wanted < timedelta(minutes=3)
        return lately and (at is None or (wanted is not None and at < wanted))


def disk_standing() -> DiskStanding:
    """The last measurement, with names instead of ids. Seven queries."""
    row = installation()
    sizes: dict[str, int] = row.disk.get("images", {})
    builds = Build.objects.filter(digest__in=sizes).select_related("service__project").order_by("digest", "-created_at")
    kept, known = kept_digests(), {}
    for build in builds.distinct("digest"):
        note = "kept: serves, or may serve again" if build.digest in kept else "removed with the next cleaning"
        name = f"{build.service.project} / {build.service}"
        known[build.digest] = Piece(build.commit[:7], sizes[build.digest], name, note)
    others = sum(size for digest, size in sizes.items() if digest not in known)
    return DiskStanding(
        row,
        _largest(list(known.values())),
        others,
        _largest(_volumes(row.disk.get("volumes", {}))),
        _largest(_of_services(row.disk.get("sources", {}))),
        _largest(_of_services(row.disk.get("caches", {}))),
        used_bytes(row.disk),
    )


def _of_services(sizes: dict[str, int]) -> list[Piece]:
    names = {
        row.key: f"{row.project} / {row}" for row in Service.objects.filter(pk__in=sizes).select_related("project")
    }
    return [Piece(names.get(key, key[:8]), size) for key, size in sizes.items() if size]


def _volumes(sizes: dict[str, int]) -> list[Piece]:
    rows = Volume.objects.filter(pk__in=list(sizes)).select_related("project", "service")
    found = {row.key: row for row in rows}
    return [
        Piece(row.name, size, f"{row.project} / {row.service or 'no service'}", row.path)
        if (row := found.get(key))
        else Piece(key[:8], size, "", "discarded; removed by the host soon")
        for key, size in sizes.items()
    ]


def _largest(pieces: list[Piece]) -> list[Piece]:
    return sorted(pieces, key=lambda piece: -piece.size)
