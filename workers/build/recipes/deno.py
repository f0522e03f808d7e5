"""Deno: modules in /opt/deno, downloaded before the app starts, so that it starts without a network."""

from __future__ import annotations

from workers.build.plan import Plan
from workers.build.recipes import blocks

MODULES = "/opt/deno"
ENVIRONMENT = {"DENO_TLS_CA_STORE": "mozilla,system"}


def recipe(plan: Plan, base: str, cache_scope: str) -> list[str]:
    mounts = blocks.NPM_SECRETS
    install = [blocks.build_run(plan.install, mounts)] if plan.install else []
    before = bool(plan.dependency_files)
    return [
        f"FROM {base} AS app",
        blocks.ground([MODULES], ENVIRONMENT),
        "ENTRYPOINT []",
        f"ENV HOME={blocks.HOME} DENO_DIR={MODULES} DENO_NO_UPDATE_CHECK=1 DENO_NO_PROMPT=1",
        "WORKDIR /app",
        f"USER {blocks.USER}",
        *([blocks.copy(*plan.dependency_files), *install] if before else []),
        f"COPY --chown={blocks.USER} . .",
        *([] if before else install),
        *([blocks.build_run(plan.install_project, mounts)] if plan.install_project else []),
        *([blocks.build_run(plan.build, (*mounts, blocks.VARIABLES_SECRET))] if plan.build else []),
    ]
