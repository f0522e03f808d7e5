"""What is known of images by the tools that looked through them: kept by the steps, read by pages and the API."""

from __future__ import annotations

import gzip
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse

from apps.accounts.access import not_found
from apps.deployments.models import Build, Deployment, Inspection


def keep(deployment: Deployment, build: Build, **found: Any) -> None:
    """`found` are columns of the deployment's inspection; those that are not named stay."""
    Inspection.objects.update_or_create(deployment=deployment, defaults={"digest": build.digest, **found})


def inspection_of(deployment: Deployment) -> Inspection | None:
    """Its own; of a rollback or a new release of the same image the newest that there is."""
    rows = Inspection.objects.defer("document")
    found = rows.filter(deployment=deployment).first()
    if found is None and deployment.build is not None:
        same = rows.filter(digest=deployment.build.digest, deployment__service=deployment.service_id)
        found = same.order_by("-created_at").first()
    return found


def listed(digest: str) -> QuerySet[Inspection]:
    """Those that hold the list of what is in an image."""
    return Inspection.objects.filter(digest=digest, document__isnull=False)


def signed(build: Build, key: str) -> Inspection | None:
    """One that knows of a signature of what was pushed, by a key."""
    rows = Inspection.objects.filter(digest=build.digest, signature__reference=build.reference, signature__key=key)
    return rows.defer("document").first()


def document_of(deployment: Deployment) -> bytes | None:
    """The SBOM of its image, as the tool wrote it."""
    inspection = inspection_of(deployment)
    holder = listed(inspection.digest).first() if inspection else None
    return gzip.decompress(bytes(holder.document)) if holder and holder.document else None


def sbom_file(deployment: Deployment) -> HttpResponse:
    """404 when there is none."""
    document = document_of(deployment)
    if document is None:
        raise not_found("SBOM")
    answer = HttpResponse(document, content_type="application/json")
    name = f"{deployment.service.name}-{deployment.number}.cdx.json"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def packed(document: bytes) -> bytes:
    return gzip.compress(document)
