"""Elixir: a Mix project, with Phoenix or without, as an OTP release."""

from __future__ import annotations

import re

from workers.build.files import Files
from workers.build.job import BuildSettings
from workers.build.plan import Plan
from workers.build.versions import Asked, asked_version, version_reason

APP = re.compile(r"\bapp:\s*:(\w+)")
RELEASE = re.compile(r"\breleases:\s*\[\s*(\w+):")
DEPENDENCY = re.compile(r"\{\s*:(\w+)\s*,([^}]{0,200})\}")
FOLDER = re.compile(r"\bpath:\s*\"(\w[\w/-]*)\"")
FROM_HEX = re.compile(r"^\s*[\"'](?:~>|>=|==|<|>|\d)")
ELIXIR = re.compile(r"\belixir:\s*\"([^\"]+)\"")
# Tasks of one command share the virtual machine, which takes a second to start.
HEX = "mix do local.hex --force --if-missing, local.rebar --force --if-missing && "
COMPILED_WITH = ("config/config.exs", "config/prod.exs")


def detect(files: Files, settings: BuildSettings) -> Plan | None:
    """A plan for a folder with a mix.exs; else None."""
    if not files.exists("mix.exs"):
        return None
    text = "\n".join(line for line in files.text("mix.exs").splitlines() if not line.lstrip().startswith("#"))
    dependencies = dict(DEPENDENCY.findall(text))
    app, release = APP.search(text), RELEASE.search(text)
    name = release[1] if release else app[1] if app else ""
    is_phoenix = "phoenix" in dependencies
    asked = _version(files, text)
    install, needed, why = _install(files, dependencies)
    # A release compiles by itself, but assets may hold what the compiler made.
    assets = "do compile, assets.deploy, " if "assets.deploy" in text else ""
    start = f"_build/prod/rel/{name}/bin/{name} start" if name else ""
    return Plan(
        language="elixir",
        framework="Phoenix" if is_phoenix else "",
        version=asked[0],
        package_manager="mix",
        install=install,
        dependency_files=needed,
        build=f"mix {assets}release --overwrite{f' {name}' if release else ''}",
        start=start,
        suggested_variables={"SECRET_KEY_BASE": "", "PHX_HOST": ""} if is_phoenix else {},
        reasons=tuple(
            filter(
                None,
                (
                    "language: Elixir, because mix.exs is there",
                    version_reason("Elixir", asked),
                    "framework: Phoenix, because mix.exs depends on it" if is_phoenix else "",
                    why,
                    f"build command: an OTP release{', with assets' if assets else ''}",
                    f"start command: the release {name}, because mix.exs names it" if name else "",
                ),
            )
        ),
    )


def _version(files: Files, text: str) -> Asked:
    asked = asked_version(files, ("elixir",), (".elixir-version",))
    if asked[0]:
        return re.sub(r"-otp-\d+$", "", asked[0]), asked[1]
    told = ELIXIR.search(text)
    return (told[1].replace("~>", "~=").replace(" and ", ", "), "mix.exs") if told else ("", "")


def _install(files: Files, dependencies: dict[str, str]) -> tuple[str, tuple[str, ...], str]:
    if not dependencies:
        return "", (), "dependencies: none, because mix.exs names none"
    hex_first = HEX if any(FROM_HEX.match(told) for told in dependencies.values()) else ""
    line = f"{hex_first}mix do deps.get --only prod, deps.compile"
    folders = [_folder(files, told) for told in dependencies.values() if "path:" in told]
    if not all(folders) or files.exists("apps"):
        return line, (), "install: after all of the source is copied, because a dependency is a folder of it"
    needed = [name for name in ("mix.exs", "mix.lock", *COMPILED_WITH) if files.exists(name)]
    return line, (*needed, *folders), "package manager: Mix, because mix.exs is there"


def _folder(files: Files, told: str) -> str:
    """The folder of the repository that a dependency is; "" where that cannot be told before Mix runs."""
    named = FOLDER.search(told)
    manifest = files.text(f"{named[1]}/mix.exs") if named else ""
    return named[1] if named and manifest and "path:" not in manifest else ""
