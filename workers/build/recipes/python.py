"""Python: a virtual environment at /opt/venv, filled by uv, which stays out of the image, as a compiler does."""

from __future__ import annotations

import json

from workers.build.plan import Plan
from workers.build.recipes import blocks

TOOLS = "/opt/tools"
VENV = "/opt/venv"
UV = "uv>=0.9,<1"
# What turns a lock file into a list for uv.
MANAGERS = {
    "poetry": ("poetry>=2,<3", "poetry-plugin-export>=1.9,<2"),
    "pdm": ("pdm>=2.20,<3",),
    "pipenv": ("pipenv>=2025",),
}
OF_MANAGER = {
    "pdm": {"PDM_CHECK_UPDATE": "0"},
    "pipenv": {"PIPENV_CACHE_DIR": f"{blocks.CACHE}/pip/pipenv", "PIPENV_VERBOSITY": "-1"},
}
RUN = f"VIRTUAL_ENV={VENV} PATH={VENV}/bin:$PATH PYTHONUNBUFFERED=1 FORWARDED_ALLOW_IPS=*"
ENVIRONMENT = {
    "UV_CACHE_DIR": f"{blocks.CACHE}/uv",
    "UV_LINK_MODE": "copy",  # The cache is a mount: nothing can be linked from it.
    "UV_COMPILE_BYTECODE": "1",  # Otherwise the app compiles at every start.
    "UV_PYTHON_DOWNLOADS": "never",
    "UV_PYTHON": f"{VENV}/bin/python",
    "UV_PROJECT_ENVIRONMENT": VENV,
    "PIP_CACHE_DIR": f"{blocks.CACHE}/pip",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "POETRY_CACHE_DIR": f"{blocks.CACHE}/pip/poetry",
    "PATH": f"$PATH:{TOOLS}/bin",
}


def recipe(plan: Plan, base: str, cache_scope: str) -> list[str]:
    tools = f"--mount=type=bind,from=tools,source={TOOLS},target={TOOLS}"
    mounts = (tools, blocks.cache("uv", cache_scope), blocks.cache("pip", cache_scope), *blocks.PIP_SECRETS)
    dependencies = blocks.source_with_dependencies(plan, mounts)
    built = [
        "ENV PYTHONPATH=/app",
        *([blocks.build_run(plan.build, (*mounts, blocks.VARIABLES_SECRET))] if plan.build else []),
    ]
    begun = _begin(plan, f"python3 -m venv {VENV}")
    if not plan.build_packages:
        return [*_tools(plan, base), "", f"FROM {base} AS app", *begun, *dependencies, *built]
    compiled = [*_tools(plan, base), "", f"FROM {base} AS build", blocks.packages(plan.build_packages), *begun]
    if _compiles_dependencies_alone(plan):
        *first, source = dependencies
        venv = f"COPY --from=build --chown={blocks.USER} {json.dumps([f'{VENV}/', f'{VENV}/'])}"
        return [*compiled, *first, "", f"FROM {base} AS app", *_begin(plan), venv, source, *built]
    copied = {f"{VENV}/": f"{VENV}/", "/app/": "/app/"}
    return [*compiled, *dependencies, *built, *blocks.run_stage(base, copied, f"{RUN} PYTHONPATH=/app")]


def _begin(plan: Plan, then: str = "") -> list[str]:
    environment = ENVIRONMENT | OF_MANAGER.get(plan.package_manager, {})
    return [
        blocks.ground([VENV], environment, then),
        f"ENV HOME={blocks.HOME} {RUN}",
        "WORKDIR /app",
        f"USER {blocks.USER}",
    ]


def _compiles_dependencies_alone(plan: Plan) -> bool:
    """Then a change of source copies the source, and nothing else: neither it nor a person's own command is compiled."""
    is_detected = "build" not in plan.origins or plan.origins["build"].kind == "detected"
    return bool(plan.dependency_files) and not plan.install_project and is_detected


def _tools(plan: Plan, base: str) -> list[str]:
    """A stage that all builds on the same base share; no cache is mounted in it, so that no build can poison it."""
    wanted = [UV, *MANAGERS.get(plan.package_manager, ())]
    quoted = " ".join(f"'{name}'" for name in wanted)
    line = f"python3 -m venv {TOOLS}; {TOOLS}/bin/pip install --no-cache-dir --disable-pip-version-check {quoted}"
    return [f"FROM {base} AS tools", blocks.run(f"export PIP_CERT={blocks.CA}; {line}", blocks.PIP_SECRETS[:2])]
