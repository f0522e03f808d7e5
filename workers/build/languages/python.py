"""Python: uv, Poetry or pip; Django, Flask, FastAPI and their like, or a plain script that serves."""

from __future__ import annotations

import re
from dataclasses import dataclass

from workers.build.files import Files
from workers.build.job import BuildSettings
from workers.build.plan import Plan
from workers.build.python_dependencies import (
    describes_project,
    has_local_sources,
    is_package,
    project_names,
    read_requirements,
    requires_python,
)
from workers.build.python_source import App, assigned_string, assigns, find_app
from workers.build.versions import Asked, asked_version, version_reason

# Server -> how it starts an app object. They are asked in this order; the first is added when a folder brings none.
WSGI = {
    "gunicorn": "gunicorn --bind 0.0.0.0:$PORT --threads 8 --access-logfile -{path} {target}",
    "waitress": "waitress-serve --listen=0.0.0.0:$PORT{call} {target}",
}
ASGI = {
    "uvicorn": "uvicorn --host 0.0.0.0 --port $PORT{app_dir}{factory} {target}",
    "hypercorn": "hypercorn --bind 0.0.0.0:$PORT {target}",
    "granian": "granian --interface asgi --host 0.0.0.0 --port $PORT{factory} {target}",
    "daphne": "daphne -b 0.0.0.0 -p $PORT {target}",
}
# Poetry tells what is locked and uv installs it: fast, and from the package index that the platform is set to.
POETRY_INSTALL = (
    "poetry export --only main --format requirements.txt --output /tmp/requirements.txt"
    " && uv pip install -r /tmp/requirements.txt"
)
SCRIPTS = ("main.py", "app.py", "server.py", "run.py", "src/main.py", "src/app.py")
SERVES = re.compile(r"\bPORT\b|http\.server|socketserver|wsgiref|aiohttp|tornado|\.run\(|\.listen\(")


@dataclass(frozen=True)
class Install:
    """How dependencies come in. `reasons` says why so."""

    manager: str
    line: str
    project_line: str
    files: tuple[str, ...]
    names: frozenset[str]
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Start:
    framework: str = ""
    line: str = ""
    server: str = ""  # What the line needs and nobody installs.
    build: str = ""
    reasons: tuple[str, ...] = ()


def detect(files: Files, settings: BuildSettings) -> Plan | None:
    """A plan for a folder with Python's dependency files, a `manage.py`, or a script that serves; else None."""
    install = _install(files)
    start = _start(files, settings, install.names)
    if not start.line and (not install.manager or files.exists("package.json")):
        return None
    asked = _version(files)
    return Plan(
        language="python",
        framework=start.framework,
        version=asked[0],
        package_manager=install.manager,
        install=_with_server(install.line, start.server),
        install_project=install.project_line,
        dependency_files=install.files,
        build=start.build,
        start=start.line,
        reasons=(_why(files), version_reason("Python", asked), *install.reasons, *start.reasons),
    )


def _why(files: Files) -> str:
    evidence = files.first("manage.py", "uv.lock", "poetry.lock", "requirements.txt", "pyproject.toml", *SCRIPTS)
    return f"language: Python, because {evidence or 'its source'} is there"


def _version(files: Files) -> Asked:
    asked = asked_version(files, ("python",), (".python-version", "runtime.txt"))
    return asked if asked[0] else (requires_python(files), "pyproject.toml")


def _install(files: Files) -> Install:
    has_local = has_local_sources(files)

    def project(lock: str = "") -> tuple[str, ...]:
        return () if has_local else tuple(filter(None, ("pyproject.toml", lock)))

    if files.exists("uv.lock"):
        line = "uv sync --frozen --no-dev --no-install-project"
        again = "uv sync --frozen --no-dev --inexact" if is_package(files) else ""
        return _manager("uv", line, again, project("uv.lock"), project_names(files), "uv.lock")
    described = describes_project(files)
    if files.exists("poetry.lock") or (described == "poetry" and not files.exists("requirements.txt")):
        lock = files.first("poetry.lock")
        line = POETRY_INSTALL if lock else f"poetry lock --no-interaction && {POETRY_INSTALL}"
        again = "uv pip install --no-deps -e ." if is_package(files) else ""
        return _manager("poetry", line, again, project(lock), project_names(files), lock or "pyproject.toml")
    if files.exists("requirements.txt"):
        found = read_requirements(files, "requirements.txt")
        needed = () if found.has_local else found.files
        line = "uv pip install -r requirements.txt"
        return _manager("pip", line, "", needed, found.names, "requirements.txt", by_uv=True)
    if described == "project":
        again = "uv pip install --no-deps -e ." if is_package(files) else ""
        line = "uv pip install -r pyproject.toml"
        return _manager("pip", line, again, project(), project_names(files), "pyproject.toml", by_uv=True)
    return Install("", "", "", (), frozenset(), ("dependencies: none, because no file names any",))


