"""A script named start.sh, or whatever a Procfile starts: what no other language recognises."""

from __future__ import annotations

import re

from workers.build.files import Files
from workers.build.job import BuildSettings
from workers.build.plan import Plan
from workers.build.procfile import read_procfile

SCRIPTS = ("start.sh", "run.sh", "entrypoint.sh")
INTERPRETER = re.compile(r"#!\s*(?:/usr/bin/env\s+)?(?:\S*/)?(bash|dash|sh)\b")


def detect(files: Files, settings: BuildSettings) -> Plan | None:
    """A plan for a folder with a start.sh, a Procfile, or a start command in the service's settings; else None."""
    script = files.first(*SCRIPTS)
    if script:
        found = INTERPRETER.match(files.head(script))
        shell = found[1] if found else "sh"
        return Plan(
            language="shell",
            start=f"{shell} {script}",
            reasons=(
                f"language: a shell script, because {script} is there",
                f"start command: {shell} {script}, as {'its first line says' if found else 'it says no other shell'}",
            ),
        )
    if read_procfile(files):
        return Plan(language="shell", reasons=("language: none that is known; the Procfile says what is started",))
    return None
