"""Rust: programs in /app/bin beside the source, run on a plain base. What was compiled is kept in the service's cache."""

from __future__ import annotations

from workers.build.plan import Plan
from workers.build.recipes import blocks

TARGET = f"{blocks.CACHE}/cargo/target"
ENVIRONMENT = {
    "CARGO_HOME": f"{blocks.CACHE}/cargo",
    "CARGO_TARGET_DIR": TARGET,
    "CARGO_TERM_COLOR": "never",
    "CARGO_INCREMENTAL": "0",
}
# Cargo compares times of files, and a layer that is taken from the cache has old ones.
TOUCH = "find . -type f -exec touch -c {} +"
COLLECT = f"mkdir -p bin; find {TARGET}/release -maxdepth 1 -type f -executable ! -name '*.so' -exec cp -t bin {{}} +"
SETTINGS = "--mount=type=secret,id=cargo_config,target=/.cargo/config.toml,mode=0444"


def recipe(plan: Plan, base: str, run_base: str, cache_scope: str) -> list[str]:
    mounts = (blocks.cache("cargo", cache_scope), blocks.CA_SECRET, SETTINGS)
    built = f"{TOUCH}; {plan.build}; {COLLECT}"
    return [
        *blocks.build_stage(base, ENVIRONMENT),
        f"COPY --chown={blocks.USER} . .",
        *([blocks.build_run(plan.install, mounts)] if plan.install else []),
        *([blocks.build_run(built, (*mounts, blocks.VARIABLES_SECRET))] if plan.build else []),
        *blocks.run_stage(run_base, {"/app/": "/app/"}, "PATH=/app/bin:$PATH"),
    ]
