"""npm, pnpm and yarn: which one a Node folder uses, how it installs, and which files it reads for that.

Precedence: `packageManager`, `devEngines` and `volta` of package.json, then the lock file, then npm. Corepack is not
needed: the manager itself comes from the registry.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from workers.build.files import Files
from workers.build.node_package import Package

LOCKS = {"pnpm-lock.yaml": "pnpm", "yarn.lock": "yarn", "package-lock.json": "npm", "npm-shrinkwrap.json": "npm"}
SETTINGS = (".npmrc", ".yarnrc", ".yarnrc.yml", ".pnpmfile.cjs", "pnpm-workspace.yaml", "bunfig.toml")
PNPM_OF_LOCK = {"5": "7", "6": "8", "9": "10"}  # lockfileVersion -> the last pnpm that writes it.
YARN_OF_LOCK = {"4": "2", "5": "3", "6": "3"}  # The same for yarn; what is newer is 4's.
LATE = ("postinstall", "prepare")
EXACT = r"\d+(?:\.\d+){0,2}(?:-[\w.]+)?"


@dataclass(frozen=True)
class Manager:
    """`version` is what the registry is asked for, "" for the npm that comes with Node. `is_pnp`: there is no
    node_modules, and everything must be started through yarn."""

    name: str
    version: str
    lock: str
    reason: str
    is_pnp: bool = False

    @property
    def is_modern_yarn(self) -> bool:
        return self.name == "yarn" and not self.version.startswith(("0", "1"))

    @property
    def as_package(self) -> str:
        """As the registry is asked for it."""
        name = "@yarnpkg/cli-dist" if self.is_modern_yarn else self.name
        return f"{name}@{self.version or 'latest'}"

    def started(self, line: str) -> str:
        """A line that names a program of a package, as this manager starts it. Variables before it stay before it."""
        if not self.is_pnp:
            return line
        return re.sub(r"^((?:[A-Z_]+=\S+ )*)", r"\1yarn ", line)


def find_manager(files: Files, package: Package) -> Manager:
    """What package.json names, else the lock file's, else npm."""
    lock = files.first(*LOCKS)
    is_pnp = not re.search(r"^nodeLinker:\s*[\"']?(?:node-modules|pnpm)\b", files.head(".yarnrc.yml"), re.MULTILINE)
    told = re.fullmatch(rf"(npm|pnpm|yarn)@({EXACT})(?:\+.*)?", package.manager)
    if told:
        name, version = told[1], told[2]
        lock = next((file for file, manager in LOCKS.items() if manager == name and files.exists(file)), "")
        why = f"package manager: {name} {version}, because package.json names it"
    elif lock:
        name = LOCKS[lock]
        version = _of_engines(package, name) or _version_of_lock(files, name)
        why = f"package manager: {name}, because {lock} is there"
    else:
        return Manager("npm", "", "", "package manager: npm, because there is no lock file of another one")
    is_modern_yarn = name == "yarn" and not version.startswith(("0", "1"))
    return Manager(name, version, lock, why, is_pnp and is_modern_yarn)


def install_line(manager: Manager, *, with_dev: bool) -> str:
    """As the lock file says where there is one, so that a build cannot drift."""
    if manager.name == "pnpm":
        return f"pnpm install{' --frozen-lockfile' if manager.lock else ''}{'' if with_dev else ' --prod'}"
    if manager.is_modern_yarn:
        # Plug'n'Play runs from the packages themselves, which then belong to the image; node_modules needs no second copy.
        cached = "" if manager.is_pnp else "YARN_ENABLE_GLOBAL_CACHE=true "
        return f"{cached}yarn install{' --immutable' if manager.lock else ''}"
    if manager.name == "yarn":
        frozen, dev = " --frozen-lockfile" if manager.lock else "", "false" if with_dev else "true"
        return f"yarn install --non-interactive{frozen} --production={dev}"
    return f"npm {'ci' if manager.lock else 'install'} --no-audit --no-fund{'' if with_dev else ' --omit=dev'}"


def install_more(manager: Manager, package: str) -> str:
    """Behind an install, one package that the lists lack, if it fits. By npm alone: others would write it down."""
    line = f" && (npm install --no-save --no-audit --no-fund {package} || :)"
    return line if package and manager.name == "npm" else ""


def dependency_files(files: Files, manager: Manager, package: Package) -> tuple[str, ...]:
    """What the install reads; () when it runs scripts of the repository that cannot wait, or links folders of it."""
    cannot_wait = package.runs_scripts and not postponed(package)
    if package.has_local or cannot_wait or files.exists("pnpm-workspace.yaml"):
        return ()
    return manager_files(files, manager)


def postponed(package: Package) -> tuple[str, ...]:
    """Scripts of the folder that an install runs at its end: they can as well run once the source is there."""
    return () if {"preinstall", "install"} & package.scripts.keys() else tuple(n for n in LATE if n in package.scripts)


def without_scripts(line: str, names: tuple[str, ...]) -> str:
    """An install that knows nothing of these scripts. The list that it changes is copied again with the source."""
    return f"npm pkg delete {' '.join(f'scripts.{name}' for name in names)} && {line}"


def manager_files(files: Files, manager: Manager) -> tuple[str, ...]:
    """The lists and settings at one place; () when the install reads more of what is there."""
    if files.glob(".yarn/*/*", "patches/*"):
        return ()
    return tuple(name for name in ("package.json", manager.lock, *SETTINGS) if name and files.exists(name))


def _of_engines(package: Package, name: str) -> str:
    told = re.fullmatch(r"[\^~]?(\d+)(?:\.\d+|\.x){0,2}", package.engines.get(name, ""))
    return told[1] if told and name != "npm" else ""


def _version_of_lock(files: Files, name: str) -> str:
    if name == "pnpm":
        found = re.search(r"lockfileVersion:\s*'?(\d+)", files.head("pnpm-lock.yaml"))
        return PNPM_OF_LOCK.get(found[1] if found else "", "10")
    if name == "yarn":
        modern = re.search(r"^__metadata:\s*\n\s+version:\s*(\d+)", files.head("yarn.lock"), re.MULTILINE)
        return YARN_OF_LOCK.get(modern[1], "4") if modern else "1"
    return ""
