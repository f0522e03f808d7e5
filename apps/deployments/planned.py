"""A plan as people read it: each value, and where it came from. Asks nobody.

Where a release holds another value than the plan of its build, a setting of the service took its place since.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from apps.deployments.models import Deployment
from workers.build.overrides import SERVICE
from workers.build.plan_origins import LABELS
from workers.build.shell_line import container_argv
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


def values_of(plan: Mapping[str, Any], spec: Mapping[str, Any] | None = None) -> list[Value]:
    """In the order of `LABELS`, without those that the plan leaves empty. `spec` is of the release, when there is one."""
    found = {name: plan.get(name) for name in LABELS}
    origins = dict(plan.get("origins") or {})
    for name, told in _of_release(spec or {}).items():
        if not _is_same(name, found[name], told):
            found[name], origins[name] = told, {"kind": SERVICE.kind, "detail": SERVICE.detail}
    return [_value(name, found[name], origins.get(name, {})) for name in LABELS if found[name] or name in origins]


def plan_of(deployment: Deployment) -> list[Value]:
    """Of its own analysis, also where the build then failed; else of the build that it used again."""
    plan = deployment.plan or (deployment.build.plan if deployment.build else {})
    return values_of(plan, deployment.release.spec if deployment.release else None)


def words_of(values: Iterable[Value]) -> dict[str, str]:
    """Name -> `./serve (`web` in the Procfile)`."""
    return {one.name: f"{one.value} ({one.origin})" if one.origin else one.value for one in values}


def _of_release(spec: Mapping[str, Any]) -> dict[str, Any]:
    """What is run, as the plan names it; nothing of a release that serves nothing."""
    web = spec.get("processes", {}).get("web")
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
        return value[-1].removeprefix("exec ") if name in IN_RELEASE else " ".join(value)
    if name == "start" and SERVER.name in str(value):
        return "Slipway's static server"
    return str(value or "the image's own")
