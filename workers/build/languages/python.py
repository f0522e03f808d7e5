"""Python: whoever manages its dependencies; Django, Flask, FastAPI and their like, Streamlit, or a script that serves."""

from __future__ import annotations

import re

from workers.build.files import Files
from workers.build.job import BuildSettings
from workers.build.plan import Plan
from workers.build.python_dependencies import requires_python
from workers.build.python_django import django_parts, django_start, find_manage
from workers.build.python_libraries import find_libraries
from workers.build.python_managers import OF_FOLDER, Install, find_install
from workers.build.python_server import Start, served
from workers.build.python_source import find_app, is_at_top
from workers.build.versions import Asked, asked_version, version_reason

SCRIPTS = ("main.py", "app.py", "server.py", "run.py", "src/main.py", "src/app.py")
EVIDENCE = (
    "manage.py", "uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "requirements.txt", "Pipfile", "pyproject.toml",
    "setup.py", "setup.cfg", *OF_FOLDER,
)  # fmt: skip
STREAMLIT = (
    "streamlit run {} --server.address 0.0.0.0 --server.port $PORT --server.headless true"
    " --browser.gatherUsageStats false"
)
STREAMLIT_IMPORT = re.compile(r"^[ \t]*(?:import|from)\s+streamlit\b", re.MULTILINE)
SERVES = re.compile(r"\bPORT\b|http\.server|socketserver|wsgiref|aiohttp|tornado|\.run\(|\.listen\(")


def detect(files: Files, settings: BuildSettings) -> Plan | None:
    """A plan for a folder with Python's dependency files, a `manage.py`, or a script that serves; else None."""
    install = find_install(files)
    start = _start(files, settings, install)
    if not start.line and (not install.manager or files.exists("package.json")):
        return None
    asked = _version(files)
    required = tuple(name for name in install.files if name.endswith(".txt"))
    libraries = find_libraries(files, install.names | django_parts(files), asked[0], required)
    return Plan(
        language="python",
        framework=start.framework,
        version=asked[0],
        package_manager=install.manager,
        install=_with_server(install.line, start.server),
        install_project=install.project_line,
        dependency_files=install.files,
        build=start.build,
        system_packages=libraries.run,
        build_packages=libraries.build,
        start=start.line,
        reasons=(_why(files), version_reason("Python", asked), *install.reasons, *libraries.reasons, *start.reasons),
    )


def _why(files: Files) -> str:
    evidence = files.first(*EVIDENCE, *SCRIPTS)
    return f"language: Python, because {evidence or 'its source'} is there"


def _version(files: Files) -> Asked:
    asked = asked_version(files, ("python",), (".python-version", "runtime.txt"))
    return asked if asked[0] else requires_python(files)


def _with_server(install: str, server: str) -> str:
    added = f"uv pip install {server}" if server else ""
    if added and install.rpartition(" && ")[2].startswith("uv pip install "):
        return f"{install} {server}"
    return " && ".join(filter(None, (install, added)))


def _start(files: Files, settings: BuildSettings, install: Install) -> Start:
    """Without a package manager's file at the top, what stands in a folder is a part of something else."""
    names, manage = install.names, find_manage(files)
    if manage and (install.manager or is_at_top(manage)):
        return django_start(files, settings, names, manage)
    app = find_app(files, only_at_top=not install.manager)
    if app is not None:
        return served(app, names, f"framework: {app.framework}, because {app.path} makes the app {app.target}")
    page = _streamlit_page(files) if "streamlit" in names else ""
    if page:
        why = f"framework: Streamlit, because {page} imports it"
        return Start("Streamlit", STREAMLIT.format(page), reasons=(why, "start command: as Streamlit is started"))
    # One that serves comes first; else the first that is there: whether it listens, its health check will tell.
    serving = next((name for name in SCRIPTS if SERVES.search(files.head(name, 512 * 1024))), "")
    script = serving or files.first(*SCRIPTS)
    if script:
        why = "it serves by itself" if serving else "it is there"
        return Start("", f"python {script}", reasons=(f"start command: python {script}, because {why}",))
    return Start()


def _streamlit_page(files: Files) -> str:
    """The first page: by the names that are usual, else the first module at the top that imports Streamlit."""
    names = dict.fromkeys(["streamlit_app.py", *SCRIPTS, *files.glob("*.py")])
    return next((name for name in names if STREAMLIT_IMPORT.search(files.head(name, 64 * 1024))), "")


__all__ = ["detect"]
