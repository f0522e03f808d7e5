"""Where builds run when that is not the engine of this machine: a builder of its own, told by the worker's environment.

`DOCKER_HOST` leads there, through a tunnel where it is `ssh://`; `SLIPWAY_BUILDER` says what it is, and
`SLIPWAY_RUN_ENGINE` is the engine that runs apps. Not in charge of the tunnel, nor of bringing images to that engine.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from workers.docker_cli import client_env


def far_builder(env: Mapping[str, str] = os.environ) -> str:
    """The address of an engine on another machine, whose control groups and disk are not ours to see; "" for a near one."""
    told = [env.get(name) or "" for name in ("SLIPWAY_BUILDER", "DOCKER_HOST")]
    return next((address for address in told if address and not address.startswith(("unix://", "fd://"))), "")


def run_engine_env(env: Mapping[str, str] = os.environ) -> dict[str, str] | None:
    """For the engine's command where apps run; None when they run where builds do."""
    runs = env.get("SLIPWAY_RUN_ENGINE")
    return client_env(env) | {"DOCKER_HOST": runs} if runs else None
