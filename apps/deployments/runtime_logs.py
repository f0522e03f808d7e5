"""What containers say, as agents send it, into the logs of services. Not in charge of logs themselves (`logs`)."""

from __future__ import annotations

from functools import lru_cache
from uuid import UUID

from apps.deployments import logs
from apps.deployments.models import LogStream
from apps.projects.models import Environment, EnvironmentKind, Service
from workers import desired


def take_logs(batch: desired.LogBatch) -> None:
    """Lines of a container into the log of its service, or of the deployment whose release command it is."""
    stream = _stream(batch)
    if stream is None:
        return  # Deleted meanwhile.
    lines = [logs.Line(line.text, line.at.isoformat(), batch.process, line.level, line.kind) for line in batch.lines]
    logs.append(stream, lines, container=batch.container, cursor=batch.cursor)


def _stream(batch: desired.LogBatch) -> LogStream | None:
    if batch.deployment is not None:
        return LogStream.objects.filter(deployment=UUID(batch.deployment)).first()
    key, where = UUID(batch.service), _place_of(batch)
    found = LogStream.objects.filter(service=key, environment=where).first()
    if found is not None or not Service.objects.filter(pk=key).exists():
        return found
    there = Environment.objects.filter(pk=where, project__services=key).first() if where else None
    if where and there is None:
        return None  # Deleted meanwhile.
    return LogStream.objects.get_or_create(service_id=key, environment=there)[0]


def _place_of(batch: desired.LogBatch) -> UUID | None:
    """As `LogStream.environment` has it: None is production."""
    if batch.environment == desired.NO_ENVIRONMENT or _is_production(batch.environment):
        return None
    return UUID(batch.environment)


@lru_cache(maxsize=1024)
def _is_production(environment: str) -> bool:
    """Batches come many times a second, and an environment never becomes another kind."""
    return Environment.objects.filter(pk=environment, kind=EnvironmentKind.PRODUCTION).exists()
