"""Which folders of a repository may be deployed by themselves. Pure; not in charge of what is made of them."""

from __future__ import annotations

from collections.abc import Iterable

from workers.build.files import MAX_DEPTH, SKIPPED, Files, shallow_first

# What tells that a folder may be deployed by itself.
MARKERS = frozenset({
    "Dockerfile", "Procfile", "package.json", "pyproject.toml", "requirements.txt", "uv.lock", "poetry.lock", "Pipfile",
    "manage.py", "index.html", "go.mod", "Cargo.toml", "Gemfile", "composer.json", "pom.xml", "build.gradle",
    "build.gradle.kts", "mix.exs", "deno.json", "bun.lockb",
    "slipway.toml", "setup.py", "Staticfile", "compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml",
})  # fmt: skip
ROOT_DEPTH = 3
NOT_ROOTS = frozenset({"test", "tests", "docs", "doc", "examples", "example", "fixtures", "vendor", "dist", "public"})


def roots_among(names: Iterable[str], most: int = 30) -> list[str]:
    """Folders of these files that hold something which can be deployed, "" for the top; shallow ones first."""
    found = {folder for name in names for folder in _marked(name)}
    return sorted(found, key=lambda folder: (folder != "", *shallow_first(folder)))[:most]


def roots_beneath(files: Files) -> list[str]:
    """The topmost of them beneath a folder, as a service's root directory is told."""
    begin, found = files.repository[1], list[str]()
    for folder in filter(None, roots_among(files.names())):
        if not any(folder.startswith(f"{above}/") for above in found):
            found.append(folder)
    return [f"{begin}/{folder}".strip("/") for folder in found]


def is_near(name: str) -> bool:
    """Within the depth that is looked at, and not among dependencies."""
    return name.count("/") < MAX_DEPTH and not SKIPPED.intersection(name.split("/")[:-1])


def _marked(name: str) -> Iterable[str]:
    folder, _, last = name.rpartition("/")
    parts = folder.split("/") if folder else []
    if last in MARKERS and len(parts) <= ROOT_DEPTH and is_near(name) and not NOT_ROOTS.intersection(parts):
        yield folder
