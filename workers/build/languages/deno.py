"""Deno: a task that starts, or a module that serves."""

from __future__ import annotations

import json
import re
from typing import Any

from workers.build.files import Files
from workers.build.job import BuildSettings
from workers.build.plan import Plan
from workers.build.versions import Asked, asked_version, version_reason
from workers.errors import UserError

MANIFESTS = ("deno.json", "deno.jsonc", "deno.lock")
MODULES = tuple(
    f"{folder}{stem}.{kind}"
    for folder in ("", "src/")
    for stem in ("main", "server", "app", "mod", "index")
    for kind in ("ts", "tsx", "js")
)
SERVES = re.compile(r"\bDeno\.(?:serve|listen)\b")
HANDLER = re.compile(r"^export\s+default\s+\{[^}]{0,2000}\bfetch\b", re.MULTILINE | re.DOTALL)
FRAMEWORKS = {"fresh": "Fresh", "@oak/oak": "Oak", "oak": "Oak", "hono": "Hono"}
DEVELOPMENT = re.compile(r"--watch\b|\bdev\.ts\b")
COMMENT = re.compile(r"(\"(?:\\.|[^\"\\])*+\"?)|//[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)


def detect(files: Files, settings: BuildSettings) -> Plan | None:
    """A plan for a folder with a deno.json, or a module that calls Deno; else None."""
    manifest = files.first(*MANIFESTS)
    module = next((name for name in MODULES if SERVES.search(files.head(name, 256 * 1024))), "")
    if not manifest and not module:
        return None
    document = _document(files)
    tasks = {name: script for name, told in _object(document, "tasks").items() if (script := _script(told)) is not None}
    imports = " ".join(str(value) for value in _object(document, "imports").values())
    framework = next(
        (name for part, name in FRAMEWORKS.items() if re.search(rf"[/:@]{re.escape(part)}\b", imports)), ""
    )
    module = module or files.first(*MODULES)
    start, why = _start(files, tasks, module)
    asked = _version(files)
    needed = () if document.get("workspace") else tuple(n for n in (*MANIFESTS, "package.json") if files.exists(n))
    told = (
        f"language: Deno, because {manifest or f'{module} calls it'}{' is there' if manifest else ''}",
        version_reason("Deno", asked),
        f"framework: {framework}, because {manifest} imports it" if framework else "",
        f"build command: the build task of {manifest}" if "build" in tasks else "",
        f"start command: {why}" if start else "",
    )
    has_packages = bool(imports) or files.exists("package.json")
    return Plan(
        language="deno",
        framework=framework,
        version=asked[0],
        package_manager="deno",
        install=f"deno install{' --frozen' if files.exists('deno.lock') else ''}" if has_packages else "",
        install_project=f"deno cache {module}" if module else "",
        dependency_files=needed,
        build="deno task build" if "build" in tasks else "",
        start=start,
        reasons=tuple(filter(None, told)),
    )


def _version(files: Files) -> Asked:
    return asked_version(files, ("deno",), (".deno-version", ".dvmrc"))


def _script(task: Any) -> str | None:
    """A task's line; one that is an object has those before it that it depends on. None where it is neither."""
    if not isinstance(task, dict):
        return task if isinstance(task, str) else None
    before, command = task.get("dependencies"), task.get("command")
    lines = [f"deno task {name}" for name in before] if isinstance(before, list) else []
    return " && ".join([*lines, *([command] if isinstance(command, str) else [])]) or None


def _start(files: Files, tasks: dict[str, str], module: str) -> tuple[str, str]:
    """The script of a task where it is a single command: the app is then process 1 and gets its signals at once."""
    for name in ("start", "serve", "preview"):
        script = tasks.get(name, "")
        if script and not DEVELOPMENT.search(script):
            line = script if re.fullmatch(r"deno (?:run|serve) [\w./:@=,\- ]+", script) else f"deno task {name}"
            return line, f"the {name} task, because deno.json has it"
    if not module:
        return "", ""
    if HANDLER.search(files.head(module, 256 * 1024)):
        return (
            f"deno serve --allow-all --host 0.0.0.0 --port $PORT {module}",
            f"{module}, because it exports a fetch handler",
        )
    return f"deno run --allow-all {module}", f"{module}, because it is there"


def _document(files: Files) -> dict[str, Any]:
    name = files.first("deno.json", "deno.jsonc")
    if not name:
        return {}
    plain = COMMENT.sub(lambda match: match[1] or "", files.text(name))
    try:
        found = json.loads(re.sub(r",(\s*[}\]])", r"\1", plain))
    except (ValueError, RecursionError) as error:
        raise UserError(
            "build:user:invalid-file", f"{name} is not valid JSON: {error}.", hint=f"Correct {name} and push again."
        ) from error
    return found if isinstance(found, dict) else {}


def _object(document: dict[str, Any], key: str) -> dict[str, Any]:
    value = document.get(key)
    return value if isinstance(value, dict) else {}
