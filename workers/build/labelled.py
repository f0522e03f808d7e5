"""An image that is there already, once more with our labels, so that it is cleaned, and kept, like what was built."""

from __future__ import annotations

import os
import secrets as random
from collections.abc import Mapping, Sequence
from pathlib import Path

from workers.build.images import built_image
from workers.build.job import BuiltImage, Report
from workers.docker_cli import BuildCall, build_argv, client_env, working_client
from workers.errors import PlatformError
from workers.process import run

SECONDS = 300.0


def labelled(
    source: str,
    labels: Mapping[str, str],
    folder: Path,
    report: Report,
    machine_cache: Path,
    *,
    instructions: Sequence[str] = (),
) -> BuiltImage:
    """An image of the same layers. `instructions` are a Dockerfile's and must run nothing, nor may `source`
    have ONBUILD commands: this has none of a build's limits.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "Dockerfile").write_text("\n".join([f"FROM {source}", *instructions, ""]))
    tag = f"slipway/build:{random.token_hex(8)}"
    call = BuildCall(folder, folder / "Dockerfile", labels=labels, tag=tag)
    argv = build_argv(working_client(machine_cache), call)
    done = run(argv, env=client_env(os.environ), check=report.check, timeout_seconds=SECONDS)
    if done.returncode:
        raise PlatformError("build:platform:label", f"The image could not be labelled: {' '.join(done.tail[-2:])}")
    return built_image(tag)
