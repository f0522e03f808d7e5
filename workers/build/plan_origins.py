"""Where each value of a plan came from: said by whoever laid it over the analysis, else read from the analysis' reasons."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from workers.build.outside import builds_itself, who_builds
from workers.build.plan import Origin, Plan

# Values of a plan that a person may tell -> what the reasons call them.
LABELS = {
    "builder": "builder",
    "builder_image": "builder image",
    "root_directory": "root directory",
    "dockerfile": "Dockerfile",
    "version": "version",
    "system_packages": "packages",
    "install": "install command",
    "build": "build command",
    "start": "start command",
    "release": "release command",
    "static_dir": "static files",
    "port": "port",
}
# What else a language's reasons for a value begin with, the best one first.
ALSO = {
    "install": ("install", "package manager", "dependencies"),
    "build": ("build",),
    "system_packages": ("system libraries", "system packages"),
    "static_dir": ("language",),
    "start": ("framework",),
}
PORT = Origin("default", "told to the app in PORT")
OWN = Origin("dockerfile", "the Dockerfile's own")


def said(plan: Plan, value: str, origin: Origin, *, shown: str = "", **changes: Any) -> Plan:
    """The plan with `changes`, the origin of `value`, and a reason in the place of earlier ones for the same choice."""
    label = LABELS[value]
    choices = {label, "install"} if value == "install" else {label}
    kept = (reason for reason in plan.reasons if reason.partition(":")[0] not in choices)
    reason = f"{label}: {shown}, {origin.detail}" if shown else f"{label}: {origin.detail}"
    return replace(plan, **changes, reasons=(*kept, reason), origins={**plan.origins, value: origin})


def with_origins(plan: Plan) -> Plan:
    """The plan with an origin for every value that it has, in the order of `LABELS`."""
    found = {}
    for value in LABELS:
        is_own = value == "start" and builds_itself(plan.language) and not plan.start
        if getattr(plan, value) or is_own:
            found[value] = _own(plan) if is_own else plan.origins.get(value) or _detected(plan, value)
    return replace(plan, origins=found)


def _own(plan: Plan) -> Origin:
    """The command that the image brings itself; once it is built, `workers.build.finish` says which."""
    return OWN if plan.language == "dockerfile" else Origin("image", f"found by {who_builds(plan.language)}")


def _detected(plan: Plan, value: str) -> Origin:
    reasons = {reason.partition(":")[0]: reason.partition(": ")[2] for reason in reversed(plan.reasons)}
    for label in (LABELS[value], *ALSO.get(value, ())):
        if label in reasons:
            _, because, why = reasons[label].partition(", because ")
            return Origin("detected", f"because {why}" if because else reasons[label])
    return PORT if value == "port" else Origin("detected", f"found in a {plan.framework or plan.language} project")
