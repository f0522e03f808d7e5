"""Rust: a package or a workspace, with one program or several."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from workers.build.files import Files
from workers.build.job import BuildSettings
from workers.build.plan import Plan
from workers.build.procfile import read_procfile
from workers.build.programs import serving_program
from workers.build.versions import Asked, asked_version, read_toml, version_reason

# Crate -> its name, and what a program that uses it must be told to listen where it is asked.
FRAMEWORKS = {
    "rocket": ("Rocket", "ROCKET_ADDRESS=0.0.0.0 ROCKET_PORT=$PORT "),
    "leptos": ("Leptos", "LEPTOS_SITE_ADDR=0.0.0.0:$PORT "),
    "axum": ("Axum", ""),
    "actix-web": ("Actix Web", ""),
    "poem": ("Poem", ""),
    "salvo": ("Salvo", ""),
    "warp": ("warp", ""),
}
ANY = frozenset({"stable", ""})
# Where cargo puts a program, and where Heroku starts it.
COMPILED = re.compile(r"(?<![\w./-])((?:\./|/app/)?)target/release/(?=[\w-]+(?:[\s;&|)'\"]|$))")


@dataclass(frozen=True)
class Package:
    name: str
    folder: str
    programs: tuple[str, ...]
    default: str
    minimum: str
    dependencies: frozenset[str]


def detect(files: Files, settings: BuildSettings) -> Plan | None:
    """A plan for a folder with a Cargo.toml; None for a library that a Python project builds, too."""
    if not files.exists("Cargo.toml"):
        return None
    root = read_toml(files, "Cargo.toml")
    packages = _packages(files, root)
    programs = [program for package in packages for program in package.programs]
    if not programs and files.exists("pyproject.toml"):
        return None
    asked, framework = _version(files, packages), _framework(packages)
    start, why = _start(root, packages, programs)
    needed = [start or " ".join(programs), *read_procfile(files).values(), settings.start_command]
    build, made = _build(files, root, packages, programs, set(re.findall(r"[\w-]+", " ".join(needed))))
    return Plan(
        language="rust",
        framework=framework[0] if framework else "",
        version=asked[0],
        package_manager="cargo",
        build=build,
        start=f"{framework[1] if framework else ''}bin/{start}" if start else "",
        reasons=tuple(
            filter(
                None,
                (
                    "language: Rust, because Cargo.toml is there",
                    version_reason("Rust", asked),
                    f"framework: {framework[0]}, because it is a dependency" if framework else "",
                    "install: as part of the build; what is downloaded and compiled is kept for the next one",
                    f"build command: makes {', '.join(f'bin/{name}' for name in made)}" if made else "",
                    f"start command: bin/{start}, because {why}" if start else "",
                ),
            )
        ),
    )


def process_line(line: str) -> tuple[str, str]:
    """A line of a Procfile as it runs here, and what was changed ("" for nothing): only programs are in the image."""
    changed = COMPILED.sub(r"\1bin/", line)
    return changed, "" if changed == line else "with bin/, where the programs are, in the place of target/release/"


def _packages(files: Files, root: dict[str, Any]) -> list[Package]:
    found = [_package(files, "", root)] if "package" in root else []
    workspace = _table(root, "workspace")
    left_out = {str(member).rstrip("/") for member in _list(workspace, "exclude")}
    shared = _table(workspace, "package")
    for folder in (f for f in _folders(files, workspace, "members") if f and f not in left_out):
        manifest = read_toml(files, f"{folder}/Cargo.toml")
        manifest["package"] = {k: v for k, v in _table(manifest, "package").items() if not isinstance(v, dict)}
        manifest["package"].setdefault("rust-version", shared.get("rust-version", ""))
        found.append(_package(files, folder, manifest))
    return found


def _build(
    files: Files, root: dict[str, Any], packages: list[Package], programs: list[str], needed: set[str]
) -> tuple[str, list[str]]:
    """The command and the programs that it makes: of the whole workspace where one is needed that it leaves out else."""
    alone = _built_alone(files, root, packages)
    is_whole = not (set(programs) - alone).isdisjoint(needed)
    options = f"{' --locked' if files.exists('Cargo.lock') else ''}{' --workspace' if is_whole else ''}"
    made = [name for name in programs if is_whole or name in alone]
    return f"cargo build --release{options} --bins" if programs else "", made


def _built_alone(files: Files, root: dict[str, Any], packages: list[Package]) -> set[str]:
    """The programs that cargo builds at the top when nobody says of which packages.

    Source: https://doc.rust-lang.org/cargo/reference/workspaces.html#the-default-members-field
    """
    listed = _folders(files, _table(root, "workspace"), "default-members")
    folders = set(listed or ([""] if "package" in root else []))
    return {name for package in packages if not folders or package.folder in folders for name in package.programs}


def _folders(files: Files, workspace: dict[str, Any], key: str) -> list[str]:
    """Of the packages that a workspace lists; "" is the top, which is also called `.`."""
    listed = [str(member).rstrip("/") for member in _list(workspace, key) if isinstance(member, str)]
    manifests = files.glob(*(f"{member}/Cargo.toml" for member in listed))
    return [*([""] if "." in listed else []), *(name.removesuffix("/Cargo.toml") for name in manifests)]


def _package(files: Files, folder: str, manifest: dict[str, Any]) -> Package:
    package = _table(manifest, "package")
    name = str(package.get("name", "app"))
    return Package(
        name=name,
        folder=folder,
        programs=tuple(_programs(files, f"{folder}/" if folder else "", name, manifest)),
        default=str(package.get("default-run", "")),
        minimum=str(package.get("rust-version", "")),
        dependencies=frozenset(_table(manifest, "dependencies")),
    )


def _programs(files: Files, prefix: str, package: str, manifest: dict[str, Any]) -> list[str]:
    """As cargo finds them. Source: https://doc.rust-lang.org/cargo/guide/project-layout.html"""
    told = [str(bin["name"]) for bin in _list(manifest, "bin") if isinstance(bin, dict) and "name" in bin]
    paths = {str(bin.get("path", "")) for bin in _list(manifest, "bin") if isinstance(bin, dict)}
    found = [package] if files.exists(f"{prefix}src/main.rs") and "src/main.rs" not in paths else []
    alone = [name.rpartition("/")[2].removesuffix(".rs") for name in files.glob(f"{prefix}src/bin/*.rs")]
    folders = [name.split("/")[-2] for name in files.glob(f"{prefix}src/bin/*/main.rs")]
    return list(dict.fromkeys([*told, *found, *alone, *folders]))


