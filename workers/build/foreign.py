"""`RAILPACK_*` and `NIXPACKS_*` variables, as the tools of these names read them, told as our own settings. Pure.

Sources: https://railpack.com/config/environment-variables and https://nixpacks.com/docs/configuration/environment.
Packages of Mise and of Nix are taken as the distribution's of the same name; a version that is asked of one is refused,
unless it is the version of the language itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from workers.build.aptfile import NAME as PACKAGE
from workers.errors import UserError

PREFIXES = ("RAILPACK_", "NIXPACKS_")  # The first one wins.
# Ours -> theirs, behind the prefix.
SETTINGS = {
    "install_command": ("INSTALL_CMD",),
    "build_command": ("BUILD_CMD",),
    "start_command": ("START_CMD",),
    "static_dir": ("SPA_OUTPUT_DIR", "STATIC_FILE_ROOT"),
}
APT = ("BUILD_APT_PACKAGES", "DEPLOY_APT_PACKAGES", "APT_PKGS")
TOOLS = ("PACKAGES", "PKGS")
# Language -> the word for it in `RAILPACK_<word>_VERSION`, and the names that Mise and Nix have for it.
VERSIONS = {"java": "JDK"}
NAMES = {
    "java": ("java", "jdk", "openjdk"),
    "node": ("node", "nodejs"),
    "go": ("go", "golang"),
    "dotnet": ("dotnet", "dotnet-core"),
}
VERSION = re.compile(r"[A-Za-z0-9.*/^~<>=!, |-]{1,64}")


@dataclass(frozen=True)
class Extras:
    """What is asked of the distribution and of the language, and the variables that ask. "" and () mean nothing."""

    version: str = ""
    version_by: str = ""
    packages: tuple[str, ...] = ()
    packages_by: tuple[str, ...] = ()


def settings_in(variables: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Our setting -> its value and the variable that tells it. Raises `UserError` for a value of several lines."""
    found = {}
    for setting, words in SETTINGS.items():
        for name in (f"{prefix}{word}" for prefix in PREFIXES for word in words):
            value = variables.get(name, "").strip()
            if value and setting not in found:
                found[setting] = (_line(name, value), name)
    return found


def extras_in(variables: Mapping[str, str], language: str) -> Extras:
    """Raises `UserError` for a package that cannot be one of the distribution."""
    version, by = _version(variables, language)
    packages: list[str] = []
    told: list[str] = []
    for name, word in ((f"{prefix}{word}", word) for prefix in PREFIXES for word in (*APT, *TOOLS)):
        for item in re.split(r"[\s,]+", variables.get(name, "").strip()):
            package, _, wanted = item.partition("@")
            wanted = "" if wanted == "latest" else wanted
            if word in TOOLS and package in NAMES.get(language, (language,)):
                version, by = (version, by) if version or not wanted else (wanted, name)
            elif item:
                packages.append(_package(name, package, wanted))
                told.append(name)
    return Extras(version, by, tuple(dict.fromkeys(packages)), tuple(dict.fromkeys(told)))


def wants_no_cache(variables: Mapping[str, str]) -> bool:
    """Whether every build is to begin from nothing."""
    return any(variables.get(f"{prefix}NO_CACHE", "").strip().lower() in ("1", "true") for prefix in PREFIXES)


def refuse_secrets(names: Iterable[str]) -> None:
    """A command stands in plans, logs and pages: it must not be a secret's value."""
    words = (*(w for known in SETTINGS.values() for w in known), *APT, *TOOLS)
    read = {f"{prefix}{word}" for prefix in PREFIXES for word in words}
    for name in sorted(names):
        if name in read or name.startswith(PREFIXES) and name.endswith("_VERSION"):
            raise UserError(
                "build:user:secret-override",
                f"{name} is a secret, but what it sets is shown in logs and on pages.",
                hint="Delete the secret and set it as a variable.",
                status=422,
            )


def _version(variables: Mapping[str, str], language: str) -> tuple[str, str]:
    for name in (f"{prefix}{VERSIONS.get(language, language.upper())}_VERSION" for prefix in PREFIXES):
        value = variables.get(name, "").strip()
        if value and not VERSION.fullmatch(value):
            raise UserError(
                "build:user:invalid-variable", f"{name} is no version.", hint="Write one such as 3.12.", status=422
            )
        if value:
            return value, name
    return "", ""


def _line(name: str, value: str) -> str:
    if len(value) > 1000 or re.search(r"[\x00-\x08\x0a-\x1f]", value):
        raise UserError(
            "build:user:invalid-variable",
            f"{name} is not one line of at most 1000 characters.",
            hint="Join its commands by && or put them into a script.",
            status=422,
        )
    return value


def _package(name: str, package: str, version: str) -> str:
    if version or not PACKAGE.fullmatch(package):
        wanted = f"{package}@{version}" if version else package
        raise UserError(
            "build:user:invalid-variable",
            f"{name} asks for {wanted[:80]!r}, which is no package of the distribution.",
            hint="Packages come from the distribution, in its version: write the name alone, or bring a Dockerfile.",
            status=422,
        )
    return package
