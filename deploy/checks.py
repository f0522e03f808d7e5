"""`make lint`, `make test` and `make bench`, run by the Python of `.venv`. Not in charge of preparing the machine."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"
CHECKED = ["apps", "workers", "paas"]


def lints() -> list[list[str]]:
    return [
        [str(BIN / "ruff"), "check", "."],
        [str(BIN / "ruff"), "format", "--check", "."],
        [str(BIN / "mypy"), *CHECKED],
        [str(BIN / "python"), "-m", "django", "makemigrations", "--check", "--dry-run"],
    ]


def settings_for_checks(home: str) -> dict[str, str]:
    """Nothing of a Slipway that runs here is seen or touched."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SLIPWAY_", "TRAEFIK_"))}
    kept = {name: value for name, value in kept.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    return kept | {
        "DJANGO_SETTINGS_MODULE": "paas.settings",
        "SLIPWAY_HOME": home,
        "SLIPWAY_INSTANCE": "00000000",
        "SLIPWAY_SECRET_KEY": "only-for-checks-that-keep-no-data-at-all",
        "SLIPWAY_VARIABLE_KEYS": "b25seS1mb3ItY2hlY2tzLXRoYXQta2VlcC1ub3RoaW4=",
        "SLIPWAY_HOST_TOKEN": "only-for-checks-that-keep-no-data-at-all",
        "DATABASE_URL": "postgresql://slipway@/slipway?host=/nonexistent",
        "REDIS_URL": "unix:///nonexistent?db=0",
    }


def lint() -> int:
    with tempfile.TemporaryDirectory(prefix="slipway-lint-") as home:
        env = settings_for_checks(home)
        codes = [_run(argv, env) for argv in lints()]
    return max(codes)


def test(arguments: list[str]) -> int:
    """Lints first: they are quick. The tests make what they need under folders of their own."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("SLIPWAY_", "TRAEFIK_"))}
    return lint() or _run([str(BIN / "python"), "-m", "pytest", *arguments], env)


def bench(arguments: list[str]) -> int:
    return _run([str(BIN / "python"), "-m", "bench", *arguments], dict(os.environ))


def _run(argv: list[str], env: dict[str, str]) -> int:
    shown = " ".join([Path(argv[0]).name, *argv[1:]])
    print(f"$ {shown}", file=sys.stderr, flush=True)
    return subprocess.run(argv, cwd=ROOT, env=env, check=False).returncode


def main(command: str, arguments: list[str]) -> int:
    return {"lint": lambda: lint(), "test": lambda: test(arguments), "bench": lambda: bench(arguments)}[command]()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
