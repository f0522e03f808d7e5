"""Node: npm, pnpm or yarn; a start script, a server file, or a build whose static output is served.

A folder of a workspace (npm's, pnpm's, yarn's; Turborepo, Nx) is built from the top of the repository.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from workers.build.files import Files
from workers.build.job import BuildSettings
from workers.build.node_frameworks import SERVERS, Framework
from workers.build.node_libraries import find_libraries
from workers.build.node_managers import (
    Manager,
    dependency_files,
    find_manager,
    install_line,
    install_more,
    postponed,
    without_scripts,
)
from workers.build.node_nx import Project, find_project, project_folders
from workers.build.node_package import LIFECYCLE, Package, read_package
from workers.build.node_scripts import installs_by_development, is_development_server, needs_development
from workers.build.node_settings import find_framework
from workers.build.node_workspace import (
    Workspace,
    find_workspace,
    parts_reason,
    workspace_build,
    workspace_files,
    workspace_install,
)
from workers.build.plan import Plan
from workers.build.static_site import static_start
from workers.build.versions import Asked, asked_version, version_reason

SERVER_FILES = (
    "server.js",
    "index.js",
    "app.js",
    "main.js",
    "server.mjs",
    "index.mjs",
    "src/server.js",
    "src/index.js",
    "server/index.js",
    "server/index.mjs",
    "server/server.js",
)
PAGES_OWN = ("src/index.js", "src/index.ts", "src/index.tsx")  # What a page begins with in the browser.
AFTER_SOURCE = "install: after all of the source is copied, because it needs more than the lists"
WITHOUT_DEV = "install: without development dependencies, because nothing is built with them"


@dataclass(frozen=True)
class Start:
    line: str = ""
    static_dir: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Found:
    """What is known of a folder before its lines are written. `workspace` is None for one that stands alone,
    `project` for one that Nx does not build."""

    files: Files
    package: Package
    framework: Framework | None
    manager: Manager
    workspace: Workspace | None
    project: Project | None


def detect(files: Files, settings: BuildSettings) -> Plan | None:
    """A plan for a folder with a package.json; else None."""
    workspace = find_workspace(files)
    project = find_project(files) if workspace else None
    package = read_package(files) or (Package() if project else None)
    if package is None:
        return None
    package = replace(package, is_member=workspace is not None)
    manager = find_manager(workspace.files, workspace.package) if workspace else find_manager(files, package)
    found = Found(files, package, _framework(files, package, project), manager, workspace, project)
    asked, start = _version(found), _start(found)
    build, build_reason = _build(found)
    with_dev = bool(build or settings.build_command) or _needs_development(found, start.line)
    install, later, needed = _install(found, with_dev=with_dev)
    framework = found.framework
    libraries = find_libraries(files, package, workspace, manager.lock)
    said = (
        *libraries.reasons,
        "" if with_dev else WITHOUT_DEV,
        "" if needed else AFTER_SOURCE,
        f"install: {later}, once the source is there, because an install does it" if later else "",
        build_reason,
        start.reason,
    )
    return Plan(
        language="node",
        framework=framework.name if framework else "",
        version=asked[0],
        package_manager=manager.name,
        package_manager_version=manager.version,
        install=install,
        install_project=later,
        dependency_files=needed,
        build=build,
        system_packages=libraries.run,
        build_packages=libraries.build,
        start=start.line,
        static_dir=start.static_dir,
        within=workspace.folder if workspace else "",
        keeps=framework.keeps if framework and start.line == framework.start else "",
        reasons=tuple(filter(None, (*_reasons(found, asked, start), *said))),
    )


def _framework(files: Files, package: Package, project: Project | None) -> Framework | None:
    """At the top of an Nx workspace what is installed is for its apps, unless it has a build of its own."""
    build = package.scripts.get("build", "")
    if project and project.framework and not build:
        return project.framework
    is_for_apps = (not build or build.startswith("nx ")) and project_folders(files)
    return None if is_for_apps else find_framework(files, package)


def _reasons(found: Found, asked: Asked, start: Start) -> tuple[str, ...]:
    """What it is."""
    framework, workspace = found.framework, found.workspace
    parts = "" if start.line else parts_reason(found.files, found.package)
    return (
        f"language: Node, because {found.files.first('package.json', 'project.json')} is there",
        version_reason("Node", asked),
        f"framework: {framework.name}, because {framework.package} is a dependency" if framework else "",
        workspace.reason if workspace else parts,
        found.manager.reason,
    )


def _version(found: Found) -> Asked:
    """What the folder's files ask for, then those at the top of its workspace."""
    places = [(found.files, found.package)]
    places += [(found.workspace.files, found.workspace.package)] if found.workspace else []
    for files, package in places:
        asked = asked_version(files, ("node", "nodejs"), (".nvmrc", ".node-version"))
        if asked[0] or package.node:
            return asked if asked[0] else (package.node, "package.json")
    return "", ""


