"""Libraries of the distribution that common Python packages need: beside them when they run, or to compile them.

A table with a look at the versions that are asked for. Not in charge of what an Aptfile or a person adds. Names of
Debian's packages are those that Debian 12 and 13 and Ubuntu share, or have as another name of the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from workers.build.files import Files
from workers.build.system_libraries import Libraries
from workers.build.version_spec import parse, satisfies

COMPILER = ("gcc", "libc6-dev", "python3-dev")
PANGO = ("libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0", "fonts-dejavu-core")
IMAGES = ("libgd3", "libwebpmux3", "libwebpdemux2")  # The first brings those whose names differ between releases.
IMAGE_HEADERS = ("libjpeg-dev", "libtiff-dev", "libfreetype-dev", "libwebp-dev", "zlib1g-dev")
PLATFORMS = "3.13.99"  # The Python that is taken when none is asked for.


@dataclass(frozen=True)
class Needs:
    """`run` beside the app, `build` to compile it. `unless` is a package that brings them. A package with `wheels_from`
    comes compiled for the platform's Python from that version on: only before it, or when told so, it is compiled."""

    run: tuple[str, ...] = ()
    build: tuple[str, ...] = ()
    unless: str = ""
    wheels_from: str = ""


NEEDS: dict[str, Needs] = {
    "cairocffi": Needs(("libcairo2",)),
    "cairosvg": Needs(("libcairo2",)),
    "camelot-py": Needs(("ghostscript",)),
    # Parts of Django by their dotted names: they load libraries that no package brings.
    "django.contrib.gis": Needs(("gdal-bin",)),
    "django.contrib.gis.db.backends.spatialite": Needs(("libsqlite3-mod-spatialite",)),
    "ffmpeg-python": Needs(("ffmpeg",)),
    "gdal": Needs(("gdal-bin",), ("libgdal-dev", "g++")),
    "graphviz": Needs(("graphviz",)),
    "gssapi": Needs(("libgssapi-krb5-2",), ("libkrb5-dev",)),
    "lxml": Needs(("libxml2", "libxslt1.1"), ("libxml2-dev", "libxslt1-dev"), wheels_from="5.3"),
    "mariadb": Needs(("libmariadb3",), ("libmariadb-dev",)),
    "moviepy": Needs(("ffmpeg",)),
    "mysqlclient": Needs(("libmariadb3",), ("default-libmysqlclient-dev", "pkg-config")),
    "ocrmypdf": Needs(("tesseract-ocr", "ghostscript")),
    "opencv-contrib-python": Needs(("libgl1", "libglib2.0-0")),
    "opencv-python": Needs(("libgl1", "libglib2.0-0")),
    "pdf2image": Needs(("poppler-utils",)),
    "pillow": Needs(IMAGES, IMAGE_HEADERS, wheels_from="10.4"),
    "psycopg": Needs(("libpq5",), unless="psycopg-binary"),
    "psycopg-c": Needs(("libpq5",), ("libpq-dev",)),
    "psycopg2": Needs(("libpq5",), ("libpq-dev",)),
    "psycopg2-binary": Needs(("libpq5",), ("libpq-dev",), wheels_from="2.9.10"),
    "pyaudio": Needs(("libportaudio2",), ("portaudio19-dev",)),
    "pycairo": Needs(("libcairo2",), ("libcairo2-dev", "pkg-config")),
    "pycurl": Needs(("libcurl4",), ("libcurl4-openssl-dev", "libssl-dev"), wheels_from="7.45.3"),
    "pydub": Needs(("ffmpeg",)),
    "pygraphviz": Needs(("graphviz",), ("libgraphviz-dev", "pkg-config")),
    "pyodbc": Needs(("unixodbc",), ("unixodbc-dev", "g++"), wheels_from="5.2"),
    "pypandoc": Needs(("pandoc",), unless="pypandoc-binary"),
    "pytesseract": Needs(("tesseract-ocr",)),
    "python-ldap": Needs(("libldap-dev", "libsasl2-2"), ("libldap-dev", "libsasl2-dev")),
    "python-magic": Needs(("libmagic1",)),
    "pyvips": Needs(("libvips42",), unless="pyvips-binary"),
    "pyzbar": Needs(("libzbar0",)),
    "sounddevice": Needs(("libportaudio2",)),
    "uwsgi": Needs((), ("make",)),
    "wand": Needs(("imagemagick",)),
    "weasyprint": Needs(PANGO),
    "xmlsec": Needs(("libxmlsec1-openssl",), ("libxmlsec1-dev", "libxml2-dev", "pkg-config"), wheels_from="1.3.15"),
}
LOCKED = re.compile(r'^name = "([^"\n]+)"\nversion = "([^"\n]+)"', re.MULTILINE)
PINNED = re.compile(r"^[ \t]*([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]\n]*\])?\s*={2,3}\s*([\w.]+)", re.MULTILINE)
FROM_SOURCE = re.compile(r"^--no-binary[ =]+(\S+)", re.MULTILINE)


def find_libraries(files: Files, names: frozenset[str], python: str, required: tuple[str, ...] = ()) -> Libraries:
    """For what a folder depends on: `names`, and all that its lock or pinned files list. `python` as it is asked for.

    `required` are requirement files, which may also say what must not come compiled.
    """
    versions, from_source = _listed(files, required)
    wanted = names | versions.keys()
    run, build, reasons = dict[str, None](), dict[str, None](), list[str]()
    for name in sorted(wanted & NEEDS.keys()):
        needs = NEEDS[name]
        is_compiled = bool(needs.build) and _is_compiled(needs, name, versions.get(name, ""), python, from_source)
        if needs.unless in wanted or (needs.wheels_from and not is_compiled):
            continue
        run |= dict.fromkeys(needs.run)
        if needs.run:
            reasons.append(f"system libraries: {', '.join(needs.run)}, because {name} needs what is in them")
        if is_compiled:
            build |= dict.fromkeys([*COMPILER, *needs.build])
            reasons.append(f"compiler: with {', '.join(needs.build)}, because {name} comes as source")
    return Libraries(tuple(run), tuple(build), tuple(reasons))


def _is_compiled(needs: Needs, name: str, version: str, python: str, from_source: set[str]) -> bool:
    if not needs.wheels_from or from_source & {name, ":all:"}:
        return True
    is_older = bool(version) and parse(version) < parse(needs.wheels_from)
    return is_older and satisfies(python, PLATFORMS, significant=2)


def _listed(files: Files, required: tuple[str, ...]) -> tuple[dict[str, str], set[str]]:
    """Versions by normalised name, and the packages that are wanted as source."""
    locks = "\n".join(files.head(name, 2 * 1024**2) for name in ("uv.lock", "poetry.lock", "pdm.lock"))
    pinned = "\n".join(files.text(name) for name in required)
    found = {_plain(name): version for name, version in (*LOCKED.findall(locks), *PINNED.findall(pinned))}
    return found, {_plain(name) for told in FROM_SOURCE.findall(pinned) for name in told.split(",")}


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower() if name != ":all:" else name
