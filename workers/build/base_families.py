"""The kinds of base image: what is in each, what a registry calls it, and which versions a distribution has. Data only.

A plan is built on one of them, and languages whose tools are large are run on another, smaller one. PHP is never
pulled: its official images have no server beside it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

GO_CACHE = "/opt/slipway/go-library"
NONE: Mapping[str, tuple[str, ...]] = MappingProxyType({})


@dataclass(frozen=True)
class Family:
    """One kind of base image.

    `packages` are the distribution's; those of a family with `is_versioned` have `{version}` in their names, because a
    suite has several. `official` is the registry's name ("" when it is not pulled), `versions` what is asked of it,
    best first. `in_suites` says what a suite is known to have, but for its patch level; of a suite that is not named
    one looks. `significant` is how many leading numbers of an exact version must agree. `npm` is a package that brings
    the program (`binary`).
    """

    name: str
    title: str
    version_argv: tuple[str, ...]
    packages: tuple[str, ...] = ()
    official: str = ""
    versions: tuple[str, ...] = ()
    significant: int = 2
    in_suites: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: NONE)
    is_versioned: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    hook: str = ""  # Run by mmdebstrap in the finished tree, which is `$1`.
    npm: str = ""
    binary: str = ""
    links: tuple[str, ...] = ()  # Other names of `binary`.


COMPILER = ("gcc", "g++", "libc6-dev", "make", "pkg-config", "git")
HEADERS = ("libssl-dev", "libpq-dev", "libsqlite3-dev", "zlib1g-dev", "libyaml-dev", "libffi-dev")
PHP = ("mbstring", "xml", "curl", "zip", "gd", "intl", "bcmath", "mysql", "pgsql", "sqlite3", "redis")
EXTENSIONS = tuple(f"php-{name}" for name in PHP)
PHP_SUITES = {"trixie": ("8.4",), "bookworm": ("8.2",)}
PHP_WITHOUT_SYSTEMD = ("systemd-standalone-tmpfiles",)  # Either is enough for PHP-FPM; systemd is 25 MB.
# One path for every machine type and version, so that recipes can name it.
JAVA_LINK = 'ln -s "$(basename "$(ls -d "$1"/usr/lib/jvm/java-{version}-openjdk-*)")" "$1/usr/lib/jvm/slipway"'
# Go ships its library as source, and a first build would compile it: most of what a server needs is there already.
GO_LIBRARY = (
    "net/http html/template encoding/json encoding/xml database/sql log/slog os/exec embed archive/zip net/smtp"
)
GO_COMPILED = f'chroot "$1" env HOME=/tmp GOCACHE={GO_CACHE} CGO_ENABLED=0 go build -trimpath {GO_LIBRARY}'
JAVA = {"JAVA_HOME": "/usr/lib/jvm/slipway"}
JAVA_SUITES = {"trixie": ("21", "25"), "bookworm": ("17",)}
RUBY_SUITES = {"trixie": ("3.3",), "bookworm": ("3.1",)}
PHP_UNWANTED = 'rm -rf "$1"/etc/nginx/sites-enabled/* "$1"/var/www/html'

FAMILIES: dict[str, Family] = {
    f.name: f
    for f in (
        Family(
            "python",
            "Python",
            ("python3", "--version"),
            ("python3", "python3-venv", "python3-pip", "python-is-python3", "ca-certificates"),
            "python:{version}-slim",
            ("3.13", "3.12", "3.14", "3.11", "3.10"),
            in_suites={"trixie": ("3.13",), "bookworm": ("3.11",)},
            # Nothing else lives in the container, so that pip may install beside the distribution's packages.
            environment={"PIP_BREAK_SYSTEM_PACKAGES": "1"},
        ),
        Family(
            "node",
            "Node",
            ("node", "--version"),
            ("nodejs", "npm", "ca-certificates"),
            "node:{version}-slim",
            ("22", "24", "20", "18"),
            significant=1,
            in_suites={"trixie": ("20",), "bookworm": ("18",)},
        ),
        Family(
            "debian",
            "Debian",
            ("cat", "/etc/debian_version"),
            ("ca-certificates", "tzdata", "libstdc++6"),
            "debian:{version}-slim",
            ("trixie", "bookworm"),
            in_suites={"trixie": ("13",), "bookworm": ("12",)},
        ),
        Family(
            "go",
            "Go",
            ("go", "version"),
            ("golang-go", "gcc", "libc6-dev", "git", "ca-certificates"),
            "golang:{version}",
            ("1.25", "1.24"),
            in_suites={"trixie": ("1.24",), "bookworm": ("1.19",)},
            hook=GO_COMPILED,
        ),
        Family(
            "rust",
            "Rust",
            ("rustc", "--version"),
            ("rustc", "cargo", *COMPILER, "libssl-dev", "libpq-dev", "libsqlite3-dev", "ca-certificates"),
            "rust:{version}",
            tuple(f"1.{minor}" for minor in (85, *range(92, 85, -1), *range(84, 69, -1))),
            in_suites={"trixie": ("1.85",), "bookworm": ("1.63",)},
        ),
        Family(
            "java",
            "Java",
            ("java", "--version"),
            ("openjdk-{version}-jdk-headless", "maven", "curl", "unzip", "ca-certificates"),
            "maven:3.9-eclipse-temurin-{version}",
            ("21", "25", "17", "11", "8"),
            significant=1,
            in_suites=JAVA_SUITES,
            is_versioned=True,
            environment=JAVA,
            hook=JAVA_LINK,
        ),
        Family(
            "gradle",
            "Java with Gradle",
            ("java", "--version"),
            ("openjdk-{version}-jdk-headless", "gradle", "ca-certificates"),
            "gradle:8-jdk{version}",
            ("21", "17", "11", "8", "25"),
            significant=1,
            in_suites=JAVA_SUITES,
            is_versioned=True,
            environment=JAVA,
            hook=JAVA_LINK,
        ),
        Family(
            "jre",
            "Java",
            ("java", "--version"),
            ("openjdk-{version}-jre-headless", "ca-certificates", "tzdata"),
            "eclipse-temurin:{version}-jre",
            ("21", "25", "17", "11", "8"),
            significant=1,
            in_suites=JAVA_SUITES,
            is_versioned=True,
            environment=JAVA,
            hook=JAVA_LINK,
        ),
        Family(
            "ruby",
            "Ruby",
            ("ruby", "--version"),
            ("ruby", "ruby-dev", "ruby-bundler", *COMPILER, *HEADERS, "default-libmysqlclient-dev", "ca-certificates"),
            "ruby:{version}",
            ("3.3", "3.4", "3.2", "3.1"),
            in_suites=RUBY_SUITES,
        ),
        Family(
            "ruby-run",
            "Ruby",
            ("ruby", "--version"),
            ("ruby", "ruby-bundler", "libpq5", "libmariadb3", "libsqlite3-0", "libyaml-0-2", "ca-certificates", "tzdata"),
            "ruby:{version}-slim",
            ("3.3", "3.4", "3.2", "3.1"),
            in_suites=RUBY_SUITES,
        ),
        Family(
            "php",
            "PHP",
            ("php", "--version"),
            ("php-cli", *EXTENSIONS, "composer", "unzip", "git", "ca-certificates"),
            in_suites=PHP_SUITES,
        ),
        Family(
            "php-run",
            "PHP",
            ("php", "--version"),
            ("php-fpm", "php-cli", *EXTENSIONS, "nginx", *PHP_WITHOUT_SYSTEMD, "ca-certificates"),
            in_suites=PHP_SUITES,
            hook=PHP_UNWANTED,
        ),
        Family(
            "elixir",
            "Elixir",
            ("elixir", "-e", "IO.puts(System.version())"),
            ("elixir", "erlang-dev", "erlang-xmerl", "erlang-os-mon", "erlang-runtime-tools", "erlang-ssl", 
             *COMPILER, "ca-certificates"),
            "elixir:{version}",
            ("1.18", "1.19", "1.17", "1.16", "1.15", "1.14"),
            in_suites={"trixie": ("1.18",), "bookworm": ("1.14",)},
        ),
        Family(
            "deno",
            "Deno",
            ("deno", "--version"),
            official="denoland/deno:debian-{version}",
            significant=3,
            npm="deno",
            binary="@deno/linux-*-glibc/deno",
        ),
        Family(
            "bun",
            "Bun",
            ("bun", "--version"),
            official="oven/bun:{version}-slim",
            versions=("1",),
            significant=3,
            npm="bun",
            binary=".bin/bun",
            links=("bunx", "node"),  # Packages' programs ask for node, and Bun runs them.
        ),
        Family(
            "dotnet",
            ".NET",
            ("dotnet", "--version"),
            official="mcr.microsoft.com/dotnet/sdk:{version}",
            versions=("8.0", "9.0", "10.0"),
        ),
        Family(
            "aspnet",
            ".NET",
            ("sh", "-c", "ls /usr/share/dotnet/shared/Microsoft.AspNetCore.App"),
            official="mcr.microsoft.com/dotnet/aspnet:{version}",
            versions=("8.0", "9.0", "10.0"),
        ),
    )
}  # fmt: skip


@dataclass(frozen=True)
class Own:
    """An image of ours: where it is made from, and the version that it is known to have ("" when one must look)."""

    reference: str
    suite: str = ""
    version: str = ""


def family_of(kind: str) -> Family:
    """Static files are served by a Python program, so they share Python's image."""
    return FAMILIES["python" if kind == "static" else kind]


def official_image(family: Family, version: str) -> str:
    return family.official.format(version=version)


def own_images(family: Family, asked: str, suites: tuple[str, ...]) -> list[Own]:
    """What this machine can make, best first."""
    if family.npm:
        return [Own(f"slipway/base-{family.name}:{_tag(asked)}", version="")]
    if not family.packages:
        return []
    if family.is_versioned:
        found = [
            Own(f"slipway/base-{family.name}:{version}-{suite}", suite, version)
            for suite in suites
            for version in family.in_suites.get(suite, family.versions)
        ]
        return sorted(found, key=lambda own: family.versions.index(own.version))
    return [
        Own(f"slipway/base-{family.name}:{suite}", suite, next(iter(family.in_suites.get(suite, ())), ""))
        for suite in suites
    ]


def packages_of(family: Family, version: str) -> list[str]:
    return [name.format(version=version) for name in family.packages]


def _tag(asked: str) -> str:
    return re.sub(r"[^A-Za-z0-9.]+", "-", asked).strip("-.") or "newest"
