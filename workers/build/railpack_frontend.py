"""What reads Railpack's plans for BuildKit: an image of its own program, which always fits it and needs no registry."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

from workers.build.images import inspected
from workers.build.job import Report
from workers.docker_cli import BuildCall, build_argv, client_env
from workers.errors import PlatformError
from workers.process import run

FRONTEND = "slipway/railpack-frontend"
SECONDS = 300.0


def ensure_frontend(client: str, program: str, folder: Path, report: Report) -> str:
    """The name of an image that reads Railpack's plans, made once for each version of its program."""
    with Path(program).open("rb") as file:
        name = f"{FRONTEND}:{hashlib.file_digest(file, 'sha256').hexdigest()[:16]}"
    if name in inspected(name):
        return name
    folder.mkdir()
    shutil.copyfile(program, folder / "railpack")
    (folder / "railpack").chmod(0o755)
    (folder / "Dockerfile").write_text('FROM scratch\nCOPY railpack /railpack\nENTRYPOINT ["/railpack", "frontend"]\n')
    labels = {"slipway.base": "railpack-frontend"}
    argv = build_argv(client, BuildCall(folder, folder / "Dockerfile", labels=labels, tag=name))
    report.command(argv)
    done = run(argv, env=client_env(os.environ), check=report.check, timeout_seconds=SECONDS)
    if done.returncode:
        raise PlatformError(
            "build:platform:frontend", f"Railpack's frontend cannot be made: {' '.join(done.tail[-2:])}"
        )
    return name
