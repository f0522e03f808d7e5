"""Which setting of a service mends the cause of a failure, where the cause itself names it. Pure; it changes nothing.

A change is the setting's name and its value, as text; of packages those that are added. {} where a person must think.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from types import MappingProxyType

from workers.build.base_families import FAMILIES, Family
from workers.build.causes_packages import PACKAGES
from workers.build.plan import Origin, Plan
from workers.build.version_spec import satisfies

Change = dict[str, str]
NOTHING: MappingProxyType[str, str] = MappingProxyType({})
LOOSE = {"npm": "--legacy-peer-deps", "pnpm": "--config.strict-peer-dependencies=false"}
INSTALL = re.compile(r"(?:^|&& )((npm|pnpm) (?:ci|install)\b[^&|;]*)$")
MADE = Origin("detected", "")
FOLDERS = "workspace: the root directory may be one of "


def change_for(code: str, what: str, plan: Plan) -> Change:
    """`what` is that of the cause: what is missing, or which versions would do."""
    make = MENDS.get(code)
    return make(what, plan) if make else {}


def to_version(family: Family, version: str) -> Change:
    """As few numbers of it as tell versions of this language apart."""
    told = ".".join(version.split(".")[: family.significant])
    return {"language_version": told} if told else {}


def to_folder(plan: Plan) -> Change:
    """Of a workspace whose top is nothing to start, when it has one folder that may be."""
    told = next((reason.removeprefix(FOLDERS) for reason in plan.reasons if reason.startswith(FOLDERS)), "")
    return {"root_directory": told} if told and ", " not in told and not plan.root_directory else {}


def _packages(what: str, plan: Plan) -> Change:
    return {"packages": PACKAGES[what]} if what in PACKAGES else {}


def _loose_peers(what: str, plan: Plan) -> Change:
    """Of a command that a repository wrote nothing: from a pull request it would come into every environment."""
    if plan.origins.get("install", MADE).kind == "file":
        return {}
    found = INSTALL.search(plan.install)
    if found is None or LOOSE[found[2]] in plan.install:
        return {}
    place = re.match(r"cd \S+ && ", plan.install)
    return {"install_command": f"{place[0] if place else ''}{found[1].strip()} {LOOSE[found[2]]}"}


def _node(what: str, plan: Plan) -> Change:
    """npm has every Node, so that the best which a package names can be had."""
    family = FAMILIES["node"]
    wanted = re.sub(r"[\"'`]", "", what)
    fitting = (version for version in family.versions if wanted and satisfies(wanted, version, significant=1))
    return to_version(family, next(fitting, ""))


MENDS: dict[str, Callable[[str, Plan], Change]] = {
    "needs-system-package": _packages,
    "system-library": _packages,
    "peer-conflict": _loose_peers,
    "node-version": _node,
}
