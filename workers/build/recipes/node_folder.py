"""What the recipes of Node and Bun share: the order of lists, install, source and build, in the folder of the service.

A service of a workspace has its own folder beneath /app; one that stands alone is /app itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from workers.build.plan import Plan
from workers.build.recipes import blocks

SOURCE = f"COPY --chown={blocks.USER} . ."


def folder(plan: Plan) -> str:
    return f"/app/{plan.within}" if plan.within else "/app"


def search_path(plan: Plan) -> str:
    """Where programs of packages are: of the service's own, then of all."""
    return ":".join(dict.fromkeys(f"{top}/node_modules/.bin" for top in (folder(plan), "/app"))) + ":$PATH"


def steps(plan: Plan, install: Sequence[str], build: Sequence[str]) -> list[str]:
    """From the lists that an install reads, where it reads no more, to the end of the build. `build` is run last."""
    back = ["WORKDIR /app"] if plan.within else []
    source = [*back, SOURCE, *_inside(plan)] if plan.dependency_files else []
    return [*install_steps(plan, install), *source, *build]


def install_steps(plan: Plan, install: Sequence[str]) -> list[str]:
    """From the lists that an install reads, or the source where it reads more, to its end."""
    needed = blocks.copy(*plan.dependency_files) if plan.dependency_files else SOURCE
    return ["WORKDIR /app", f"USER {blocks.USER}", needed, *_inside(plan), *install]


def _inside(plan: Plan) -> list[str]:
    return [f"WORKDIR {folder(plan)}"] if plan.within else []
