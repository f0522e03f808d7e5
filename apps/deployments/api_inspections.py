"""What is in a deployment's image and what is known of it. Read only."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router

from apps.accounts.bearer import actor_of
from apps.deployments import inspections
from apps.deployments.access import deployment_for
from apps.deployments.models import Build, Inspection
from apps.deployments.schemas_inspections import InspectionOut, SbomDocument

router = Router(tags=["builds and releases"])


@router.get(
    "/deployments/{uuid:deployment_id}/inspection", response=InspectionOut, operation_id="get_inspection",
    summary="Get what tools said of a deployment's image",
)  # fmt: skip
def get_inspection(request: HttpRequest, deployment_id: UUID) -> Any:
    """How many packages, which known flaws, where it was pushed and signed; each null when it was not asked for."""
    row = deployment_for(actor_of(request), deployment_id)
    build = row.build or Build()
    found = inspections.inspection_of(row) or Inspection(digest=build.digest)
    return {
        "digest": found.digest,
        "reference": build.reference,
        "sbom": found.sbom or None,
        "scan": found.scan or None,
        "signature": found.signature or None,
    }


@router.get(
    "/deployments/{uuid:deployment_id}/sbom", response=SbomDocument, operation_id="get_sbom",
    summary="Download the SBOM of a deployment's image",
)  # fmt: skip
def get_sbom(request: HttpRequest, deployment_id: UUID) -> HttpResponse:
    """CycloneDX JSON, as the tool wrote it; kept as long as the image is. 404 when there is none."""
    return inspections.sbom_file(deployment_for(actor_of(request), deployment_id))
