"""Which base images a plan is built on and run on. Pure; not in charge of making sure that they are there."""

from __future__ import annotations

from dataclasses import dataclass

from workers.build.plan import Plan

# Language -> the family it is built on, where it is not the family of its name.
BUILD = {"shell": "debian"}
# Language -> the smaller family it is run on, where it is not the one it is built on.
RUN = {
    "dotnet": "aspnet",
    "elixir": "debian",
    "go": "debian",
    "java": "jre",
    "php": "php-run",
    "ruby": "ruby-run",
    "rust": "debian",
}


@dataclass(frozen=True)
class Bases:
    """References for FROM. `run` and `static` are "" when the plan needs none besides `build`."""

    build: str
    run: str = ""
    static: str = ""


def build_base(plan: Plan) -> tuple[str, str]:
    """The family that a plan is built on, and the version asked of it."""
    if plan.language == "java" and plan.package_manager == "gradle":
        return "gradle", plan.version
    if plan.language in ("go", "shell"):
        return BUILD.get(plan.language, plan.language), ""  # Any Go brings the one that is asked for.
    return BUILD.get(plan.language, plan.language), plan.version


def run_base(plan: Plan, built_with: str) -> tuple[str, str]:
    """The family that a plan is run on and its version, ("", "") when it is the one it is built on."""
    family = RUN.get(plan.language, "")
    if plan.language == "elixir" and needs_mix(plan):
        family = ""
    return family, "" if family in ("", "debian") else plan.run_version or built_with


def needs_mix(plan: Plan) -> bool:
    """Whether a process asks for Mix itself, so that an Elixir release alone would not do."""
    return any(line.lstrip().startswith(("mix ", "elixir ", "iex ")) for line in _lines(plan))


def _lines(plan: Plan) -> tuple[str, ...]:
    return (plan.start, plan.release, *plan.processes.values())
