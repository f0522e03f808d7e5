"""Bun as the runtime: a package.json that Bun's lock file stands beside."""

from __future__ import annotations

import re

from workers.build.files import Files
from workers.build.job import BuildSettings
from workers.build.node_frameworks import Framework, is_development_server
from workers.build.node_package import Package, read_package
from workers.build.node_settings import find_framework
from workers.build.plan import Plan
from workers.build.static_site import static_start
from workers.build.versions import Asked, asked_version, version_reason

LOCKS = ("bun.lock", "bun.lockb")
EVIDENCE = (*LOCKS, "bunfig.toml")
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
    named = re.fullmatch(r"bun@(\d+(?:\.\d+){0,2})(?:\+.*)?", package.manager)
    evidence = files.first(*EVIDENCE)
    if not evidence and not named:
        return None
    framework = find_framework(files, package)
    asked = _version(files, named[1] if named else "")
    needed = _dependency_files(files, package)
    build, build_reason = _build(package, framework)
    start, folder, why = _start(files, package, framework)
    return Plan(
        language="bun",
        framework=framework.name if framework else "",
        version=asked[0],
        package_manager="bun",
        install=f"bun install{' --frozen-lockfile' if files.first(*LOCKS) else ''}{'' if build else ' --production'}",
        dependency_files=needed,
        build=build,
        start=start,
        static_dir=folder,
        reasons=tuple(
            filter(
                None,
                (
                    f"language: Bun, because {f'{evidence} is there' if evidence else 'package.json names it'}",
                    version_reason("Bun", asked),
                    f"framework: {framework.name}, because {framework.package} is a dependency" if framework else "",
                    ""
                    if needed
                    else "install: after all of the source is copied, because it needs more than the lists",
                    build_reason,
                    why,
                ),
            )
        ),
    )


def _version(files: Files, named: str) -> Asked:
    asked = asked_version(files, ("bun",), (".bun-version",))
    return (asked[0].removeprefix("bun-v"), asked[1]) if asked[0] else (named, "package.json")


def _dependency_files(files: Files, package: Package) -> tuple[str, ...]:
    """What the install reads; () when it runs scripts of the repository or links folders of it."""
    if package.has_local or package.runs_scripts or files.glob("patches/*"):
        return ()
    return tuple(name for name in ("package.json", *EVIDENCE, ".npmrc") if files.exists(name))


def _build(package: Package, framework: Framework | None) -> tuple[str, str]:
    line, why = "", ""
    if "build" in package.scripts:
        line, why = "bun run build", "build command: the build script of package.json"
    elif framework and framework.build:
        line, why = f"bunx --bun {framework.build}", f"build command: as {framework.name} is built"
    return (f"{framework.first}{line}{framework.after}" if framework and line else line), why


def _start(files: Files, package: Package, framework: Framework | None) -> tuple[str, str, str]:
    """The line, the folder of static files, and why."""
    script = package.scripts.get("start", "").strip()
    if script and not is_development_server(script):
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
