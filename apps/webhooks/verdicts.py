"""Whether a push deploys a service, from what is known of both. Pure: asks nobody, changes nothing.

Not in charge of the order of pushes (`order`), nor of checks (`checks`).
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from enum import StrEnum

from apps.projects.models import Service
from apps.webhooks.paths import is_watched, patterns_of
from apps.webhooks.push import Push


class Code(StrEnum):
    """Why a push was not deployed."""

    DELETED = "deleted"
    OFF = "off"
    PAUSED = "paused"
    MESSAGE = "message"
    PATHS = "paths"
    OLDER = "older"
    SAME = "same"
    NO_CHECKS = "no-checks"
    FAILED_CHECKS = "failed-checks"
    TIMEOUT = "timeout"
    REPLACED = "replaced"
    MOVED = "moved"
    NOBODY = "nobody"
    OTHER = "other"


NOT_TAKEN = (Code.OLDER, Code.SAME)  # Nothing is missing because of these: what they tell was known.


@dataclass(frozen=True)
class Skip:
    code: Code
    reason: str


# The words of GitHub Actions, and our own. https://docs.github.com/en/actions/how-tos/manage-workflow-runs/skip-workflow-runs
MARKERS = ("skip ci", "ci skip", "no ci", "skip actions", "actions skip", "skip deploy", "deploy skip", "no deploy")
MARKER = re.compile(rf"\[\s*(?:{'|'.join(MARKERS)})\s*\]", re.I)
TRAILER = re.compile(r"^skip-checks:\s*true\s*$", re.I)


def marker_in(message: str) -> str:
    """What in a commit's message asks for no deployment; "" when nothing does."""
    found = MARKER.search(message)
    if found:
        return found[0]
    last = message.rstrip().rpartition("\n\n")[2] if "\n\n" in message.rstrip() else ""
    return next((line.strip() for line in last.splitlines() if TRAILER.match(line.strip())), "")


def skip_of(service: Service, push: Push, *, kept_back: bool = False, production: bool = True) -> Skip | None:
    """None: it is to be deployed. `kept_back`: an earlier push was not deployed although it may have changed something.
    A rollback pauses what goes to `production`, and nothing else."""
    if push.is_deleted:
        return Skip(Code.DELETED, f"{push.name[0].upper()}{push.name[1:]} was deleted. {_goes_on(push)}")
    if service.image:
        return Skip(Code.OFF, f"{service.name} comes from the image {service.image}, not from git.")
    if production and service.auto_deploy_paused_at is not None:
        return Skip(Code.PAUSED, f"Auto-deploy is paused since {service.auto_deploy_paused_at:%d %b %H:%M} UTC.")
    if not service.auto_deploy and not push.tag:
        return Skip(Code.OFF, "Deploy on push is off in the service's settings.")
    marker = marker_in(push.message)
    if marker:
        return Skip(Code.MESSAGE, f"The commit's message says {marker}.")
    return None if push.tag or kept_back else _by_paths(service, push)


def _goes_on(push: Push) -> str:
    return "What runs goes on running." if push.tag else "What runs goes on running; choose another branch in Settings."


def _by_paths(service: Service, push: Push) -> Skip | None:
    patterns = patterns_of(service.root_directory, service.watch_paths, _of_compose(service))
    if not patterns or push.files is None:
        return None  # What cannot be told is deployed rather than guessed.
    if any(is_watched(name, patterns) for name in push.files) or _is_built_from_top(service):
        return None
    return Skip(Code.PATHS, f"None of the files that changed is watched: {_some(sorted(push.files))}.")


def _of_compose(service: Service) -> list[str]:
    """The files that say how it runs."""
    if not service.compose_said:
        return []
    said = service.compose_said
    files = said.get("files") or [posixpath.join(said["folder"], service.compose["file"])]
    return [*files, posixpath.join(said["folder"], ".env")]


def _is_built_from_top(service: Service) -> bool:
    """Whether the service is a part of a workspace, any package of which it may need, and nobody said which."""
    if not service.root_directory or service.watch_paths.strip():
        return False
    plan = service.builds.order_by("-created_at").values_list("plan", flat=True).first()
    return bool(plan and plan.get("within"))


def _some(names: list[str]) -> str:
    shown = ", ".join(name[:60] for name in names[:3])
    return f"{shown} and {len(names) - 3} more" if len(names) > 3 else shown or "no file"
