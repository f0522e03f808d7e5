"""What was found in an image before its release."""

from __future__ import annotations

from django.db import models

from apps.deployments.models.deployment import Deployment
from apps.lib.models import Base


class Inspection(Base):
    """What tools said of a deployment's image before its release, each {} when it was not asked."""

    deployment = models.OneToOneField(Deployment, on_delete=models.CASCADE, related_name="inspection")
    digest = models.CharField(max_length=200, db_index=True)
    sbom = models.JSONField(default=dict)  # {"tool", "packages"}
    document = models.BinaryField(null=True)  # The SBOM, compressed, of one inspection of each image that is kept.
    scan = models.JSONField(default=dict)  # `workers.build.supply.scan.Flaws` with "policy", "severity", "at"
    signature = models.JSONField(default=dict)  # {"reference", "key", "at"}

    def __str__(self) -> str:
        return f"inspection of {self.deployment}"
