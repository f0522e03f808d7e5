"""Bun: dependencies in /app/node_modules, run by Bun; packages' programs that ask for Node get Bun too."""

from __future__ import annotations

from workers.build.plan import Plan
from workers.build.recipes import blocks

ENVIRONMENT = {"BUN_INSTALL_CACHE_DIR": f"{blocks.CACHE}/bun", "DO_NOT_TRACK": "1"}


def recipe(plan: Plan, base: str, cache_scope: str) -> list[str]:
    mounts = (blocks.cache("bun", cache_scope), *blocks.NPM_SECRETS)
    install = [blocks.build_run(plan.install, mounts)] if plan.install else []
    before = bool(plan.dependency_files)
    build = f"export NODE_ENV=production; {plan.build}"
    return [
        f"FROM {base} AS app",
        blocks.ground([], ENVIRONMENT),
        "ENTRYPOINT []",
        f"ENV HOME={blocks.HOME} PATH=/app/node_modules/.bin:$PATH",
        "WORKDIR /app",
        f"USER {blocks.USER}",
        *([blocks.copy(*plan.dependency_files), *install] if before else []),
        f"COPY --chown={blocks.USER} . .",
        *([] if before else install),
        *([blocks.build_run(build, (*mounts, blocks.VARIABLES_SECRET))] if plan.build else []),
        "ENV NODE_ENV=production",
    ]