def _needs_development(found: Found, start: str) -> bool:
    """Whether the app cannot start, or not even be installed, without what is for developers."""
    top = found.workspace
    packages = (top.package, *top.members.values(), found.package) if top else (found.package,)
    is_late = not top and postponed(found.package) and dependency_files(found.files, found.manager, found.package)
    run = tuple(name for name in LIFECYCLE if name != "prepare") if is_late else LIFECYCLE
    return needs_development(start, packages) or installs_by_development(packages, run)


def _install(found: Found, *, with_dev: bool) -> tuple[str, str, tuple[str, ...]]:
    """The line, what of it waits for the source, and the files that it reads. `prepare` is of use to developers alone."""
    manager, line = found.manager, install_line(found.manager, with_dev=with_dev)
    if found.workspace:
        return workspace_install(found.workspace, line), "", workspace_files(found.workspace, manager)
    line += install_more(manager, found.framework.adds if found.framework else "")
    needed, late = dependency_files(found.files, manager, found.package), postponed(found.package)
    if not needed or not late:
        return line, "", needed
    wanted = late if with_dev and not manager.is_modern_yarn else (name for name in late if name != "prepare")
    return without_scripts(line, late), " && ".join(f"{manager.name} run {name}" for name in wanted), needed


def _build(found: Found) -> tuple[str, str]:
    framework, manager = found.framework, found.manager
    line, why = "", ""
    if "build" in found.package.scripts:
        line, why = f"{manager.name} run build", "build command: the build script of package.json"
    elif framework and framework.build:
        line, why = manager.started(framework.build), f"build command: as {framework.name} is built"
    if found.workspace:
        project = found.project.name if found.project else ""
        built, by_workspace = workspace_build(found.workspace, manager, found.package, line, project)
        line, why = built, by_workspace or why
    return (f"{framework.first}{line}{framework.after}" if framework and line else line), why


def _start(found: Found) -> Start:
    package, framework, files = found.package, found.framework, found.files
    script = package.scripts.get("start", "").strip()
    is_other = bool(framework and framework.not_start and script.startswith(framework.not_start))
    if script and not is_development_server(script, package, framework) and not is_other:
        return Start(_script_line(script, found), reason="start command: the start script of package.json")
    passed_by = "; its start script only serves development" if script and not is_other else ""
    why = f", because {framework.why}" if framework and framework.why else ""
    if framework and framework.folder and not (package.runtime & SERVERS and files.first(*_servers(found))):
        because = f"static files: {framework.folder}, because {framework.name} builds them there{why}{passed_by}"
        return Start(static_start(page=framework.page), framework.folder, because)
    if framework and framework.start:
        reason = f"start command: as {framework.name} is started{why}{passed_by}"
        return Start(found.manager.started(framework.start), reason=reason)
    main = package.main.removeprefix("./")
    if server := files.first(*_servers(found, main)):
        line = found.manager.started(f"node {server}")
        return Start(line, reason=f"start command: node {server}, because that file is there{passed_by}")
    return Start()


def _servers(found: Found, main: str = "") -> list[str]:
    """Where a server may be. A framework that makes a single page has source of it where others have a server."""
    names = filter(None, (main, *SERVER_FILES))
    is_page = found.framework and found.framework.page
    return [name for name in names if not (is_page and name in PAGES_OWN)]


def _script_line(script: str, found: Found) -> str:
    """The script itself where that means the same: the app is then process 1 and gets its signals at once."""
    hooks = {"prestart", "poststart"} & found.package.scripts.keys()
    if found.manager.is_pnp or hooks or "npm_" in script or "$npm" in script:
        return f"{found.manager.name} start"
    if found.framework and "node" in script and found.framework.start.startswith("HOST=") and "HOST=" not in script:
        return f"HOST=0.0.0.0 {script}"
    return script
