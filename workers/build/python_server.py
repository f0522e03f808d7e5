"""Which server an app object of Python is given, and how that one is told where it is. Shell lines of containers only."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from workers.build.python_source import App

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


@dataclass(frozen=True)
class Start:
    framework: str = ""
    line: str = ""
    server: str = ""  # What the line needs and nobody installs.
    build: str = ""
    reasons: tuple[str, ...] = ()


def served(app: App, names: frozenset[str], *reasons: str) -> Start:
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
    folder = shlex.quote(app.folder)
    takes_folder = "{path}" in template or "{app_dir}" in template
    before = f"PYTHONPATH=/app/{folder}:$PYTHONPATH " if app.folder and not takes_folder else ""
    return before + template.format(
        target=target,
        path=f" --pythonpath {folder}" if app.folder else "",
        app_dir=f" --app-dir {folder}" if app.folder else "",
        factory=" --factory" if app.is_factory else "",
        call=" --call" if app.is_factory else "",
    )
