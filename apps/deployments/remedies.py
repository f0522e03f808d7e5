"""What mends the cause that ended a deployment: the change of a setting, or a place to go. Not in charge of either."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from django.conf import settings
from django.urls import reverse

from apps.accounts.access import Actor
from apps.accounts.installation import is_operator
from apps.accounts.policy import Permission
from apps.deployments.mending import MENDED, Mended, mended_by
from apps.deployments.models import Deployment
from apps.deployments.raising import LIMITS

SETTINGS = {
    "build:user:out-of-memory": "build_memory_mb",
    "build:user:timeout": "build_timeout_seconds",
    "health:user:out-of-memory": "memory_mb",
}
MOST = "It is the most that this installation allows: an operator can raise"


class Place(NamedTuple):
    """Where a person mends it who thinks: a page, and on it a `setting`. `permission` None: an operator alone."""

    words: str
    setting: str = ""
    route: str = "service-settings"
    permission: Permission | None = Permission.WRITE_SERVICE
    action: str = ""  # In the palette, when `words` alone say too little.


REGISTRIES = Place("See the registries", "", "registries", Permission.VIEW, "Look at the team's registries")
VERSION = Place("Set the version", "language_version", action="Set the version of the language")
PACKAGE = Place("Name the package", "packages", action="Name a package of the distribution")
HEALTH = Place("Set the health path", "health_path")
PLACES = {
    **{code: Place("Raise it here", name, action=f"Raise the {LIMITS[name].label}") for code, name in SETTINGS.items()},
    "build:platform:disk-full": Place("Free space", "", "disk", None, "Free space on the disk"),
    "build:user:missing-variable": Place("Set the variable", "", "variables", Permission.WRITE_VARIABLES),
    "build:user:needs-system-package": PACKAGE,
    "build:user:no-start-command": Place("Set the start command", "start_command"),
    "build:user:node-version": VERSION,
    "build:user:peer-conflict": Place("Set the install command", "install_command"),
    "build:user:private-dependency": Place("Add a variable", "", "variables", Permission.WRITE_VARIABLES),
    "build:user:python-version": VERSION,
    "build:user:system-library": PACKAGE,
    "build:user:version-not-available": VERSION,
    "health:user:bad-status": HEALTH,
    "health:user:never-listened": Place("Set the port", "port"),
    "health:user:no-answer": HEALTH,
    "health:user:other-port": Place("Set the port", "port"),
    "image:user:denied": REGISTRIES,  # Registries call an image either, to who may not read it.
    "image:user:not-there": REGISTRIES,
    "start:user:command-not-found": Place("Correct the start command", "start_command"),
}
REACH = {"public": "public addresses alone", "none": "nothing"}
OPENED_BY = {"public": "SLIPWAY_BUILD_NETWORK_ALLOW", "none": "SLIPWAY_BUILD_NETWORK"}


@dataclass(frozen=True)
class Remedy:
    """`words` stand beside the cause, `action` in the palette, `url` leads there.

    `mended` is what `apps.deployments.mending.mend` does by one click; None when there is a place alone. `ceiling` names the
    operator's setting when nobody else can mend it, and `limit` says why; else both are "".
    """

    words: str
    action: str
    url: str
    permission: Permission | None = Permission.WRITE_SERVICE
    mended: Mended | None = None
    limit: str = ""
    ceiling: str = ""

    def is_for(self, actor: Actor, deployment: Deployment) -> bool:
        team = deployment.service.team_id
        if self.permission is None:
            return is_operator(actor)
        return actor.can(self.permission, team) and (not self.mended or actor.can(Permission.DEPLOY, team))


def remedy_of(deployment: Deployment) -> Remedy | None:
    if (mended := mended_by(deployment)) is not None:
        url = _url(deployment, Place("", mended.setting))
        return Remedy(mended.words, mended.words, url, mended=mended)
    place = PLACES.get(deployment.error_code)
    if place is None:
        return _closed(deployment)
    if place.setting in MENDED and not MENDED[place.setting].is_felt_by(deployment):
        return None
    ceiling = LIMITS[place.setting].ceiling_of(deployment.service) if place.setting in LIMITS else ""
    limit, action, url = MOST if ceiling else "", place.action or place.words, _url(deployment, place)
    return Remedy(place.words, action, url, place.permission, limit=limit, ceiling=ceiling)


def _url(deployment: Deployment, place: Place) -> str:
    service = deployment.service
    of = {"registries": [service.team_id], "disk": []}.get(place.route, [service.pk])
    return reverse(place.route, args=of) + (f"#id_{place.setting}" if place.setting else "")


def _closed(deployment: Deployment) -> Remedy | None:
    """What could not be reached, where not everything may be."""
    mode = settings.SLIPWAY.build_egress
    if deployment.error_code not in ("build:user:dns", "build:user:network") or mode not in REACH:
        return None
    limit = f"Builds reach {REACH[mode]} here: an operator can open more by"
    return Remedy("", "", "", None, limit=limit, ceiling=OPENED_BY[mode])
