"""Bun as the runtime: a package.json that Bun's lock file stands beside."""

from __future__ import annotations

import re

from workers.build.files import Files
from workers.build.job import BuildSettings
from workers.build.node_frameworks import Framework
from workers.build.node_managers import Manager
from workers.build.node_package import LIFECYCLE, Package, read_package
from workers.build.node_scripts import installs_by_development, is_development_server
from workers.build.node_settings import find_framework
from workers.build.node_workspace import (
    BUN_LOCKS,
    Workspace,
    find_workspace,
    workspace_build,
    workspace_files,
    workspace_install,
)
from workers.build.plan import Plan
from workers.build.static_site import static_start
from workers.build.versions import Asked, asked_version, version_reason

EVIDENCE = (*BUN_LOCKS, "bunfig.toml")
MODULES = tuple(
    f"{folder}{stem}.{kind}"
    for folder in ("", "src/")
    for stem in ("index", "server", "main", "app")
    for kind in ("ts", "tsx", "js")
)


def detect(files: Files, settings: BuildSettings) -> Plan | None:
    """A plan for a package.json with Bun's lock or settings, or one that names Bun as its manager; else None."""
    package = read_package(files)
    if package is None:
        return None
    workspace = find_workspace(files)
    top = workspace.files if workspace else files
    named = re.fullmatch(r"bun@(\d+(?:\.\d+){0,2})(?:\+.*)?", (workspace.package if workspace else package).manager)
    evidence = top.first(*EVIDENCE)
    if not evidence and not named:
        return None
    framework = find_framework(files, package)
    asked = _version(files, top, named[1] if named else "")
    build, build_reason = _build(package, framework, workspace)
    needed = _dependency_files(files, package, workspace)
    packages = (workspace.package, *workspace.members.values()) if workspace else (package,)
    start, folder, why = _start(files, package, framework)
    told = (
        f"language: Bun, because {f'{evidence} is there' if evidence else 'package.json names it'}",
        version_reason("Bun", asked),
        f"framework: {framework.name}, because {framework.package} is a dependency" if framework else "",
        workspace.reason if workspace else "",
        "" if needed else "install: after all of the source is copied, because it needs more than the lists",
        build_reason,
        why,
    )
    return Plan(
        language="bun",
        framework=framework.name if framework else "",
        version=asked[0],
        package_manager="bun",
        install=_install(top, workspace, with_dev=bool(build) or installs_by_development(packages, LIFECYCLE)),
        dependency_files=needed,
        build=build,
        start=start,
        static_dir=folder,
        within=workspace.folder if workspace else "",
        reasons=tuple(filter(None, told)),
    )


def _install(top: Files, workspace: Workspace | None, *, with_dev: bool) -> str:
    line = f"bun install{' --frozen-lockfile' if top.first(*BUN_LOCKS) else ''}{'' if with_dev else ' --production'}"
    return workspace_install(workspace, line) if workspace else line


def _version(files: Files, top: Files, named: str) -> Asked:
    """What the folder's files ask for, then those at the top of its workspace."""
    found = (asked_version(each, ("bun",), (".bun-version",)) for each in (files, top))
    asked = next(filter(lambda asked: asked[0], found), None)
    return (asked[0].removeprefix("bun-v"), asked[1]) if asked else (named, "package.json")


def _dependency_files(files: Files, package: Package, workspace: Workspace | None) -> tuple[str, ...]:
    """What the install reads; () when it runs scripts of the repository or links folders of it."""
    if workspace:
        return workspace_files(workspace, Manager("bun", "", workspace.files.first(*BUN_LOCKS), ""))
    if package.has_local or package.runs_scripts or files.glob("patches/*"):
        return ()
    return tuple(name for name in ("package.json", *EVIDENCE, ".npmrc") if files.exists(name))


def _build(package: Package, framework: Framework | None, workspace: Workspace | None) -> tuple[str, str]:
    line, why = "", ""
    if "build" in package.scripts:
        line, why = "bun run build", "build command: the build script of package.json"
    elif framework and framework.build:
        line, why = f"bunx --bun {framework.build}", f"build command: as {framework.name} is built"
    if workspace:
        line, by_workspace = workspace_build(workspace, Manager("bun", "", "", ""), package, line)
        why = by_workspace or why
    return (f"{framework.first}{line}{framework.after}" if framework and line else line), why


def _start(files: Files, package: Package, framework: Framework | None) -> tuple[str, str, str]:
    """The line, the folder of static files, and why."""
    script = package.scripts.get("start", "").strip()
    if script and not is_development_server(script, package, framework):
        # A single command is started itself: it is then process 1 and gets its signals at once.
        line = script if re.fullmatch(r"bun (?:run )?[\w./-]+\.[jt]sx?", script) else "bun --bun run start"
        return line, "", "start command: the start script of package.json"
    if framework and framework.folder:
        why = f"static files: {framework.folder}, because {framework.name} builds them there"
        return static_start(page=framework.page), framework.folder, why
    if framework and framework.start:
        line = re.sub(r"^((?:[A-Z_]+=\S+ )*)(?:node )?", r"\1bun --bun ", framework.start)
        return line, "", f"start command: as {framework.name} is started"
    main = package.main.removeprefix("./")
    module = main if main and files.exists(main) else files.first(*MODULES)
    return (f"bun {module}", "", f"start command: {module}, because that file is there") if module else ("", "", "")
