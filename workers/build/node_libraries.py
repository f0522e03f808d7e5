"""Node packages that compile when they are installed, or need libraries of the distribution when they run.

A table with a look at the versions in lock files. Names of Debian's packages are those that Debian 12 and 13 and Ubuntu
share, or have as another name of the same. Not in charge of what an Aptfile or a person adds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from workers.build.files import Files
from workers.build.node_package import Package
from workers.build.node_workspace import Workspace
from workers.build.system_libraries import Libraries
from workers.build.version_spec import parse

COMPILER = ("python3", "python3-setuptools", "make", "g++")  # Older ones of node-gyp need what Python had itself once.
CAIRO = ("libcairo2", "libpango-1.0-0", "libpangocairo-1.0-0", "libgd3", "libgif7", "librsvg2-2", "fonts-dejavu-core")
CAIRO_HEADERS = ("pkg-config", "libcairo2-dev", "libpango1.0-dev", "libjpeg-dev", "libgif-dev", "librsvg2-dev")
LOCKED = re.compile(
    r'node_modules/((?:@[^/"\s]+/)?[^/"\s]+)": \{\s*"version": "([^"\s]+)"'  # npm's
    r"|^  '?/?((?:@[\w.-]+/)?[\w.-]+)@(\d[\w.-]*)"  # pnpm's
    r'|^"?((?:@[\w.-]+/)?[\w.-]+)@[^\n]*:\n +version:? "?([\w.-]+)',  # Yarn's
    re.MULTILINE,
)
LOCK_BYTES = 2 * 1024**2


@dataclass(frozen=True)
class Needs:
    """`run` beside the app. `build`, with a compiler, while it is installed; None for one that is not compiled. From
    `brings_from` on the package brings what was compiled elsewhere."""

    run: tuple[str, ...] = ()
    build: tuple[str, ...] | None = None
    brings_from: str = ""


COMPILED = Needs(build=())
NEEDS: dict[str, Needs] = {
    "@discordjs/opus": COMPILED,
    "@prisma/client": Needs(("openssl",)),
    "argon2": Needs(build=(), brings_from="0.40"),
    "bcrypt": Needs(build=(), brings_from="6"),
    "better-sqlite3": COMPILED,
    "canvas": Needs(CAIRO, CAIRO_HEADERS),
    "fluent-ffmpeg": Needs(("ffmpeg",)),
    "gm": Needs(("graphicsmagick", "imagemagick")),
    "isolated-vm": COMPILED,
    "libpq": Needs(("libpq5",), ("libpq-dev",)),
    "node-expat": COMPILED,
    "node-pty": COMPILED,
    "node-sass": COMPILED,
    "node-tesseract-ocr": Needs(("tesseract-ocr",)),
    "odbc": Needs(("unixodbc",), ("unixodbc-dev",)),
    "pdf2pic": Needs(("graphicsmagick", "ghostscript")),
    "pg-native": Needs(("libpq5",), ("libpq-dev",)),
    "prisma": Needs(("openssl",)),
    "re2": COMPILED,
    "sqlite3": COMPILED,
    "tree-sitter": COMPILED,
}


def find_libraries(files: Files, package: Package, workspace: Workspace | None, lock: str) -> Libraries:
    """For all that the install brings: of a workspace, what any of its packages depends on."""
    packages = [package, workspace.package, *workspace.members.values()] if workspace else [package]
    versions = _versions((workspace.files if workspace else files).head(lock, LOCK_BYTES)) if lock else {}
    wanted = frozenset().union(versions, *(one.names for one in packages))
    run, build, reasons = dict[str, None](), dict[str, None](), list[str]()
    for name in sorted(wanted & NEEDS.keys()):
        needs = NEEDS[name]
        run |= dict.fromkeys(needs.run)
        if needs.run:
            reasons.append(f"system libraries: {', '.join(needs.run)}, because {name} needs what is in them")
        if needs.build is not None and not _is_brought(needs, versions.get(name, "")):
            build |= dict.fromkeys([*COMPILER, *needs.build])
            headers = f"with {', '.join(needs.build)}" if needs.build else "there"
            reasons.append(f"compiler: {headers}, because {name} may come as source")
    return Libraries(tuple(run), tuple(build), tuple(reasons))


def _is_brought(needs: Needs, version: str) -> bool:
    return bool(needs.brings_from and version) and parse(version) >= parse(needs.brings_from)


def _versions(lock: str) -> dict[str, str]:
    found = (tuple(filter(None, match)) for match in LOCKED.findall(lock))
    return dict(pair for pair in found if len(pair) == 2)
