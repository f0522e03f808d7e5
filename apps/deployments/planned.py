"""A plan as people read it: each value, and where it came from. Asks nobody.

Where a release holds another value than the plan of its build, a setting of the service took its place since.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from apps.deployments.models import Deployment
from workers.build.compose.run import Run
from workers.build.overrides import SERVICE
from workers.build.plan import Origin
from workers.build.plan_origins import LABELS
from workers.build.shell_line import container_argv, line_of
from workers.build.static_site import SERVER

IN_RELEASE = ("start", "release", "port")


@dataclass(frozen=True)
class Value:
    """`kind` is `workers.build.plan.Origin`'s; "" for a plan from before origins were kept."""

    name: str
    label: str
    value: str
    kind: str
    origin: str


def values_of(
    plan: Mapping[str, Any],
    spec: Mapping[str, Any] | None = None,
    compose: Mapping[str, Any] | None = None,
    said: Mapping[str, Any] | None = None,
) -> list[Value]:
    """In the order of `LABELS`, without those that the plan leaves empty. `spec` is of the release, when there is one;
    `compose` and `said` (`apps.deployments.said.Said`) are what its compose file said."""
    found = {name: plan.get(name) for name in LABELS}
    origins = dict(plan.get("origins") or {})
    for name, told in _of_release(spec or {}, bool(compose)).items():
        if not _is_same(name, found[name], told):
            found[name], origins[name] = told, asdict(_teller(name, told, compose or {}, said or {}))
    return [_value(name, found[name], origins.get(name, {})) for name in LABELS if found[name] or name in origins]


def plan_of(deployment: Deployment) -> list[Value]:
    """Of its own analysis, also where the build then failed; else of the build that it used again."""
    spec = deployment.release.spec if deployment.release else None
    told = deployment.composed or {"run": deployment.service.compose, "said": deployment.service.compose_said}
    return values_of(deployment.built_as, spec, told["run"], told["said"])


def _teller(name: str, told: Any, compose: Mapping[str, Any], said: Mapping[str, Any]) -> Origin:
    if not compose:
        return SERVICE
    run = Run(**compose)
    of_file = {"start": run.command, "port": said.get("settings", {}).get("port")}
    return Origin("file", f"set in {run.place}") if name in of_file and told == of_file[name] else SERVICE


def words_of(values: Iterable[Value]) -> dict[str, str]:
    """Name -> `./serve (`web` in the Procfile)`."""
    return {one.name: f"{one.value} ({one.origin})" if one.origin else one.value for one in values}


def _of_release(spec: Mapping[str, Any], is_composed: bool) -> dict[str, Any]:
    """What is run, as the plan names it; nothing of a release that serves nothing."""
    processes = spec.get("processes", {})
    web = processes.get("web") or (processes.get("worker") if is_composed else None)
    if web is None:
        return {}
    return {"start": web["command"], "release": spec.get("release_command"), "port": web["port"]}


def _is_same(name: str, planned: Any, told: Any) -> bool:
    if name == "port":
        return told in (None, planned)
    return told in (None, container_argv(planned) if planned else None)


def _value(name: str, value: Any, origin: Mapping[str, str]) -> Value:
    return Value(name, LABELS[name].capitalize(), _shown(name, value), origin.get("kind", ""), origin.get("detail", ""))


def _shown(name: str, value: Any) -> str:
    if isinstance(value, list):
        return line_of(value) if name in IN_RELEASE else " ".join(value)
    if name == "start" and SERVER.name in str(value):
        return "Slipway's static server"
    return str(value or "the image's own")
