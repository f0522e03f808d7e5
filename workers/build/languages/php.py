"""PHP: Laravel, Symfony or plain files, by PHP-FPM behind nginx."""

from __future__ import annotations

import json
import re
from typing import Any

from workers.build.files import Files
from workers.build.job import BuildSettings
from workers.build.plan import Plan
from workers.build.recipes.php import IN_IMAGE, SYMFONY
from workers.build.versions import Asked, asked_version, version_reason
from workers.errors import UserError

FRAMEWORKS = {
    "laravel/framework": "Laravel",
    "symfony/framework-bundle": "Symfony",
    "slim/slim": "Slim",
    "codeigniter4/framework": "CodeIgniter",
    "cakephp/cakephp": "CakePHP",
}
ROOTS = ("public", "web", "webroot", "htdocs", "www")
# Starts Heroku's server, which is in Heroku's images only. Source: https://devcenter.heroku.com/articles/custom-php-settings
HEROKU = re.compile(
    r"(?<![\w./-])(?:\$\(composer config bin-dir\)/|[\w./-]+/)?(heroku-php-(?:apache2|nginx))(?=\s|$)([^;&|<>]*)"
)
WITH_VALUE = frozenset({"-C", "-c", "-F", "-f", "-i", "-l", "-p"})
INSTALL = "composer install --no-dev --no-progress --prefer-dist --no-scripts --no-autoloader"


def detect(files: Files, settings: BuildSettings) -> Plan | None:
    """A plan for a folder with a composer.json, or an index.php at the top or in a public folder; else None."""
    composer = _composer(files)
    root = next((folder for folder in ROOTS if files.exists(f"{folder}/index.php")), "")
    evidence = files.first("composer.json", f"{root}/index.php" if root else "index.php", "artisan")
    if not evidence:
        return None
    served = (root or ".") if root or files.exists("index.php") else ""
    asked = _version(files, composer)
    framework, framework_reason = _framework(files, _object(composer, "require"))
    install, needed, why = _install(files, composer)
    build, build_reason = _build(files)
    by_server = f"start command: {root or 'the top'} by PHP-FPM behind nginx, because index.php is there"
    language = f"language: PHP, because {evidence} is there"
    told = (language, version_reason("PHP", asked), framework_reason, _environment(framework), why, build_reason)
    return Plan(
        language="php",
        framework=framework,
        version=asked[0],
        package_manager="composer" if install else "",
        install=install,
        install_project="composer dump-autoload --no-dev --optimize" if install else "",
        dependency_files=needed,
        build=build,
        start=f"{IN_IMAGE} {served}" if served else "",
        reasons=tuple(filter(None, (*told, by_server if served else ""))),
    )


def process_line(line: str) -> tuple[str, str]:
    """A line of a Procfile as it runs here, and what was changed ("" for nothing): our server for Heroku's."""
    found = HEROKU.search(line)
    if not found:
        return line, ""
    words, at = found[2].split(), 0
    while at < len(words) and words[at].startswith("-"):
        at += 2 if words[at] in WITH_VALUE else 1
    options, root = words[:at], "".join(words[at : at + 1]).strip("/")
    before, after = line[: found.start()], line[found.end() :]
    without = f" and without {' '.join(options)}" if options else ""
    return (
        f"{before}{IN_IMAGE} {root or '.'}{' ' if after else ''}{after}",
        f"with PHP-FPM behind nginx in the place of {found[1]}{without}",
    )


def _framework(files: Files, required: dict[str, Any]) -> tuple[str, str]:
    package = next((name for name in FRAMEWORKS if name in required), "")
    if package:
        return FRAMEWORKS[package], f"framework: {FRAMEWORKS[package]}, because composer.json requires {package}"
    return ("Laravel", "framework: Laravel, because artisan is there") if files.exists("artisan") else ("", "")


def _environment(framework: str) -> str:
    if framework != "Symfony":
        return ""
    return f"environment: {SYMFONY}, because no packages for development are installed; a variable APP_ENV wins"


def _composer(files: Files) -> dict[str, Any]:
    try:
        found = json.loads(files.text("composer.json") or "{}")
    except (ValueError, RecursionError) as error:
        raise UserError(
            "build:user:invalid-file", f"composer.json is not valid JSON: {error}.", hint="Correct it and push again."
        ) from error
    return found if isinstance(found, dict) else {}


def _version(files: Files, composer: dict[str, Any]) -> Asked:
    """A file that pins PHP, the platform that composer.json is locked for, or what it requires."""
    asked = asked_version(files, ("php",), (".php-version",))
    if asked[0]:
        return asked
    platform = _object(_object(composer, "config"), "platform").get("php")
    told = platform or _object(composer, "require").get("php")
    if not isinstance(told, str) or not told.strip() or told.strip() == "*":
        return "", ""
    return _spelled(told), "composer.json"


def _spelled(constraint: str) -> str:
    """Composer's `~8.2` allows 8.3, unlike npm's. Source: https://getcomposer.org/doc/articles/versions.md"""
    words = constraint.replace("|", " || ").replace(",", " ").split()
    return " ".join(f"^{w[1:]}" if w.startswith("~") and w.count(".") == 1 else w for w in words).replace("|| ||", "||")


def _install(files: Files, composer: dict[str, Any]) -> tuple[str, tuple[str, ...], str]:
    packages = [name for name in _object(composer, "require") if "/" in name]
    if not composer or not (packages or composer.get("autoload")):
        return "", (), ""
    lock = files.first("composer.lock")
    repositories = composer.get("repositories")
    listed = list(repositories.values()) if isinstance(repositories, dict) else repositories
    is_local = isinstance(listed, list) and any(isinstance(one, dict) and one.get("type") == "path" for one in listed)
    why = f"package manager: Composer, because {lock or 'composer.json'} is there"
    if is_local:
        return INSTALL, (), f"{why}; after all of the source is copied, because a package is a folder of it"
    return INSTALL, tuple(filter(None, ("composer.json", lock))), why


def _build(files: Files) -> tuple[str, str]:
    if '"build"' not in files.text("package.json"):
        return "", ""
    install = "npm ci" if files.exists("package-lock.json") else "npm install"
    return (
        f"{install} --no-audit --no-fund && npm run build && rm -rf node_modules",
        "build command: the build script of package.json",
    )


def _object(document: dict[str, Any], key: str) -> dict[str, Any]:
    value = document.get(key)
    return value if isinstance(value, dict) else {}
