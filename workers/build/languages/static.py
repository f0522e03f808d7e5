"""Plain static files: a Staticfile, or an `index.html` at the top or in a folder that is usual for it.

Of a Staticfile's keys those are read that Cloud Foundry's buildpack has and that make sense behind the platform's edge.
Source: https://docs.cloudfoundry.org/buildpacks/staticfile/
"""

from __future__ import annotations

import re

from workers.build.files import Files
from workers.build.job import BuildSettings
from workers.build.plan import Plan
from workers.build.static_site import static_start

FOLDERS = (".", "public", "dist", "site", "docs")
KEY = re.compile(r"^[ \t]*([\w.-]+)[ \t]*:([^#\n]*)", re.MULTILINE)
USED = frozenset({"root", "directory", "pushstate"})
SERVED = "start command: the platform's own static server"


def detect(files: Files, settings: BuildSettings) -> Plan | None:
    """A plan for a folder with a Staticfile or an `index.html`, or whose static folder a person has set; else None."""
    if settings.static_dir:
        return _plan(settings.static_dir, "static files: the folder is set in the service's settings")
    found = next((f for f in FOLDERS if files.exists("index.html" if f == "." else f"{f}/index.html")), "")
    if files.exists("Staticfile"):
        return _by_staticfile(files, found or ".")
    if not found:
        return None
    where = "index.html" if found == "." else f"{found}/index.html"
    return _plan(found, f"language: static files, because {where} is there")


def _by_staticfile(files: Files, found: str) -> Plan:
    told = {key.lower(): value.strip().strip("\"'") for key, value in KEY.findall(files.text("Staticfile"))}
    root = told.get("root", "")
    single, listed = (
        told.get("pushstate") in ("enabled", "true"),
        told.get("directory") in ("visible", "enabled", "true"),
    )
    said = (
        f"static files: {root}, because the Staticfile names it as root" if root else "",
        "unknown paths: answered with index.html, because the Staticfile says pushstate" if single else "",
        "folders: listed where they have no index.html, because the Staticfile says directory" if listed else "",
        *(f"not used: {key} of the Staticfile" for key in sorted(told.keys() - USED)),
    )
    start = static_start(is_single_page=single, is_listed=listed)
    return _plan(
        root or found, "language: static files, because a Staticfile is there", *filter(None, said), start=start
    )


def _plan(folder: str, *reasons: str, start: str = "") -> Plan:
    return Plan(language="static", start=start or static_start(), static_dir=folder, reasons=(*reasons, SERVED))
