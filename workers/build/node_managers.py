"""npm, pnpm and yarn: which one a Node folder uses, how it installs, and which files it reads for that."""

from __future__ import annotations

import re
from dataclasses import dataclass

from workers.build.files import Files
from workers.build.node_package import LIFECYCLE, Package

LOCKS = {"pnpm-lock.yaml": "pnpm", "yarn.lock": "yarn", "package-lock.json": "npm", "npm-shrinkwrap.json": "npm"}
SETTINGS = (".npmrc", ".yarnrc", ".yarnrc.yml", ".pnpmfile.cjs", "pnpm-workspace.yaml")
PNPM_OF_LOCK = {"5": "7", "6": "8", "9": "10"}  # lockfileVersion -> the last pnpm that writes it.


@dataclass(frozen=True)
class Manager:
    """`version` is what the registry is asked for, "" for npm, which comes with Node."""

    name: str
    version: str
    lock: str
    reason: str

    @property
    def is_modern_yarn(self) -> bool:
        return self.name == "yarn" and not self.version.startswith(("0", "1"))


def find_manager(files: Files, package: Package) -> Manager:
    """What `packageManager` names, else the lock file's, else npm."""
    lock = files.first(*LOCKS)
    told = re.fullmatch(r"(npm|pnpm|yarn)@(\d+(?:\.\d+){0,2}(?:-[\w.]+)?)(?:\+.*)?", package.manager)
    if told:
        lock = next((name for name, manager in LOCKS.items() if manager == told[1] and files.exists(name)), "")
        version = "" if told[1] == "npm" else told[2]
        return Manager(told[1], version, lock, f"package manager: {told[1]}, because package.json names it")
    if lock:
        name = LOCKS[lock]
        return Manager(name, _version_of_lock(files, name), lock, f"package manager: {name}, because {lock} is there")
    return Manager("npm", "", "", "package manager: npm, because there is no lock file of another one")


def install_line(manager: Manager, *, with_dev: bool) -> str:
    """As the lock file says where there is one, so that a build cannot drift."""
    if manager.name == "pnpm":
        return f"pnpm install{' --frozen-lockfile' if manager.lock else ''}{'' if with_dev else ' --prod'}"
    if manager.is_modern_yarn:
        return f"yarn install{' --immutable' if manager.lock else ''}"
    if manager.name == "yarn":
        frozen, dev = " --frozen-lockfile" if manager.lock else "", "false" if with_dev else "true"
        return f"yarn install --non-interactive{frozen} --production={dev}"
    return f"npm {'ci' if manager.lock else 'install'} --no-audit --no-fund{'' if with_dev else ' --omit=dev'}"


def dependency_files(files: Files, manager: Manager, package: Package) -> tuple[str, ...]:
    """What the install reads; () when it runs scripts of the repository or links folders of it."""
    if package.has_local or any(name in package.scripts for name in LIFECYCLE):
        return ()
    if files.exists("pnpm-workspace.yaml") or files.glob(".yarn/*/*", "patches/*"):
        return ()
    return tuple(name for name in ("package.json", manager.lock, *SETTINGS) if name and files.exists(name))


def _version_of_lock(files: Files, name: str) -> str:
    if name == "pnpm":
        found = re.search(r"lockfileVersion:\s*'?(\d+)", files.head("pnpm-lock.yaml"))
        return PNPM_OF_LOCK.get(found[1] if found else "", "10")
    if name == "yarn":
        return "4" if "__metadata:" in files.head("yarn.lock") else "1"
    return ""
