"""A shell script or any program that a Procfile starts: the folder on a plain base."""

from __future__ import annotations

from workers.build.plan import Plan
from workers.build.recipes import blocks


def recipe(plan: Plan, base: str, cache_scope: str) -> list[str]:
    mounts = (blocks.CA_SECRET, blocks.VARIABLES_SECRET)
    return [
        f"FROM {base} AS app",
        blocks.ground([], {}),
        "ENTRYPOINT []",
        f"ENV HOME={blocks.HOME}",
        "WORKDIR /app",
        f"USER {blocks.USER}",
        f"COPY --chown={blocks.USER} . .",
        *(blocks.build_run(line, mounts) for line in (plan.install, plan.build) if line),
    ]
