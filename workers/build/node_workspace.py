"""A service in a folder of a workspace: it is installed and built from the top of the repository, and started in its folder.

All lines run in the service's folder and go up by themselves. Not in charge of the folder's own scripts.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from itertools import dropwhile, islice, takewhile

from workers.build.files import Files
from workers.build.folder_patterns import belongs
from workers.build.node_managers import LOCKS, Manager, manager_files
from workers.build.node_nx import is_project, project_folders
from workers.build.node_package import Package, read_package

MOST_MEMBERS = 30  # Each is a file to read, which may be a request, and a line of the Dockerfile.
MOST_PATTERNS = 200
LONGEST_PATTERN = 200
DEEPEST_PATTERN = 20
MOST_COMPARED = 10_000  # A folder with a pattern.
BUN_LOCKS = ("bun.lock", "bun.lockb")
# The tool of a workspace -> its settings, and how it builds one package after those that it needs.
BY_TOOL = {
    "turbo": ("turbo.json", "turbo run build --filter={name}..."),
    "nx": ("nx.json", "nx run {name}:build"),
}
IN_FOLDER = {"npm": "npm --prefix {0} run build", "pnpm": "pnpm --dir {0} run build", "bun": "bun run --cwd {0} build"}


@dataclass(frozen=True)
class Workspace:
    """`files` and `package` are those of the top, `folder` is the service's. `members` are its packages by folder, or
    the service alone where they are too many to be read."""

    files: Files
    package: Package
    folder: str
    members: dict[str, Package]
    is_whole: bool

    @property
    def up(self) -> str:
        return "/".join([".."] * (self.folder.count("/") + 1))

    @property
    def reason(self) -> str:
        evidence = self.files.first("pnpm-workspace.yaml") or "package.json at its top"
        if not self.files.exists(f"{self.folder}/package.json"):
            evidence = "nx.json at its top"
        return f"workspace: the whole repository is installed, because {evidence} makes {self.folder} a part of it"


def find_workspace(files: Files) -> Workspace | None:
    """None for a folder that stands alone: it has a lock of its own, or nothing above it says that it belongs to it."""
    outer, folder = files.repository
    if not re.fullmatch(r"[\w@.+/-]+", folder) or files.first(*LOCKS, *BUN_LOCKS):
        return None
    package = read_package(outer)
    if package is None:
        return None
    if not belongs(folder, _patterns(outer, package)) and not is_project(files):
        return None
    folders = _member_folders(outer, package)
    is_whole = len(folders) <= MOST_MEMBERS
    read = folders if is_whole else [folder]
    members = {name: member for name in read if (member := read_package(outer, f"{name}/package.json"))}
    return Workspace(outer, package, folder, members, is_whole)


def parts_reason(files: Files, package: Package) -> str:
    """What is said at the top of a workspace, where nothing itself is to be started: which folders it has."""
    folders = list(dict.fromkeys([*_member_folders(files, package), *project_folders(files)]))[:MOST_MEMBERS]
    return f"workspace: the root directory may be one of {', '.join(folders)}" if folders else ""


def workspace_install(workspace: Workspace, line: str) -> str:
    return f"cd {workspace.up} && {line}"


def workspace_files(workspace: Workspace, manager: Manager) -> tuple[str, ...]:
    """What the install reads; () when it runs scripts, links programs of the repository, or when that is not known."""
    packages = [workspace.package, *workspace.members.values()]
    if not workspace.is_whole or any(package.runs_scripts or package.has_programs for package in packages):
        return ()
    top = manager_files(workspace.files, manager)
    return (*top, *(f"{folder}/package.json" for folder in workspace.members)) if top else ()


def workspace_build(
    workspace: Workspace, manager: Manager, package: Package, own: str, project: str = ""
) -> tuple[str, str]:
    """The line that builds what the service needs of the workspace, and the service; and why so.

    `own` is how the service itself is built, "" when it needs no build; `project` is its name where Nx builds it.
    """
    # Turborepo goes through those that it needs when it is not built itself; Nx knows no such build.
    names = {"turbo": package.name, "nx": project or (package.name if "build" in package.scripts else "")}
    for tool, (settings, line) in BY_TOOL.items():
        name = names[tool]
        if name and tool in workspace.package.names and workspace.files.exists(settings):
            started = manager.started(line.format(name=shlex.quote(name)))
            why = f"build command: by {tool}, because {settings} is at the top: {name} and what it needs"
            return f"(cd {workspace.up} && {started})", why
    before = [_build_of(manager, f"{workspace.up}/{folder}") for folder in needed_folders(workspace, package)]
    if not before:
        return own, ""
    return " && ".join(filter(None, [*before, own])), "build command: first the packages of the workspace that it needs"


def needed_folders(workspace: Workspace, package: Package) -> list[str]:
    """The members that a package needs and that are built, those that others need first."""
    by_name = {member.name: folder for folder, member in workspace.members.items() if member.name}
    order: list[str] = []
    seen = {package.name}

    def visit(one: Package) -> None:
        for name in sorted(one.names & by_name.keys()):
            if name in seen:
                continue
            seen.add(name)
            member = workspace.members[by_name[name]]
            visit(member)
            if "build" in member.scripts:
                order.append(by_name[name])

    visit(package)
    return order


def _build_of(manager: Manager, folder: str) -> str:
    return IN_FOLDER.get(manager.name, "yarn --cwd {0} run build").format(shlex.quote(folder))


def _member_folders(files: Files, package: Package) -> list[str]:
    """The folders with a package.json that belong to the workspace; all of them where they are too many to compare."""
    patterns = _patterns(files, package)
    found = [name.removesuffix("/package.json") for name in files.names() if name.endswith("/package.json")]
    is_too_many = len(found) * len(patterns) > MOST_COMPARED
    return found if is_too_many else [name for name in found if belongs(name, patterns)]


def _patterns(files: Files, package: Package) -> tuple[str, ...]:
    told = _pnpm_patterns(files) or package.workspaces
    return tuple(p for p in told if len(p) <= LONGEST_PATTERN and p.count("/") < DEEPEST_PATTERN)[:MOST_PATTERNS]


def _pnpm_patterns(files: Files) -> tuple[str, ...]:
    """The list `packages` of pnpm-workspace.yaml, as pnpm and people write it."""
    lines = dropwhile(lambda line: line.rstrip() != "packages:", files.head("pnpm-workspace.yaml", 65536).splitlines())
    listed = takewhile(lambda line: not line or line[0] in "-#", map(str.strip, islice(lines, 1, None)))
    told = (line[1:].partition("#")[0].strip().strip("\"'") for line in listed if line.startswith("-"))
    return tuple(filter(None, told))
