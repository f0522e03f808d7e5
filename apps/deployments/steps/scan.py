"""Scan: the known flaws of what is in the image. Warns of them, or ends the deployment, as the policy says.

The image is looked through at each deployment, also when it was built before: flaws become known later.
"""

from __future__ import annotations

from django.conf import settings
from django.utils import timezone

from apps.deployments import inspections
from apps.deployments.image_steps import scan_policy
from apps.deployments.models import DeploymentStep
from apps.deployments.steps.attempt import Attempt
from apps.deployments.steps.tools import skip
from workers.build.supply.scan import TOOL, Finding, Flaws, at_least, search, words
from workers.build.supply.tool import find
from workers.errors import PlatformError, UserError

NAMED = 5


class Scan:
    name = "scan"

    def __init__(self, attempt: Attempt) -> None:
        self.attempt = attempt

    def run(self, row: DeploymentStep) -> None:
        """`block` lets nothing through that could not be looked at."""
        attempt, told = self.attempt, settings.SLIPWAY
        assert attempt.build is not None
        policy = scan_policy(attempt.service)
        try:
            found = self._search()
        except PlatformError as error:
            if policy == "block":
                raise
            skip(row, error.message, attempt.report)
            return
        by = {"policy": policy, "severity": told.scan_severity, "at": timezone.now().isoformat()}
        inspections.keep(attempt.deployment, attempt.build, scan={**found.as_dict(), **by})
        row.detail = words(at_least(found.counts, "unknown")) or "no known flaws"
        attempt.report.line(f"known flaws: {row.detail}")
        if policy == "block":
            refuse(found, told.scan_severity, unfixed=told.scan_unfixed)

    def _search(self) -> Flaws:
        attempt = self.attempt
        assert attempt.build is not None
        program = find(TOOL, settings.SLIPWAY.trivy)
        if program is None:
            raise PlatformError(
                "scan:platform:no-scanner",
                f"{settings.SLIPWAY.trivy or TOOL} is not on this machine",
                hint="No image of this service goes live unless it was scanned. An operator installs Trivy, or the "
                "policy becomes warn: SLIPWAY_SCAN, and that of the service's settings.",
                retry=False,
            )
        cache, folder = attempt.machine_cache / TOOL, attempt.workspace.scratch / self.name
        return search(program, attempt.build.digest, cache, folder, attempt.report)

    def undo(self) -> None:
        """Its folder is in the scratch folder of the attempt."""


def refuse(found: Flaws, severity: str, *, unfixed: bool) -> None:
    """UserError when there is a flaw of `severity` or worse; of those that nobody can mend yet only with `unfixed`."""
    counted = at_least(found.counts if unfixed else found.fixable, severity)
    if not counted:
        return
    worst = [one for one in found.findings if one.severity in counted and (one.fixed or unfixed)]
    named = "\n".join(_line(one) for one in worst[:NAMED])
    raise UserError(
        "scan:user:vulnerable",
        f"The image has known flaws{'' if unfixed else ' that newer versions mend'}: {words(counted)}.",
        hint=f"Update what has them, in the repository or in its base image, and deploy again:\n{named}",
    )


def _line(one: Finding) -> str:
    mended = f"mended in {one.fixed}" if one.fixed else "not mended yet"
    return f"{one.package} {one.version}: {one.id}, {one.severity}, {mended}"
