"""States and steps as a page shows them: an icon, a word, a colour, a width. Reads; decides nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.utils import timezone

from apps.deployments.durations import BEFORE_RELEASE, OF_THE_BUILD
from apps.deployments.image_steps import asked_steps
from apps.deployments.models import Deployment, DeploymentStep
from apps.deployments.states import FINISHED, IMAGE_STEPS, STEPS, UNFINISHED, Status, StepStatus
from apps.hosts.models import ServiceState

STALE_AFTER = timedelta(seconds=45)
WIDEST = 40


@dataclass(frozen=True)
class Pill:
    """`kind` is live, work, warn, fail or rest: it picks the icon and the colour."""

    kind: str
    word: str


PILLS = {
    Status.PENDING: Pill("work", "Waiting"),
    Status.BUILDING: Pill("work", "Building"),
    Status.DEPLOYING: Pill("work", "Deploying"),
    Status.LIVE: Pill("live", "Live"),
    Status.FAILED: Pill("fail", "Failed"),
    Status.CANCELLED: Pill("rest", "Cancelled"),
    Status.SUPERSEDED: Pill("rest", "Replaced"),
}
SKIPPED = Pill("rest", "Skipped")


@dataclass(frozen=True)
class Past:
    """As much of a deployment as its tick in a ribbon shows."""

    status: str
    pill: Pill


def pill_of(deployment: Deployment) -> Pill:
    return past_of(deployment).pill


def past_of(deployment: Deployment) -> Past:
    return past(deployment.status, deployment.live_at is not None, deployment.cancel_requested_at is not None)


@cache
def past(status: str, has_served: bool, is_cancelled: bool) -> Past:
    """Kept: a page has hundreds of the same few."""
    if status == Status.FAILED and has_served:
        return Past(status, Pill("fail", "Taken back"))
    if status == Status.SUPERSEDED and not has_served:
        return Past(status, SKIPPED)
    if status in UNFINISHED and is_cancelled:
        return Past(status, Pill("work", "Cancelling"))
    return Past(status, PILLS[Status(status)])


@dataclass(frozen=True)
class Segment:
    """One step of the slip. `kind` is done, now, bad or "" (not reached); `width` is 1 to 40 by the time it took."""

    name: str
    kind: str
    width: int
    note: str
    step: DeploymentStep | None = None


KINDS = {
    StepStatus.RUNNING: "now",
    StepStatus.SUCCEEDED: "done",
    StepStatus.SKIPPED: "skipped",
    StepStatus.FAILED: "bad",
    StepStatus.STOPPED: "stopped",
}


def slip_of(deployment: Deployment) -> list[Segment]:
    """All steps in order: what happened, what goes on, what was not reached."""
    steps = {step.name: step for step in deployment.steps_in_order()}
    is_image = "pull" in steps or bool(deployment.service.image) and not steps.keys() & set(OF_THE_BUILD)
    wanted = [name for name in STEPS if name in steps or _is_expected(deployment, name, is_image=is_image)]
    return [_segment(deployment, name, steps.get(name)) for name in wanted]


def title_of(deployment: Deployment, slip: list[Segment]) -> str:
    """The commit's message; while there is no build, as a push or the fetch step told it."""
    if deployment.commit_message:
        return deployment.commit_message
    fetched = next((s.step.detail for s in slip if s.step and s.name == "Fetch"), "")
    return fetched.partition(" ")[2] or f"Deployment {deployment.number}"


def _is_expected(deployment: Deployment, name: str, *, is_image: bool) -> bool:
    """A rollback neither fetches nor builds nor pulls, nor does what uses the live image again."""
    has_image = deployment.is_rollback or deployment.build_id is not None
    if name in IMAGE_STEPS and name not in asked_steps(deployment.service):
        return False
    of_others = OF_THE_BUILD if is_image else ("pull",)
    return name not in of_others and not (has_image and name in BEFORE_RELEASE)


TITLES = {"sbom": "SBOM"}


def _segment(deployment: Deployment, name: str, step: DeploymentStep | None) -> Segment:
    title = TITLES.get(name) or name.capitalize()
    if step is None:
        return Segment(title, "", 4, "not reached" if deployment.status in FINISHED else "to come")
    took = step.duration
    seconds = took.total_seconds() if took else 0.0
    note = step.status if step.status in (StepStatus.SKIPPED, StepStatus.STOPPED) else ""
    return Segment(title, KINDS[StepStatus(step.status)], _width(seconds), note, step)


def _width(seconds: float) -> int:
    """Grows with the time but not in step with it, so that a short step stays readable beside a long one."""
    return max(1, min(WIDEST, math.ceil(math.sqrt(max(0.0, seconds)) * 4)))


@dataclass(frozen=True)
class Health:
    """What the runtime says of a service, with its age. `instances` are dicts of `workers.desired.Instance`."""

    pill: Pill
    note: str
    reported_at: datetime | None
    is_stale: bool
    instances: list[dict[str, Any]]