def _version(files: Files, packages: list[Package]) -> Asked:
    pinned = _toolchain(files)
    if pinned[0]:
        return pinned
    asked = asked_version(files, ("rust",), (".rust-version",))
    if asked[0]:
        return asked
    minimum = max((p.minimum for p in packages if p.minimum), key=_numbers, default="")
    return (f">={minimum}", "Cargo.toml") if minimum else ("", "")


def _toolchain(files: Files) -> Asked:
    """What rustup would be told. `stable` is any version; a host or a date behind the channel is left out."""
    name = files.first("rust-toolchain.toml", "rust-toolchain")
    text = files.text(name) if name else ""
    if "[toolchain]" in text:
        text = str(_table(read_toml(files, name), "toolchain").get("channel", ""))
    channel = text.strip().split("-x86_64")[0].split("-aarch64")[0]
    return ("", "") if channel in ANY else (channel, name)


def _framework(packages: list[Package]) -> tuple[str, str] | None:
    names = frozenset[str]().union(*(package.dependencies for package in packages))
    return next((FRAMEWORKS[crate] for crate in FRAMEWORKS if crate in names), None)


def _start(root: dict[str, Any], packages: list[Package], programs: list[str]) -> tuple[str, str]:
    default = next((package.default for package in packages if package.default in programs), "")
    if default:
        return default, "default-run of Cargo.toml names it"
    return serving_program(programs, str(_table(root, "package").get("name", "")))


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdecimal() and len(part) < 10)


def _table(document: dict[str, Any], key: str) -> dict[str, Any]:
    value = document.get(key)
    return value if isinstance(value, dict) else {}


def _list(document: dict[str, Any], key: str) -> list[Any]:
    value = document.get(key)
    return value if isinstance(value, list) else []
