"""The Dockerfile for a plan, as text. Pure: not in charge of building, of base images and of secrets' values.

The builder may pass these BuildKit secrets; each one is left out of the RUN when it is not passed, and none stays in
the image: `ca` (a CA bundle), `trust_store` (the same for Java), `pip_conf`, `uv_toml`, `npmrc`, `go_env`,
`cargo_config`, `maven_settings`, `apt_sources`, `apt_conf` (where packages come from), `variables` (`export
NAME='value'` lines, for build commands only). `support_files` names those that it must pass.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from workers.build.cache_marks import marked
from workers.build.plan import Plan
from workers.build.recipes import (
    blocks,
    bun,
    deno,
    dotnet,
    elixir,
    go,
    java,
    node,
    php,
    python,
    ruby,
    rust,
    shell,
    static,
)
from workers.build.shell_line import container_argv
from workers.build.static_site import IN_IMAGE, SERVER, SITE
from workers.errors import PlatformError

RECIPES = {
    "bun": bun.recipe,
    "deno": deno.recipe,
    "node": node.recipe,
    "python": python.recipe,
    "shell": shell.recipe,
    "static": static.recipe,
}
# Built on one base and run on another.
TWO_STAGES = {
    "dotnet": dotnet.recipe,
    "elixir": elixir.recipe,
    "go": go.recipe,
    "java": java.recipe,
    "php": php.recipe,
    "ruby": ruby.recipe,
    "rust": rust.recipe,
}
SERVER_DIGEST = hashlib.sha256(SERVER.read_bytes()).hexdigest()[:12]
IGNORED = (".git", "**/node_modules", "**/.venv", "**/venv", "**/__pycache__", "**/*.pyc")
VARIABLES = ".env"  # Committed, it is read by builds (Vite, Create React App) and by servers (Symfony).


def dockerfile_for(
    plan: Plan,
    base: str,
    cache_scope: str,
    *,
    run_base: str = "",
    static_base: str = "",
    variables: Mapping[str, str] | None = None,
) -> str:
    """The Dockerfile that builds a plan on `base`, and runs it on `run_base` where the language's tools stay behind.

    Static output is served on `static_base` (needs python3).

    `cache_scope` (letters, digits, `-`) tells apart the caches of builds that must not see each other; keep it
    unguessable, because a Dockerfile of a repository may mount any cache that it can name. `variables` are what the
    secret of that name holds: a build command runs again when they change, though BuildKit does not look at secrets.
    """
    if plan.language not in RECIPES.keys() | TWO_STAGES.keys():
        raise PlatformError("build:platform:no-recipe", f"There is no recipe for {plan.language}.", retry=False)
    if plan.build and variables:
        plan = replace(plan, build=f": variables {digest_of(variables, cache_scope)}; {plan.build}")
    is_copied = _is_copied(plan)
    lines = [] if is_copied else [*_with_packages(_stages(plan, base, run_base or base, cache_scope), plan), ""]
    if plan.static_dir:
        lines += _static_stage(plan, static_base or base, from_app=not is_copied)
    command = f"CMD {json.dumps(container_argv(plan.start))}" if plan.start else ""
    lines += [f"ENV PORT={plan.port}", f"EXPOSE {plan.port}", *filter(None, [command]), ""]
    return marked("\n".join(lines), cache_scope)


def _is_copied(plan: Plan) -> bool:
    """Whether files of the repository are served as they are."""
    return bool(plan.language == "static" and plan.static_dir and not (plan.install or plan.build))


def _stages(plan: Plan, base: str, run_base: str, cache_scope: str) -> list[str]:
    if plan.language in RECIPES:
        return RECIPES[plan.language](plan, base, cache_scope)
    return TWO_STAGES[plan.language](plan, base, run_base, cache_scope)


def _with_packages(lines: list[str], plan: Plan) -> list[str]:
    """The distribution's packages that a person asked for, in the stage that builds and in the one that runs."""
    if not plan.system_packages:
        return lines
    install = blocks.packages(plan.system_packages)
    first = [(line, install) if line.endswith((" AS app", " AS build", " AS compile")) else (line,) for line in lines]
    return [line for pair in first for line in pair]


def support_files(plan: Plan) -> dict[str, Path]:
    """Files of ours that the build needs, by the id of the secret that carries them in."""
    ours = {"php_server": php.SCRIPT} if plan.language == "php" else {}
    return ours | ({"static_server": SERVER} if plan.static_dir else {})


def dockerignore_for(plan: Plan, own: str) -> str:
    """What stays out of the build context: what the repository's own .dockerignore says, and what never belongs there.

    To be written beside the generated Dockerfile, as `<its name>.dockerignore`.
    """
    unread = [VARIABLES] if _is_copied(plan) else []
    return "\n".join([own.rstrip("\n"), *IGNORED, *unread, ""]).lstrip("\n")


def digest_of(variables: Mapping[str, str], key: str) -> str:
    """Changes with the values and tells nothing of them: it is keyed by what stands in no image."""
    told = json.dumps(dict(variables), sort_keys=True).encode()
    return hmac.new(key.encode(), told, hashlib.sha256).hexdigest()[:16]


def _static_stage(plan: Plan, base: str, *, from_app: bool) -> list[str]:
    """The server comes as a secret, which is no part of a layer's key: its digest in the line stands for it."""
    mount = "--mount=type=secret,id=static_server,target=/run/secrets/static_server,mode=0444,required=true"
    at = f"/app/{plan.within}/" if plan.within else "/app/"
    root, option = (at, "--from=app") if from_app else ("./", f"--chown={blocks.USER}")
    source = root if plan.static_dir == "." else f"{root}{plan.static_dir}/"
    return [
        f"FROM {base}",
        blocks.run(f"mkdir -p /opt/slipway; cp /run/secrets/static_server {IN_IMAGE}; : {SERVER_DIGEST}", [mount]),
        "ENV PYTHONUNBUFFERED=1",
        f"WORKDIR {SITE}",
        f"USER {blocks.USER}",
        f"COPY {option} {json.dumps([source, f'{SITE}/'])}",
    ]
