"""Rust: programs in /app/bin beside the source, run on a plain base. What was compiled is kept in the service's cache.

The image gets the source as it is, and over it what the build made or changed there.
"""

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
# Copied out from there: to copy from /app itself BuildKit first looks through every file of the image that has Rust.
MADE = "/made/app"
BEGAN = "/tmp/began"
KEEP = (
    f"find . -cnewer {BEGAN} '(' -type d -exec mkdir -p {MADE}/{{}} ';' -o -exec cp -d --parents -t {MADE} {{}} + ')'"
)
SETTINGS = "--mount=type=secret,id=cargo_config,target=/.cargo/config.toml,mode=0444"


def recipe(plan: Plan, base: str, run_base: str, cache_scope: str) -> list[str]:
    mounts = (blocks.cache("cargo", cache_scope), blocks.CA_SECRET, SETTINGS)
    built = f"{TOUCH}; touch {BEGAN}; {plan.build}; {COLLECT}; {KEEP}"
    return [
        *blocks.build_stage(base, ENVIRONMENT, [MADE]),
        f"COPY --chown={blocks.USER} . .",
        *([blocks.build_run(plan.install, mounts)] if plan.install else []),
        *([blocks.build_run(built, (*mounts, blocks.VARIABLES_SECRET))] if plan.build else []),
        *_run_stage(run_base, is_whole=bool(plan.install)),
    ]


def _run_stage(base: str, *, is_whole: bool) -> list[str]:
    """What a command to install made is older than the build, so then all of it is taken."""
    path = "PATH=/app/bin:$PATH"
    if is_whole:
        return blocks.run_stage(base, {"/app/": "/app/"}, path)
    *before, made = blocks.run_stage(base, {f"{MADE}/": "/app/"}, path)
    return [*before, f"COPY --chown={blocks.USER} . .", made]
