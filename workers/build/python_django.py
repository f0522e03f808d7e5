"""Django: which application its settings name, and who collects and serves its static files. Read without running it."""

from __future__ import annotations

import re

from workers.build.files import Files
from workers.build.job import BuildSettings
from workers.build.python_server import Start, served
from workers.build.python_source import App, assigned_string, assigns

GIS = "django.contrib.gis"
SPATIALITE = "django.contrib.gis.db.backends.spatialite"


def find_manage(files: Files) -> str:
    """Where Django's manage.py is, "" when there is none."""
    manage = next(iter(files.glob("manage.py", "*/manage.py")), "")
    return manage if manage and "django" in files.text(manage).lower() else ""


def django_start(files: Files, settings: BuildSettings, names: frozenset[str], manage: str) -> Start:
    folder = manage.rpartition("/")[0]
    module = assigned_string(files.text(manage), "DJANGO_SETTINGS_MODULE")
    found = _settings_texts(files, folder, module)
    is_asgi = bool(names & {"channels", "daphne"}) and any(assigns(text, "ASGI_APPLICATION") for text in found)
    app = _django_app(files, folder, module, found, is_asgi)
    if app is None:
        return Start("Django", reasons=(f"framework: Django, because {manage} is there",))
    start = served(app, names, f"framework: Django, because {manage} is there; its application is {app.target}")
    build, why = _collectstatic(settings, manage, found)
    reasons = (*start.reasons, why, _static_reason(found))
    return Start(start.framework, start.line, start.server, build, tuple(filter(None, reasons)))


def django_parts(files: Files) -> frozenset[str]:
    """Parts of Django itself that its settings name and that load libraries of the distribution."""
    manage = find_manage(files)
    if not manage:
        return frozenset()
    module = assigned_string(files.text(manage), "DJANGO_SETTINGS_MODULE")
    text = "\n".join(_settings_texts(files, manage.rpartition("/")[0], module))
    return frozenset(part for part in (GIS, SPATIALITE) if _names(text, part))


def _names(text: str, part: str) -> bool:
    """In a string, and not in a comment: whole lines of settings are often put out of use."""
    return bool(re.search(rf"^[^#\n]*[\"']{re.escape(part)}\b", text, re.MULTILINE))


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


def _static_reason(texts: list[str]) -> str:
    """Django itself serves no static files once DEBUG is off, and the platform puts nothing before an app."""
    if any("whitenoise" in text for text in texts):
        return "static files: served by WhiteNoise, because the settings name it"
    if any("storages.backends" in text for text in texts) or not any("staticfiles" in text for text in texts):
        return ""
    return (
        "static files: not served, because the settings name no WhiteNoise: add whitenoise to the dependencies, "
        "'whitenoise.middleware.WhiteNoiseMiddleware' after SecurityMiddleware in MIDDLEWARE, and a STATIC_ROOT"
    )
