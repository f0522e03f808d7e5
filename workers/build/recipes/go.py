"""Go: programs in /app/bin beside the source, run on a plain base. A newer Go comes through the module proxy."""

from __future__ import annotations

import re

from workers.build.base_families import GO_CACHE
from workers.build.plan import Origin, Plan
from workers.build.recipes import blocks

ENVIRONMENT = {
    "GOPATH": f"{blocks.CACHE}/go",
    "GOCACHE": f"{blocks.CACHE}/go/build",
    "GOFLAGS": "-buildvcs=false -modcacherw",
    "CGO_ENABLED": "0",
}
COMPILED = f'[ -d "$GOCACHE" ] || [ ! -d {GO_CACHE} ] || cp -r {GO_CACHE} "$GOCACHE"'
DETECTED = Origin("detected", "")
SETTINGS = f"--mount=type=secret,id=go_env,target={blocks.HOME}/.config/go/env,{blocks.OWNED}"


def recipe(plan: Plan, base: str, run_base: str, cache_scope: str) -> list[str]:
    mounts = (blocks.cache("go", cache_scope), blocks.CA_SECRET, SETTINGS)
    environment = ENVIRONMENT | {"GOTOOLCHAIN": toolchain(plan.version)}
    return [
        *blocks.build_stage(base, environment),
        *blocks.source_with_dependencies(plan, mounts),
        *([blocks.build_run(f"{COMPILED}; {plan.build}", (*mounts, blocks.VARIABLES_SECRET))] if plan.build else []),
        *_run_stage(plan, run_base),
    ]


def _run_stage(plan: Plan, base: str) -> list[str]:
    """With the source, and with all that commands of a person may have made.

    Where there are none the programs alone are taken from the stage that builds: to copy /app from there BuildKit first
    looks through every file of the image that has Go.
    """
    path = "PATH=/app/bin:$PATH"
    own = any(plan.origins.get(name, DETECTED).kind != "detected" for name in ("install", "build"))
    if own or not plan.build:
        return blocks.run_stage(base, {"/app/": "/app/"}, path)
    *before, programs = blocks.run_stage(base, {"/app/bin/": "/app/bin/"}, path)
    return [*before, f"COPY --chown={blocks.USER} . .", programs]


def toolchain(version: str) -> str:
    """The value of GOTOOLCHAIN. `auto` lets go.mod decide; a pinned version is taken from the proxy if need be.

    Source: https://go.dev/doc/toolchain. A pin without its patch level means the newest one of it.
    """
    if not re.fullmatch(r"\d+\.\d+(\.\d+)?", version):
        return "auto"
    if version.count(".") == 2:
        return f"go{version}"
    pattern = version.replace(".", "[.]") + "([.][0-9]+)?"
    known = f'GOTOOLCHAIN=local go list -m -versions go | tr " " "\\n" | grep -xE "{pattern}" | tail -n 1'
    return f"go$({known})"
