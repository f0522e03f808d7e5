"""Plain static files: an `index.html` at the top or in `public/`."""

from __future__ import annotations

from workers.build.files import Files
from workers.build.job import BuildSettings
from workers.build.plan import Plan
from workers.build.static_site import static_start

FOLDERS = (".", "public", "dist", "site", "docs")


def detect(files: Files, settings: BuildSettings) -> Plan | None:
    """A plan for a folder with an `index.html`, or whose folder of static files a person has set; else None."""
    if settings.static_dir:
        return _plan(settings.static_dir, "static files: the folder is set in the service's settings")
    folder = next((f for f in FOLDERS if files.exists("index.html" if f == "." else f"{f}/index.html")), "")
    if not folder:
        return None
    where = "index.html" if folder == "." else f"{folder}/index.html"
    return _plan(folder, f"language: static files, because {where} is there")


def _plan(folder: str, reason: str) -> Plan:
    served = "start command: the platform's own static server"
    return Plan(language="static", start=static_start(), static_dir=folder, reasons=(reason, served))
