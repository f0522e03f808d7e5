"""`make <command>`: brings a fresh machine to where Slipway can run, then runs it. Needs nothing but Python.

Not in charge of running anything (`paas.supervisor`). Talks on stderr only: stdout belongs to the command.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
OLDEST, NEWEST = (3, 11), (3, 14)
# The command that must be there -> the package of Debian and Ubuntu that brings it.
NEEDED = {
    "git": "git",
    "ssh": "openssh-client",
    "mmdebstrap": "mmdebstrap",
    "docker": "docker.io",
    "unshare": "util-linux",
}
ENGINE = ("docker.io", "docker-cli", "docker-buildx", "iptables")  # Newer releases split what docker.io was.
NEEDED_BY_TESTS = {"chromium": "chromium"}
CHECKS = ("test", "test-builds", "bench", "lint", "screenshots")
NEEDS_ENGINE = ("up", "restart", "test", "test-builds", "bench")
PREPARING = (*CHECKS, "up", "restart", "prepare")


class Refused(Exception):
    """One sentence that a person can act on."""


def say(text: str) -> None:
    print(f"slipway: {text}", file=sys.stderr, flush=True)


def check_python(version: tuple[int, int]) -> None:
    if not OLDEST <= version <= NEWEST:
        found, wanted = ".".join(map(str, version)), "3.11, 3.12, 3.13 or 3.14"
        raise Refused(f"Slipway needs Python {wanted}; this one is {found}. Install one: apt-get install python3.11")


def lacking_packages(needed: dict[str, str]) -> list[str]:
    """Packages whose command is not on the PATH. A client is needed even where the engine is elsewhere: it builds."""
    return [package for command, package in needed.items() if shutil.which(command, path=search_path()) is None]


def known_packages(packages: list[str]) -> list[str]:
    """With the engine's parts spelled out, as far as this release has them."""
    spelled = [part for package in packages for part in (ENGINE if package == "docker.io" else (package,))]
    asked = ["apt-cache", "pkgnames"]
    known = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.split()
    return [package for package in spelled if package in known or package not in ENGINE[1:]]


def search_path() -> str:
    """With the folders of system programs, which an ordinary user's PATH often lacks."""
    return os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin", "/sbin"])


def has_venv_module() -> bool:
    """Debian's python3 comes without what `venv` needs to put pip into an environment."""
    code = "import venv, ensurepip"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0


def apt_argv(packages: list[str]) -> list[str]:
    return ["apt-get", "install", "--yes", "--no-install-recommends", *packages]


def install_packages(packages: list[str]) -> None:
    if shutil.which("apt-get") is None:
        raise Refused(f"This machine lacks {', '.join(packages)}: install them with its package manager.")
    if os.geteuid() != 0:
        raise Refused(
            f"This machine lacks {', '.join(packages)}. Type: sudo {' '.join(apt_argv(known_packages(packages)))}"
        )
    say(f"installing {', '.join(packages)}")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update"], env=quiet, stdout=sys.stderr, check=False)
    argv = apt_argv(known_packages(packages))
    if subprocess.run(argv, env=quiet, stdout=sys.stderr, check=False).returncode != 0:
        raise Refused(f"Could not install {', '.join(packages)}, see above. Type: {' '.join(argv)}")


def ensure_packages(command: str) -> None:
    wanted = {} if command in ("lint", "screenshots") else NEEDED
    wanted = wanted | (NEEDED_BY_TESTS if command in ("test", "bench", "screenshots") else {})
    lacking = lacking_packages(wanted)
    if not PYTHON.exists() and not has_venv_module():
        lacking.append(f"python{sys.version_info[0]}.{sys.version_info[1]}-venv")
    if lacking:
        install_packages(lacking)


def stamp_of(lock: Path) -> str:
    """Changes with the lock and with the Python that it was installed for."""
    return hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()


def ensure_environment(lock: Path) -> None:
    """`.venv` with what the lock names; nothing to do when it was made from the same lock and Python.

    The lock for tests holds everything of the other one, so going back to that one removes nothing.
    """
    stamp = VENV / "slipway-lock"
    installed = stamp.read_text().split() if stamp.exists() and PYTHON.exists() else []
    if stamp_of(lock) in installed:
        return
    if not _is_same_python():
        say("making .venv")
        _run([sys.executable, "-m", "venv", "--clear", str(VENV)], "Could not make .venv")
    say(f"installing {lock.name}")
    uv = VENV / "bin" / "uv"
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if not uv.exists():
        subprocess.run([*pip, "uv"], stdout=sys.stderr, stderr=subprocess.DEVNULL, check=False)
    quick = [str(uv), "pip", "install", "--quiet", "--python", str(PYTHON)]
    installer = quick if uv.exists() else pip
    _run([*installer, "--require-hashes", "--requirement", str(lock)], "Could not install the dependencies")
    made_for = [stamp_of(lock)] + ([stamp_of(ROOT / "requirements.lock")] if "test" in lock.name else [])
    stamp.write_text("\n".join(made_for) + "\n")


def _is_same_python() -> bool:
    """Whether `.venv` works and is of the version that runs now."""
    if not PYTHON.exists():
        return False
    asked = [str(PYTHON), "-c", "import sys, pip; print(sys.version)"]
    told = subprocess.run(asked, capture_output=True, text=True, check=False)
    return told.stdout.strip() == sys.version.strip()


def _run(argv: list[str], otherwise: str) -> None:
    if subprocess.run(argv, stdout=sys.stderr, check=False).returncode != 0:
        raise Refused(f"{otherwise}, see above. The command was: {' '.join(argv)}")


def ensure_engine() -> None:
    """The module below needs the Python that was checked by now, and nothing installed."""
    sys.path.insert(0, str(ROOT))
    from paas.embedded.engine import ensure_engine
    from workers.errors import PlatformError

    home = Path(os.environ.get("SLIPWAY_HOME") or ROOT / ".slipway")
    os.environ["PATH"] = search_path()
    try:
        ensure_engine(home / "log" / "dockerd.log")
    except PlatformError as problem:
        raise Refused(f"{problem.message} {problem.hint}") from problem


def argv_for(command: str, arguments: list[str]) -> list[str]:
    """What to become once the machine is ready."""
    if command in CHECKS:
        return [str(PYTHON), str(ROOT / "deploy" / "checks.py"), command, *arguments]
    return [str(PYTHON), "-m", "paas.supervisor", command]


def prepare(command: str) -> None:
    """What only looks at a running Slipway, or stops it, is not kept waiting by an upgrade."""
    check_python((sys.version_info[0], sys.version_info[1]))
    if command in PREPARING:
        ensure_packages(command)
        ensure_environment(ROOT / ("requirements-test.lock" if command in CHECKS else "requirements.lock"))
    elif not PYTHON.exists():
        if command == "status" and os.environ.get("FORMAT") == "json":
            print('{"state": "down", "dashboard": null, "edge": null, "processes": []}')
        raise Refused("Nothing is installed here yet. Type: make up")
    if command in NEEDS_ENGINE:
        ensure_engine()


def become(argv: list[str]) -> NoReturn:
    os.chdir(ROOT)
    os.execv(argv[0], argv)  # noqa: S606  (no shell)


def main(arguments: list[str]) -> int:
    command = arguments[0] if arguments else "up"
    try:
        prepare(command)
    except Refused as refusal:
        say(str(refusal))
        return 1
    if command == "prepare":
        return 0
    become(argv_for(command, arguments[1:]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
