"""How a service runs that came from a compose file. Read only; its settings win over what the file said."""

from __future__ import annotations

from typing import Any

from apps.projects.models import Service
from workers.build.compose.run import Run
from workers.build.shell_line import container_argv
from workers.desired import Limits, Process


def processes_of(service: Service, plan: dict[str, Any], limits: Limits) -> dict[str, Process]:
    """One process, as in the file. Without a port nothing leads to it: it is a worker."""
    told = Run(**service.compose)
    command, entrypoint = told.command, told.entrypoint
    start = service.start_command or ("" if command or entrypoint else plan.get("start", ""))
    if start:
        command, entrypoint = container_argv(start), None
    process = Process(
        command=command,
        entrypoint=entrypoint,
        user=told.user,
        replicas=service.replicas,
        port=service.port,
        limits=limits,
    )
    return {"web" if service.port else "worker": process}


def health_command(service: Service) -> list[str] | None:
    """A health path of the settings takes its place."""
    return None if not service.compose or service.health_path else Run(**service.compose).health_command
