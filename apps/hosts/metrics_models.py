"""What a service used and answered in a minute, and in a quarter of an hour: one row for each, on each host.

Not in charge of writing (`apps.hosts.metrics`) and of reading (`apps.hosts.metrics_queries`).
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

MINUTE, QUARTER = 1, 15
SPANS = (MINUTE, QUARTER)


class Measurement(models.Model):
    """`state` says which service, environment and host; `at` is the beginning of a span of `minutes`.

    Sums over the span, but for the peaks. `usage_seconds` and `edge_seconds` are how much of it was measured: zero means
    that nothing is known, not that nothing was. `taken_at` is the newest sample in it; one that is not newer was counted.
    """

    id = models.BigAutoField(primary_key=True)
    state = models.ForeignKey("hosts.ServiceState", on_delete=models.CASCADE, related_name="+", db_index=False)
    minutes = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    taken_at = models.DateTimeField()
    usage_seconds = models.FloatField(default=0)
    cpu_seconds = models.FloatField(default=0)
    cpu_peak = models.FloatField(default=0)
    cpu_limit = models.FloatField(default=0)
    memory_peak = models.BigIntegerField(default=0)
    memory_limit = models.BigIntegerField(default=0)
    received_bytes = models.BigIntegerField(default=0)
    sent_bytes = models.BigIntegerField(default=0)
    edge_seconds = models.FloatField(default=0)
    requests = models.BigIntegerField(default=0)
    errors = models.BigIntegerField(default=0)
    latency = ArrayField(models.BigIntegerField())  # answers by `workers.desired.LATENCY_BOUNDS`

    class Meta:
        constraints = [models.UniqueConstraint(fields=["state", "minutes", "at"], name="measured_once")]
        indexes = [models.Index(fields=["minutes", "at"], name="measured_when")]

    def __str__(self) -> str:
        return f"{self.state} at {self.at:%Y-%m-%d %H:%M}"
