"""Bun: dependencies in /app/node_modules, run by Bun; packages' programs that ask for Node get Bun too."""

from __future__ import annotations

from workers.build.plan import Plan
from workers.build.recipes import blocks, node_folder

ENVIRONMENT = {"BUN_INSTALL_CACHE_DIR": f"{blocks.CACHE}/bun", "DO_NOT_TRACK": "1"}


def recipe(plan: Plan, base: str, cache_scope: str) -> list[str]:
    mounts = (blocks.cache("bun", cache_scope), *blocks.NPM_SECRETS)
    install = [blocks.build_run(plan.install, mounts)] if plan.install else []
    line = f"export NODE_ENV=production; {plan.build}"
    build = [blocks.build_run(line, (*mounts, blocks.VARIABLES_SECRET))] if plan.build else []
    return [
        f"FROM {base} AS app",
        blocks.ground([node_folder.folder(plan)] if plan.within else [], ENVIRONMENT),
        "ENTRYPOINT []",
        f"ENV HOME={blocks.HOME} PATH={node_folder.search_path(plan)}",
        *node_folder.steps(plan, install, build),
        "ENV NODE_ENV=production",
    ]
