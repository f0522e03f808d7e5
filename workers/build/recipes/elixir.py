"""Elixir: an OTP release on a plain base; on Elixir's own where a process asks for Mix."""

from __future__ import annotations

from workers.build.bases import needs_mix
from workers.build.plan import Plan
from workers.build.recipes import blocks

MIX = "/opt/mix"
ENVIRONMENT = {
    "MIX_ENV": "prod",
    "MIX_HOME": MIX,
    "HEX_HOME": f"{blocks.CACHE}/hex",
    "HEX_CACERTS_PATH": blocks.CA,
    "npm_config_cache": f"{blocks.CACHE}/npm",
}
# One release runs alone: it neither listens for others nor starts the daemon that names nodes.
RUN = "MIX_ENV=prod PHX_SERVER=true RELEASE_DISTRIBUTION=none RELEASE_TMP=/tmp"
RELEASES = "/app/_build/prod/rel/"


def recipe(plan: Plan, base: str, run_base: str, cache_scope: str) -> list[str]:
    mounts = (blocks.cache("hex", cache_scope), blocks.CA_SECRET)
    copied = {"/app/": "/app/", f"{MIX}/": f"{MIX}/"} if needs_mix(plan) else {RELEASES: RELEASES}
    return [
        *blocks.build_stage(base, ENVIRONMENT, [MIX]),
        *blocks.source_with_dependencies(plan, mounts),
        *([blocks.build_run(plan.build, (*mounts, blocks.VARIABLES_SECRET))] if plan.build else []),
        *blocks.run_stage(run_base, copied, f"{RUN} MIX_HOME={MIX}" if needs_mix(plan) else RUN),
    ]
