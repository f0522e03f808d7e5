"""`make lint`, `make test`, `make test-builds`, `make bench` and `make screenshots`, run by the Python of `.venv`.

Not in charge of preparing the machine.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from paas.embedded import Services, embedded_services  # noqa: E402
from paas.supervisor.household import new_keys  # noqa: E402

BIN = ROOT / ".venv" / "bin"
CHECKED = ["apps", "workers", "paas", "cli", "bench"]
STORIES = "tests/stories"

LINTS = [
    [str(BIN / "ruff"), "check", "."],
    [str(BIN / "ruff"), "format", "--check", "."],
    [str(BIN / "mypy"), *CHECKED],
    [str(BIN / "python"), "-m", "django", "makemigrations", "--check", "--dry-run"],
]


def undisturbed(environ: Mapping[str, str]) -> dict[str, str]:
    """Without the settings of a Slipway that runs here, which is neither seen nor touched."""
    ours = ("SLIPWAY_", "TRAEFIK_", "DATABASE_URL", "REDIS_URL")
    return {name: value for name, value in environ.items() if not name.startswith(ours)}


def settings_for_lints(home: Path, services: Services) -> dict[str, str]:
    """mypy's plugin and `makemigrations --check` load the settings, and the second asks the database."""
    keys = new_keys() | {"DJANGO_SETTINGS_MODULE": "paas.settings", "SLIPWAY_HOME": str(home)}
    return keys | {"DATABASE_URL": services.database_url, "REDIS_URL": services.redis_url}


def lint() -> int:
    with tempfile.TemporaryDirectory(prefix="slipway-lint-") as name, embedded_services(Path(name)) as services:
        env = undisturbed(os.environ) | settings_for_lints(Path(name), services)
        return max([_run(argv, env) for argv in LINTS])


def test(arguments: list[str]) -> int:
    """Lints first: they are quick. The tests make what they need under folders of their own.

    Stories on a real engine measure what people would feel and have the machine to themselves; the rest shares its cores.
    """
    if lint():
        return 1
    if arguments:
        return _pytest(*arguments)
    both_cores = ("-n", "2", "--dist", "loadfile", "--no-loadscope-reorder")  # tests/conftest.py orders the files.
    shared = _pytest(*both_cores, f"--ignore-glob={STORIES}/test_[!b]*")
    return max(shared, _pytest(STORIES, f"--ignore-glob={STORIES}/test_b*"))


def _pytest(*arguments: str) -> int:
    return _run([str(BIN / "python"), "-m", "pytest", *arguments], undisturbed(os.environ))


def test_builds(arguments: list[str]) -> int:
    """Every sample through a Slipway of its own; writes docs/builds.md."""
    argv = [str(BIN / "python"), "-m", "pytest", "tests/builds", "-m", "builds", *arguments]
    return _run(argv, undisturbed(os.environ))


def bench(arguments: list[str]) -> int:
    return _run([str(BIN / "python"), "-m", "bench", *arguments], dict(os.environ))


def screenshots(arguments: list[str]) -> int:
    return _run([str(BIN / "python"), "-m", "tests.screenshots", *arguments], undisturbed(os.environ))


def _run(argv: list[str], env: dict[str, str]) -> int:
    shown = " ".join([Path(argv[0]).name, *argv[1:]])
    print(f"$ {shown}", file=sys.stderr, flush=True)
    return subprocess.run(argv, cwd=ROOT, env=env, check=False).returncode


def main(command: str, arguments: list[str]) -> int:
    if command == "lint":
        return lint()
    checks = {"test": test, "test-builds": test_builds, "bench": bench, "screenshots": screenshots}
    return checks[command](arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
