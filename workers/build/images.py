"""Asks the engine about images. Not in charge of making or removing them."""

from __future__ import annotations

import os
from pathlib import Path

from workers.docker_cli import client_env, inspect_argv, working_client
from workers.process import run

SECONDS = 20.0


def has_image(digest: str, machine_cache: Path | None = None) -> bool:
    """Whether the engine still has the image with this id."""
    argv = inspect_argv(working_client(machine_cache), digest)
    return run(argv, env=client_env(os.environ), timeout_seconds=SECONDS).returncode == 0
