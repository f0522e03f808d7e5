"""Node: npm, pnpm or yarn; a start script, a server file, or a build whose static output is served."""

from __future__ import annotations

from dataclasses import dataclass

from workers.build.files import Files
from workers.build.job import BuildSettings
from workers.build.node_frameworks import SERVERS, Framework, find_framework, is_development_server, output_folder
from workers.build.node_managers import Manager, dependency_files, find_manager, install_line
from workers.build.node_package import Package, read_package
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
)


@dataclass(frozen=True)
class Start:
    line: str = ""
    static_dir: str = ""
    reason: str = ""


def detect(files: Files, settings: BuildSettings) -> Plan | None:
    """A plan for a folder with a package.json; else None."""
    package = read_package(files)
    if package is None:
        return None
    manager, framework, asked = find_manager(files, package), find_framework(package), _version(files, package)
    build, build_reason = _build(package, manager, framework)
    start = _start(files, package, manager, framework, build)
    with_dev = bool(build or settings.build_command) or not start.line.startswith("node ")
    needed = dependency_files(files, manager, package)
    return Plan(
        language="node",
        framework=framework.name if framework else "",
        version=asked[0],
        package_manager=manager.name,
        package_manager_version=manager.version,
        install=install_line(manager, with_dev=with_dev),
        dependency_files=needed,
        build=build,
        start=start.line,
        static_dir=start.static_dir,
        reasons=tuple(
            filter(
                None,
                (
                    "language: Node, because package.json is there",
                    version_reason("Node", asked),
                    f"framework: {framework.name}, because {framework.package} is a dependency" if framework else "",
                    manager.reason,
                    "" if with_dev else "install: without development dependencies, because nothing is built with them",
                    ""
                    if needed
                    else "install: after all of the source is copied, because it needs more than the lists",
                    build_reason,
                    start.reason,
                ),
            )
        ),
    )


def _version(files: Files, package: Package) -> Asked:
    asked = asked_version(files, ("node", "nodejs"), (".nvmrc", ".node-version"))
    return asked if asked[0] else (package.node, "package.json")


def _build(package: Package, manager: Manager, framework: Framework | None) -> tuple[str, str]:
    if "build" in package.scripts:
        return f"{manager.name} run build", "build command: the build script of package.json"
    if framework and framework.build:
        return framework.build, f"build command: as {framework.name} is built"
    return "", ""


def _start(files: Files, package: Package, manager: Manager, framework: Framework | None, build: str) -> Start:
    script = package.scripts.get("start", "").strip()
    if script and not is_development_server(script):
        return Start(_script_line(script, package, manager), reason="start command: the start script of package.json")
    passed_by = "; its start script only serves development" if script else ""
    if framework and framework.folder and not (package.runtime & SERVERS and files.first(*SERVER_FILES)):
        folder = output_folder(files, framework, package.scripts.get("build", ""))
        why = f"static files: {folder}, because {framework.name} builds them there{passed_by}"
        return Start(static_start(is_single_page=framework.is_single_page), folder, why)
    if framework and framework.start:
        return Start(framework.start, reason=f"start command: as {framework.name} is started{passed_by}")
    main = package.main.removeprefix("./")
    server = main if main and files.exists(main) else files.first(*SERVER_FILES)
    if server:
        return Start(f"node {server}", reason=f"start command: node {server}, because that file is there{passed_by}")
    return Start()


def _script_line(script: str, package: Package, manager: Manager) -> str:
    """The script itself where that means the same: the app is then process 1 and gets its signals at once."""
    hooks = {"prestart", "poststart"} & package.scripts.keys()
    if manager.is_modern_yarn or hooks or "npm_" in script or "$npm" in script:
        return f"{manager.name} start"
    return script
