"""Static files: the folder as it is, or as a build command of the service's settings makes it."""

from __future__ import annotations

from workers.build.plan import Plan
from workers.build.recipes import blocks


def recipe(plan: Plan, base: str, cache_scope: str) -> list[str]:
    mounts = (blocks.CA_SECRET, blocks.VARIABLES_SECRET)
    return [
        f"FROM {base} AS app",
        blocks.ground([], {}),
        "WORKDIR /app",
        f"USER {blocks.USER}",
        f"COPY --chown={blocks.USER} . .",
        *(blocks.build_run(line, mounts) for line in (plan.install, plan.build) if line),
    ]
