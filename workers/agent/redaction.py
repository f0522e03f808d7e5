"""What an app said, without the secrets of its release, before it leaves the host in an error or a log.

Not in charge of how a secret is found in a text (`workers.redact`).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from workers.agent.reporter import on_the_wire
from workers.desired import ErrorReport, Release, Service
from workers.docker import Engine
from workers.errors import SlipwayError
from workers.redact import Redactor


def redactor_of(release: Release) -> Redactor:
    return redactor(release.variables.get(name, "") for name in release.secret_names)


def redactor(values: Iterable[str]) -> Redactor:
    """For whole texts. Made once for the same values: for large ones that takes a second."""
    return _made(frozenset(values))


def told(error: SlipwayError, service: Service) -> ErrorReport:
    redact = redactor_of(service.release).redact
    report = on_the_wire(error)
    return report.model_copy(update={"message": redact(report.message), "hint": redact(report.hint)})


def last_lines(engine: Engine, container: str, count: int, redacting: Redactor) -> list[str]:
    """Redacted as a whole, before any of it is cut: half a secret is not found any more."""
    return redacting.redact("\n".join(engine.last_lines(container, count))).splitlines()


@lru_cache(maxsize=64)
def _made(values: frozenset[str]) -> Redactor:
    return Redactor(values)
