"""Why a container is not healthy, in one sentence that says what to do.

Reads the container's state and its own network namespace. Not in charge of deciding when to give up.
"""

from __future__ import annotations

import re
from typing import Any

from workers.agent.health import Answer
from workers.agent.sockets import Socket, listening
from workers.build.causes import Cause, cause
from workers.build.mends_limits import doubled_memory, this_machine
from workers.build.plan import Plan
from workers.desired import Health, Process
from workers.errors import UserError

# Docker's init says so; without an init the engine refuses to start the container (`workers.docker`).
_NOT_RUN = re.compile(r"^\[FATAL tini .*\] exec (\S+) failed")
AT_START = {"missing-variable", "module-missing", "system-library", "syntax-error"}
LOOPBACK = ("127.0.0.1", "::1")


def ended(state: dict[str, Any], limit_bytes: int, last_lines: list[str]) -> UserError | None:
    """The container's end, when there was one. `state` is the engine's `State`."""
    if state.get("OOMKilled"):
        return UserError(
            "health:user:out-of-memory",
            f"The app ran out of memory: its limit is {limit_bytes // 1024**2} MB.",
            hint="Raise the memory limit of the process, or make it use less.",
            change=doubled_memory("memory_mb", limit_bytes, this_machine()),
        )
    if state.get("ExitCode") in (126, 127) and (missing := next(filter(None, map(_NOT_RUN.search, last_lines)), None)):
        return UserError(
            "start:user:command-not-found",
            f"The start command `{missing[1]}` is not in the image, or may not be run.",
            hint="Check the start command; a program installed by the build must be on the PATH of the image.",
        )
    if state.get("Status") in ("restarting", "exited", "dead"):
        known = _known(last_lines)
        own = "The log below shows its last lines; run the start command locally with the same variables."
        said = f" {known.sentence}" if known else _printed(last_lines)
        return UserError(
            "health:user:exited",
            f"The app exited with code {state.get('ExitCode')} before it was healthy.{said}",
            hint=known.fix if known else own,
            change=known.change if known else None,
        )
    return None


def _known(last_lines: list[str]) -> Cause | None:
    """What the catalogue of builds knows of it too, where it says the same of a start."""
    found = cause(last_lines, Plan(""))
    return found if found is not None and found.code in AT_START else None


def unhealthy(pid: int, process: Process, health: Health, answer: Answer, last_lines: list[str]) -> UserError:
    """It runs, but was not healthy within the deadline."""
    port = process.port
    if answer.status is not None:
        return UserError(
            "health:user:bad-status",
            f"The app answered {answer.status} at {health.path}, not 2xx or 3xx.",
            hint="Set the health path to one that answers 200 without signing in, or mend the app.",
        )
    if answer.listens:
        return UserError(
            "health:user:no-answer",
            f"The app listens on port {port} but gave no answer at {health.path} in {health.timeout_seconds:g} s.",
            hint="Make the health path quick, or raise the health check's timeout.",
        )
    return _not_listening(listening(pid), process, health, last_lines)


def _not_listening(open_sockets: list[Socket], process: Process, health: Health, last_lines: list[str]) -> UserError:
    port = process.port
    if any(s.local_port == port and s.local in LOOPBACK for s in open_sockets):
        return UserError(
            "health:user:loopback-only",
            f"The app listens on 127.0.0.1:{port} only, where nothing outside its container can reach it.",
            hint=f"Make it listen on 0.0.0.0 (all addresses), port {port}.",
        )
    others = sorted({s.local_port for s in open_sockets if s.local not in LOOPBACK})
    if others:
        return UserError(
            "health:user:other-port",
            f"The app listens on port {', '.join(map(str, others))}, but port {port} is expected.",
            hint=f"Make it listen on $PORT, or set the service's port to {others[0]}.",
            change={"port": str(others[0])},
        )
    return UserError(
        "health:user:never-listened",
        f"The app did not listen on port {port} within {health.deadline_seconds:g} s.{_printed(last_lines)}",
        hint="Make it listen on 0.0.0.0:$PORT, or raise the health check's deadline.",
    )


def _printed(last_lines: list[str]) -> str:
    last = next((line.strip() for line in reversed(last_lines) if line.strip()), "")
    return f" The last that it printed: {last[:200]}" if last else " It printed nothing."
