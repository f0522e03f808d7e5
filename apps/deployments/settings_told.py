"""A service's settings as a person reads them: those that a release holds, and those that a build was made with. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from apps.deployments.models import Build, Deployment
from apps.deployments.steps.build import settings_told
from apps.projects.models import Environment, Service
from workers.build.shell_line import line_of

BUILD_LABELS = {
    "source_url": "Git URL",
    "image": "Image",
    "root_directory": "Root directory",
    "builder": "Builder",
    "builder_image": "Builder image",
    "dockerfile": "Dockerfile",
    "language_version": "Version of the language",
    "packages": "Packages",
    "install_command": "Install command",
    "build_command": "Build command",
    "static_dir": "Folder of static files",
}
# Taken back, what was detected stands in the plan of another build only; told anew they need none.
RUN_LABELS = {"start_command": "Start command", "release_command": "Release command"}


def described(spec: dict[str, Any]) -> dict[str, str]:
    """A release's `spec` as labels and values, without its image."""
    told: dict[str, str] = {}
    for name, process in spec["processes"].items():
        what = "" if name == "web" else f" of {name}"
        told[f"Start command{what}"] = _line(process["command"])
        told[f"Instances{what}"] = str(process["replicas"])
        if process["port"] is not None:
            told[f"Port{what}"] = str(process["port"])
        limits = process["limits"]
        told["Memory"] = f"{limits['memory_bytes'] / 1024**2:.0f} MB"
        told["CPUs"] = f"{limits['cpus']:g}"
        told["Processes at most"] = str(limits["pids"])
    told["Release command"] = _line(spec["release_command"]) if spec["release_command"] else "none"
    health = spec["health"]
    told["Health path"] = health["path"] or "an open port"
    told["Health deadline"] = f"{health['deadline_seconds']:g} s"
    told["Health interval"] = f"{health['interval_seconds']:g} s"
    for mount in spec["mounts"]:
        told[f"Volume at {mount['path']}"] = f"volume {mount['volume'][:8]}"
    return told


def rebuilt(
    service: Service, environment: Environment, live: Deployment, build: Build
) -> Iterator[tuple[str, str, str]]:
    """Label, old and new value of each setting that only another build takes up."""
    branch = environment.branch or service.branch
    if live.branch and live.branch != branch:
        yield "Branch", live.branch, branch
    now = settings_told(service)
    for name, label in BUILD_LABELS.items():
        if name in build.settings and build.settings[name] != now[name]:
            yield label, build.settings[name] or "as detected", now[name] or "as detected"
    for name, label in RUN_LABELS.items():
        if build.settings.get(name) and not now[name]:
            yield label, build.settings[name], "as detected"


def _line(argv: list[str] | None) -> str:
    """The shell line of a command; `None` is the image's own."""
    return line_of(argv) if argv else "the image's own"