def _manager(
    name: str, line: str, again: str, needed: tuple[str, ...], names: frozenset[str], evidence: str, by_uv: bool = False
) -> Install:
    reasons = [f"package manager: {name}, because {evidence} is there"]
    if by_uv:
        reasons.append("install: by uv, which reads the same files as pip and is faster")
    if again:
        reasons.append("install: the project itself too, because pyproject.toml has a build system")
    if not needed:
        reasons.append("install: after all of the source is copied, because a dependency is a folder of it")
    return Install(name, line, again, needed, names, tuple(reasons))


def _with_server(install: str, server: str) -> str:
    added = f"uv pip install {server}" if server else ""
    if added and install.rpartition(" && ")[2].startswith("uv pip install "):
        return f"{install} {server}"
    return " && ".join(filter(None, (install, added)))


def _start(files: Files, settings: BuildSettings, names: frozenset[str]) -> Start:
    manage = next(iter(files.glob("manage.py", "*/manage.py")), "")
    if manage and "django" in files.text(manage).lower():
        return _django(files, settings, names, manage)
    app = find_app(files)
    if app is not None:
        return _served(app, names, f"framework: {app.framework}, because {app.path} makes the app {app.target}")
    # One that serves comes first; else the first that is there: whether it listens, its health check will tell.
    serving = next((name for name in SCRIPTS if SERVES.search(files.head(name, 512 * 1024))), "")
    script = serving or files.first(*SCRIPTS)
    if script:
        why = "it serves by itself" if serving else "it is there"
        return Start("", f"python {script}", reasons=(f"start command: python {script}, because {why}",))
    return Start()


def _served(app: App, names: frozenset[str], *reasons: str) -> Start:
    servers = ASGI if app.is_asgi else WSGI
    default = next(iter(servers))
    server = next((name for name in servers if name in names), default)
    line = _server_line(app, servers[server])
    why = f"start command: by {server}"
    if server in names:
        return Start(app.framework, line, reasons=(*reasons, f"{why}, because the repository depends on it"))
    return Start(app.framework, line, server, reasons=(*reasons, f"{why}, which is added because no server is named"))


def _server_line(app: App, template: str) -> str:
    is_gunicorn = template.startswith("gunicorn")
    target = f"'{app.target}()'" if app.is_factory and is_gunicorn else app.target
    return template.format(
        target=target,
        path=f" --pythonpath {app.folder}" if app.folder else "",
        app_dir=f" --app-dir {app.folder}" if app.folder else "",
        factory=" --factory" if app.is_factory else "",
        call=" --call" if app.is_factory else "",
    )


def _django(files: Files, settings: BuildSettings, names: frozenset[str], manage: str) -> Start:
    folder = manage.rpartition("/")[0]
    module = assigned_string(files.text(manage), "DJANGO_SETTINGS_MODULE")
    found = _settings_texts(files, folder, module)
    is_asgi = bool(names & {"channels", "daphne"}) and any(assigns(text, "ASGI_APPLICATION") for text in found)
    app = _django_app(files, folder, module, found, is_asgi)
    if app is None:
        return Start("Django", reasons=(f"framework: Django, because {manage} is there",))
    start = _served(app, names, f"framework: Django, because {manage} is there; its application is {app.target}")
    build, why = _collectstatic(settings, manage, found)
    return Start(start.framework, start.line, start.server, build, (*start.reasons, why))


def _django_app(files: Files, folder: str, module: str, texts: list[str], is_asgi: bool) -> App | None:
    kind = "asgi" if is_asgi else "wsgi"
    told = next(filter(None, (assigned_string(text, f"{kind.upper()}_APPLICATION") for text in texts)), "")
    prefix = f"{folder}/" if folder else ""
    if told:
        dotted, _, variable = told.rpartition(".")
    else:
        beside = f"{prefix}{module.partition('.')[0]}/{kind}.py"
        path = beside if files.exists(beside) else next(iter(files.glob(f"{prefix}*/{kind}.py")), "")
        if not path:
            return None
        dotted, variable = path.removeprefix(prefix).removesuffix(".py").replace("/", "."), "application"
    return App("Django", is_asgi, f"{prefix}{dotted.replace('.', '/')}.py", folder, f"{dotted}:{variable}")


def _settings_texts(files: Files, folder: str, module: str) -> list[str]:
    """The settings module, or every module of the package that it is in."""
    prefix = f"{folder}/" if folder else ""
    base = prefix + module.replace(".", "/")
    names = [n for n in (f"{base}.py", f"{base}/__init__.py") if module and files.exists(n)]
    parent = base.rpartition("/")[0]
    siblings = files.glob(f"{base}/*.py", *([f"{parent}/*.py"] if parent.endswith("settings") else []))
    return [files.text(name) for name in dict.fromkeys([*names, *siblings])] if module else []


def _collectstatic(settings: BuildSettings, manage: str, texts: list[str]) -> tuple[str, str]:
    if not any(assigns(text, "STATIC_ROOT") for text in texts):
        return "", "build command: none, because the settings name no STATIC_ROOT to collect static files in"
    if settings.variables.get("DISABLE_COLLECTSTATIC", "0") not in {"", "0"}:
        return "", "build command: none, because DISABLE_COLLECTSTATIC is set"
    line = f"python {manage} collectstatic --noinput"
    return line, "build command: collects static files, because the settings name a STATIC_ROOT"


__all__ = ["detect"]