def health_of(live: Deployment | None, latest: Deployment | None, state: ServiceState | None) -> Health:
    """From what the agent last reported, never from what was once decided."""
    now = timezone.now()
    at = state.reported_at if state else None
    stale = at is None or now - at > STALE_AFTER
    instances = _numbered([_instance(i, live, stale) for i in state.instances] if state else [])
    is_older = not stale and _is_older(at, live, instances)
    pill = STANDING["live"] if is_older else _health_pill(live, latest, instances, stale)
    return Health(pill, _note(live, instances, stale), at, stale, instances)


def _is_older(at: datetime | None, live: Deployment | None, instances: list[dict[str, Any]]) -> bool:
    """Whether the report is of before the switch, which was proved at the edge: it says nothing of the release then."""
    if at is None or live is None or live.live_at is None:
        return False
    return at < live.live_at and not any(i["is_live"] for i in instances)


def _health_pill(
    live: Deployment | None, latest: Deployment | None, instances: list[dict[str, Any]], stale: bool
) -> Pill:
    if live is None:
        return pill_of(latest) if latest else Pill("rest", "Not deployed")
    if stale:
        return Pill("warn", "Not reporting")
    return STANDING[standing([i["is_up"] for i in instances if i["is_live"]])]


STANDING = {"live": Pill("live", "Live"), "warn": Pill("warn", "Partly up"), "fail": Pill("fail", "Down")}


def standing(up: list[bool]) -> str:
    """A kind of pill for a release of which these instances are up."""
    return "live" if up and all(up) else "warn" if any(up) else "fail"


def is_up(told: dict[str, Any]) -> bool:
    return told.get("state") == "running" and told.get("healthy") is not False


def _note(live: Deployment | None, instances: list[dict[str, Any]], stale: bool) -> str:
    if live is None:
        return ""
    if stale:
        return "Its host has not reported for a while; what runs goes on running."
    broken = [i for i in instances if i["is_live"] and not i["is_up"]]
    return _trouble(broken[0]) if broken else ""


JUST_STARTED = timedelta(seconds=30)
TROUBLES = {
    "running": "{} runs, but does not pass its health check{}. Its logs tell more.",
    "restarting": "{} crashes and is started again and again. Its logs tell why.",
    "exited": "{} has ended{}. Its logs tell why.",
    "paused": "{} is paused: somebody froze its container on the host, docker unpause lets it go on.",
}


def _trouble(one: dict[str, Any]) -> str:
    """Between two crashes one runs for a moment, or is not up yet: told as what it is."""
    state, code, since = one["state"], one.get("exit_code"), one["started_at"]
    detail = "" if code is None else f" with exit code {code}"
    if state == "running" and since and timezone.now() - since < JUST_STARTED:
        state, detail = ("restarting", "") if one.get("restarts") else (state, " yet: it has just started")
    return TROUBLES.get(state, "{} does not run.").format(one["label"], detail)


def _instance(told: dict[str, Any], live: Deployment | None, stale: bool) -> dict[str, Any]:
    started = told.get("started_at")
    return {
        **told,
        "is_live": live is not None and str(live.release_id) == str(told.get("release")),
        "is_up": is_up(told),
        "pill": _instance_pill(told, stale),
        "started_at": datetime.fromisoformat(started) if started else None,
    }


def _numbered(instances: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """With a `label`, `web 2` where a release has several of a process; live ones first. Names end in their numbers."""
    instances = sorted(instances, key=lambda i: (not i["is_live"], len(i["name"]), i["name"]))
    alike = [(i["process"], i.get("release")) for i in instances]
    for at, (one, kind) in enumerate(zip(instances, alike, strict=True)):
        one["label"] = f"{one['process']} {alike[: at + 1].count(kind)}" if alike.count(kind) > 1 else one["process"]
    return instances


def _instance_pill(told: dict[str, Any], stale: bool) -> Pill:
    state, healthy = str(told.get("state") or "unknown"), told.get("healthy")
    if stale:
        return Pill("rest", f"Was {state}")
    if state != "running":
        return Pill("fail", state.capitalize())
    if healthy is False:
        return Pill("fail", "Not healthy")
    # Only web processes are asked for their health.
    return (
        Pill("work", "Not healthy yet") if healthy is None and told.get("process") == "web" else Pill("live", "Running")
    )


TRIGGERS = {
    "manual": "deployed",
    "push": "pushed to",
    "pull": "changed the pull request from",
    "api": "deployed over the API",
    "sample": "deployed the sample",
    "rollback": "rolled back",
    "automatic": "rolled back by itself",
}


def story_of(deployment: Deployment) -> str:
    """`Alice deployed main`."""
    what = TRIGGERS.get(deployment.trigger, deployment.trigger)
    who = deployment.actor_name or "Slipway"
    where = f" {deployment.branch}" if deployment.branch and not deployment.is_rollback else ""
    return f"{who} {what}{where}"
