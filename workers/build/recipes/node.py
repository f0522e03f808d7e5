"""Node: dependencies in /app/node_modules by npm, pnpm or yarn.

A service of a workspace is built in its own folder of /app, and started there.
"""

from __future__ import annotations

import json
import re

from workers.build.plan import Plan
from workers.build.recipes import blocks, node_folder

ENVIRONMENT = {
    "npm_config_cache": f"{blocks.CACHE}/npm",
    "npm_config_update_notifier": "false",
}
PNPM = {"npm_config_store_dir": f"{blocks.CACHE}/npm/pnpm", "npm_config_confirm_modules_purge": "false"}
YARN = {"YARN_CACHE_FOLDER": f"{blocks.CACHE}/npm/yarn"}
# Plug'n'Play runs from the packages themselves: they stay in the project, and the mounted cache is only a mirror.
MODERN_YARN = {
    "YARN_GLOBAL_FOLDER": f"{blocks.CACHE}/npm/berry",
    "YARN_ENABLE_GLOBAL_CACHE": "false",
    "YARN_ENABLE_TELEMETRY": "0",
    "YARN_NPM_REGISTRY_SERVER": "$(npm config get registry)",
}
# The tools of workspaces: nothing stays running, and what is not changed is not built again.
TOOLS = {"NX_DAEMON": "false", "TURBO_TELEMETRY_DISABLED": "1", "TURBO_CACHE_DIR": f"{blocks.CACHE}/npm/turbo"}
# What is compiled against Node's headers would fetch them from outside. Its official images have them, and npm.
HEADERS_AT = "/usr/local"
HEADERS = (
    f"if [ ! -e {HEADERS_AT}/include/node/node.h ]; then "
    f"export NODE_EXTRA_CA_CERTS={blocks.CA} npm_config_cache=/tmp/npm; cd /tmp; "
    "npm install --no-save --ignore-scripts --no-fund --no-audit "
    '"node-linux-$(node -p process.arch)@$(node -p process.versions.node)"; '
    f"cp -r node_modules/node-linux-*/include {HEADERS_AT}/; rm -r npm node_modules; fi"
)


def recipe(plan: Plan, base: str, cache_scope: str) -> list[str]:
    mounts = (blocks.cache("npm", cache_scope), *blocks.NPM_SECRETS)
    install = [blocks.build_run(plan.install, mounts)] if plan.install else []
    line = f"export NODE_ENV=production; {plan.build}"
    build = [blocks.build_run(plan.install_project, mounts)] if plan.install_project else []
    build += [blocks.build_run(line, (*mounts, blocks.VARIABLES_SECRET))] if plan.build else []
    compiled = _compiled(plan, base, install) if plan.build_packages else []
    if compiled:
        install = [f"COPY --from=compile --chown={blocks.USER} {json.dumps(['/app/', '/app/'])}"]
    built = [*_begin(plan, {}), *node_folder.steps(plan, install, build)]
    if not _is_enough(plan):
        return [*compiled, f"FROM {base} AS app", *built, "ENV NODE_ENV=production"]
    kept = f"{node_folder.folder(plan)}/{plan.keeps}/"
    inside = [f"WORKDIR {node_folder.folder(plan)}"] if plan.within else []
    run_stage = blocks.run_stage(base, {kept: kept}, "NODE_ENV=production")
    return [*compiled, f"FROM {base} AS build", *built, *run_stage, *inside]


def _begin(plan: Plan, more: dict[str, str]) -> list[str]:
    return [
        blocks.ground([node_folder.folder(plan)] if plan.within else [], ENVIRONMENT | _environment(plan) | more),
        f"ENV HOME={blocks.HOME} PATH={node_folder.search_path(plan)}",
        *_manager(plan),
    ]


def _compiled(plan: Plan, base: str, install: list[str]) -> list[str]:
    """A stage with a compiler, which installs. Its packages are copied from it, so that they stay when source changes."""
    return [
        f"FROM {base} AS compile",
        blocks.packages(plan.build_packages),
        *_begin(plan, {"npm_config_nodedir": HEADERS_AT}),
        blocks.run(HEADERS, blocks.NPM_SECRETS),
        *node_folder.install_steps(plan, install),
        "",
    ]


def _is_enough(plan: Plan) -> bool:
    """Whether the built server is all that is ever run: then packages and source stay behind."""
    line = rf"(?:[A-Z_]+=\S+ )*node {re.escape(plan.keeps)}/\S+"
    is_alone = not plan.release and plan.processes.keys() <= {"web"}
    return bool(plan.keeps) and is_alone and re.fullmatch(line, plan.start) is not None


def _environment(plan: Plan) -> dict[str, str]:
    tools = TOOLS if plan.within else {}
    if plan.package_manager == "pnpm":
        return PNPM | tools
    if plan.package_manager == "yarn":
        return (YARN if plan.package_manager_version.startswith(("0", "1")) else MODERN_YARN) | tools
    return tools


def _manager(plan: Plan) -> list[str]:
    """npm comes with Node, but for another one that is named. No cache is mounted here, so that no build can poison what
    all builds on a base share."""
    if plan.package_manager == "npm" and not plan.package_manager_version or not plan.package_manager:
        return []
    version = plan.package_manager_version or "latest"
    is_modern = plan.package_manager == "yarn" and not version.startswith(("0", "1"))
    package = "@yarnpkg/cli-dist" if is_modern else plan.package_manager
    line = f"export NODE_EXTRA_CA_CERTS={blocks.CA} npm_config_cache=/tmp/npm"
    return [
        blocks.run(
            f"{line}; npm install -g --no-fund --no-audit {package}@{version}; rm -r /tmp/npm", blocks.NPM_SECRETS
        )
    ]
