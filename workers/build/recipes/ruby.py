"""Ruby: gems in /opt/gems, compiled on a base with headers and run on one without."""

from __future__ import annotations

from workers.build.plan import Plan
from workers.build.recipes import blocks
from workers.build.recipes.node import MODERN_YARN, YARN

GEMS = "/opt/gems"
RUN = (
    f"BUNDLE_PATH={GEMS} BUNDLE_WITHOUT=development:test RAILS_ENV=production RACK_ENV=production "
    "RAILS_LOG_TO_STDOUT=1 RAILS_SERVE_STATIC_FILES=1"
)
ENVIRONMENT = {
    "BUNDLE_GLOBAL_GEM_CACHE": "true",
    "BUNDLE_USER_CACHE": f"{blocks.CACHE}/gems",
    "npm_config_cache": f"{blocks.CACHE}/npm",
}
# What it installs is for the build alone: it may stay outside the image.
BY_YARN = YARN | MODERN_YARN | {"YARN_ENABLE_GLOBAL_CACHE": "true"}
NODE = ("npm ", "npx ", "yarn ", "pnpm ")


def recipe(plan: Plan, base: str, run_base: str, cache_scope: str) -> list[str]:
    if blocks.builds_nothing(plan):
        return blocks.source_stage(run_base, RUN)
    mounts = (blocks.cache("gems", cache_scope), blocks.CA_SECRET)
    npm = (blocks.cache("npm", cache_scope), *blocks.NPM_SECRETS[1:]) if uses_node(plan) else ()
    stage = blocks.build_stage(base, ENVIRONMENT | (BY_YARN if "yarn " in plan.build else {}), [GEMS])
    steps = blocks.source_with_dependencies(plan, mounts)
    # What nothing is made of goes straight to where it runs: a change of it alone copies no gems.
    source = [steps.pop()] if plan.dependency_files and not (plan.install_project or plan.build) else []
    return [
        stage[0],
        *([blocks.packages(["nodejs", "npm"])] if uses_node(plan) else []),
        *stage[1:],
        f"ENV {RUN}",
        *steps,
        *([blocks.build_run(plan.build, (*mounts, *npm, blocks.VARIABLES_SECRET))] if plan.build else []),
        *blocks.run_stage(run_base, {f"{GEMS}/": f"{GEMS}/", "/app/": "/app/"}, RUN),
        *source,
    ]


def uses_node(plan: Plan) -> bool:
    """Whether the build makes styles and scripts by Node, which is then there for the build alone."""
    return any(word in f"{plan.build} " for word in NODE)
