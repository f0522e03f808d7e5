"""What tools said of a deployment's image, on its page."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import template

from apps.deployments import inspections
from apps.deployments.models import Deployment
from apps.deployments.presentation import Pill
from workers.build.supply.scan import at_least, words

register = template.Library()

KINDS = {"critical": "fail", "high": "warn"}


@register.inclusion_tag("deployments/_inspection.html")
def inspection_of(deployment: Deployment) -> dict[str, Any]:
    """Nothing is shown where nothing was asked for."""
    found = inspections.inspection_of(deployment)
    if found is None:
        return {}
    scan = found.scan
    return {
        "deployment": deployment,
        "inspection": found,
        "has_document": inspections.listed(found.digest).exists(),
        "flaws": _flaws(scan["counts"]) if scan else "",
        "scanned_at": datetime.fromisoformat(scan["at"]) if scan else None,
        "fixable": sum(scan["fixable"].values()) if scan else 0,
        "findings": [(one, _pill(one["severity"])) for one in scan.get("findings", [])],
    }


def _flaws(counts: dict[str, int]) -> str:
    found = words(at_least(counts, "unknown"))
    return f"known flaws: {found}" if found else "no known flaws"


def _pill(severity: str) -> Pill:
    return Pill(KINDS.get(severity, "rest"), severity.capitalize())
