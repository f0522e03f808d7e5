"""The kinds of base image: what is in each, what a registry calls it, and which versions a distribution has. Data only.

A plan is built on one of them, and languages whose tools are large are run on another, smaller one. PHP is never
pulled: its official images have no server beside it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from workers.build.version_spec import satisfies

GO_CACHE = "/opt/slipway/go-library"
EXACT = re.compile(r"v?\d+\.\d+(?:\.\d+)?")
NONE: Mapping[str, tuple[str, ...]] = MappingProxyType({})


@dataclass(frozen=True)
class Family:
    """One kind of base image.

    `packages` are the distribution's; those of a family with `is_versioned` have `{version}` in their names, because a
    suite has several. `official` is the registry's name ("" when it is not pulled), `versions` what is asked of it,
    best first. `in_suites` says what a suite is known to have, but for its patch level; of a suite that is not named
    one looks. `significant` is how many leading numbers of an exact version must agree. `npm` is a package that brings
    the program (`binary`); `otherwise` is the family that stands in where npm cannot be reached.
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
    brings: str = ""  # Run where the npm package was installed; what it puts into /opt/more is copied to /usr/local.
    otherwise: str = ""


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
# Node's package has no npm: the one of about its time.
NODE_NPM = (
    "major=$(/opt/node -p 'process.versions.node.split(`.`)[0]'); "
    'version=10; if [ "$major" -ge 22 ]; then version=11; elif [ "$major" -lt 18 ]; then version=8; fi; '
    "npm install -g --prefix /opt/more --no-fund --no-audit npm@$version; "
    "rm -f /opt/more/lib/node_modules/npm/npmrc"  # The distribution's settings for its own npm.
)
PHP_UNWANTED = 'rm -rf "$1"/etc/nginx/sites-enabled/* "$1"/var/www/html'


def _java(name: str, title: str, official: str, packages: tuple[str, ...]) -> Family:
    """`packages` begin with the kind of OpenJDK."""
    kind, *others = packages
    return Family(
        name,
        title,
        ("java", "--version"),
        (f"openjdk-{{version}}-{kind}", "ca-certificates", *others),
        official,
        ("21", "25", "17", "11", "8"),
        significant=1,
        in_suites=JAVA_SUITES,
        is_versioned=True,
        environment=JAVA,
        hook=JAVA_LINK,
    )


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
            official="node:{version}-slim",
            versions=("24", "22", "26", "20", "18"),
            significant=1,
            npm="node",
            binary="node/bin/node",
            brings=NODE_NPM,
            otherwise="node-distribution",
        ),
        Family(
            "node-distribution",  # It makes those from npm too.
            "Node",
            ("node", "--version"),
            ("nodejs", "npm", "ca-certificates"),
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
        _java("java", "Java", "maven:3.9-eclipse-temurin-{version}", ("jdk-headless", "maven", "curl", "unzip")),
        _java("gradle", "Java with Gradle", "gradle:8-jdk{version}", ("jdk-headless", "gradle")),
        _java("jre", "Java", "eclipse-temurin:{version}-jre", ("jre-headless", "tzdata")),
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
        return [Own(f"slipway/base-{family.name}:{_tag(npm_version(family, asked))}", version="")]
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


def npm_version(family: Family, asked: str) -> str:
    """What npm is asked for: for a range the newest of one of ours, which services share, else what is asked for."""
    if EXACT.fullmatch(asked) or family.significant > 1:
        return asked.removeprefix("v")
    newest = (v for v in family.versions if satisfies(asked, f"{v}.999.999", significant=family.significant))
    return next(newest, asked)


def packages_of(family: Family, version: str) -> list[str]:
    return [name.format(version=version) for name in family.packages]


def _tag(asked: str) -> str:
    """Of its own for each range, which has a newer one than the version that it names."""
    plain = re.sub(r"[^A-Za-z0-9.]+", "-", asked).strip("-.") or "newest"
    return plain if plain == asked or not asked else f"{plain}-{hashlib.sha256(asked.encode()).hexdigest()[:6]}"
