""".NET: published on the SDK, run on ASP.NET's runtime. Both are pulled: no distribution of Debian has them."""

from __future__ import annotations

from workers.build.plan import Plan
from workers.build.recipes import blocks

ENVIRONMENT = {
    "NUGET_PACKAGES": f"{blocks.CACHE}/nuget",
    "DOTNET_CLI_HOME": "/tmp",
    "DOTNET_CLI_TELEMETRY_OPTOUT": "1",
    "DOTNET_NOLOGO": "1",
}


def recipe(plan: Plan, base: str, run_base: str, cache_scope: str) -> list[str]:
    mounts = (blocks.cache("nuget", cache_scope), blocks.CA_SECRET)
    return [
        *blocks.build_stage(base, ENVIRONMENT),
        *blocks.source_with_dependencies(plan, mounts),
        *([blocks.build_run(plan.build, (*mounts, blocks.VARIABLES_SECRET))] if plan.build else []),
        *blocks.run_stage(run_base, {"/app/out/": "/app/"}, "DOTNET_EnableDiagnostics=0"),
    ]
