"""A health check that runs inside the container: as the engine is told of it, and what it said last.

Not in charge of checks from outside (`workers.agent.health`).
"""

from __future__ import annotations

from typing import Any

from workers.agent.health import Answer
from workers.build.shell_line import line_of
from workers.desired import Health
from workers.docker import Engine
from workers.docker_errors import NotThere
from workers.errors import UserError
from workers.redact import Redactor

EVERY_SECONDS = 3.0  # Each is a process of its own, so it is asked less often than a port.


def healthcheck(health: Health) -> dict[str, Any]:
    """For the engine's create request; nothing for a check from outside, so that the image's own one stays."""
    if health.command is None:
        return {}
    # The engine waits that long before it asks at all, so it must ask more than once within the deadline.
    every = int(min(max(EVERY_SECONDS, health.interval_seconds), health.deadline_seconds / 3) * 1e9)
    test = ["CMD", *health.command]
    return {
        "Healthcheck": {"Test": test, "Interval": every, "Timeout": int(health.timeout_seconds * 1e9), "Retries": 3}
    }


def answer_of(engine: Engine, container: str) -> Answer:
    return Answer(_status(engine, container) == "healthy", listens=True)


def is_unwell(engine: Engine, container: str) -> bool:
    """Only what failed as often as it may: after a restart nothing is known for a while."""
    return _status(engine, container) == "unhealthy"


def _status(engine: Engine, container: str) -> str:
    """The engine's word: starting, healthy, unhealthy; "" when it is gone.

    Of one that was paused it says unhealthy, though nothing failed, until it asks again: then its last answer stands.
    """
    try:
        told = engine.inspect(container)["State"].get("Health") or {}
    except NotThere:
        return ""
    if told.get("Status") == "unhealthy" and not told["FailingStreak"]:
        return "healthy" if told["Log"] and told["Log"][-1]["ExitCode"] == 0 else "starting"
    return str(told.get("Status", ""))


def unwell(state: dict[str, Any], health: Health, redacting: Redactor) -> UserError:
    """`state` is the engine's `State` of a container that was not well within the deadline.

    Redacted before anything is folded or cut: what is left of a secret then is not found any more.
    """
    last = ((state.get("Health") or {}).get("Log") or [{}])[-1]
    said = " ".join(redacting.redact(str(last.get("Output", ""))).split())[:300]
    asked = redacting.redact(line_of(health.command or []))[:200]
    return UserError(
        "health:user:command-failed",
        f"The health check `{asked}` did not succeed within {health.deadline_seconds:g} s."
        + (f" It printed: {said}" if said else " It printed nothing."),
        hint="Run it inside a container of the image. Mend the app or the check, or raise the health check's deadline.",
    )
