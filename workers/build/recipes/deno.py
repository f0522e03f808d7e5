"""Deno: modules in /opt/deno, downloaded before the app starts, so that it starts without a network."""

from __future__ import annotations

from workers.build.plan import Plan
from workers.build.recipes import blocks

MODULES = "/opt/deno"
ENVIRONMENT = {"DENO_TLS_CA_STORE": "mozilla,system"}


def recipe(plan: Plan, base: str, cache_scope: str) -> list[str]:
    mounts = blocks.NPM_SECRETS
    return [
        f"FROM {base} AS app",
        blocks.ground([MODULES], ENVIRONMENT),
        "ENTRYPOINT []",
        f"ENV HOME={blocks.HOME} DENO_DIR={MODULES} DENO_NO_UPDATE_CHECK=1 DENO_NO_PROMPT=1",
        "WORKDIR /app",
        f"USER {blocks.USER}",
        *blocks.source_with_dependencies(plan, mounts),
        *([blocks.build_run(plan.build, (*mounts, blocks.VARIABLES_SECRET))] if plan.build else []),
    ]
