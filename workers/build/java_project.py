"""What a Maven or Gradle project says of itself: its modules, its version of Java, its main class. Read only."""

from __future__ import annotations

import re
from dataclasses import dataclass
from xml.etree import ElementTree

from workers.build.files import Files
from workers.errors import UserError

PROPERTIES = ("maven.compiler.release", "java.version", "maven.compiler.target", "maven.compiler.source", "jdk.version")
MAIN = re.compile(r"\bstatic\s+(?:final\s+)?void\s+main\s*\(|\bfun\s+main\s*\(")
PACKAGE = re.compile(r"^[ \t]*package\s+([\w.]+)", re.MULTILINE)
SOURCES = re.compile(r"(?:^|/)src/main/(?:java|kotlin)/.*\.(?:java|kt)$")
MOST_SOURCES = 60  # Where a repository is read over a network, each file is a request.
SERVING = re.compile(r"Server|Application|App|Main|Web|Api")


@dataclass(frozen=True)
class Pom:
    """`folder` is "" for the top. `text` is the file as it is."""

    folder: str
    text: str
    modules: tuple[str, ...]
    properties: dict[str, str]
    is_war: bool


def read_pom(files: Files, folder: str = "") -> Pom:
    """Raises `UserError` when it is not XML."""
    path = f"{folder}/pom.xml" if folder else "pom.xml"
    text = files.text(path)
    try:
        root = ElementTree.fromstring(re.sub(r'\sxmlns="[^"]*"', "", text.lstrip("\ufeff"), count=1))
    except ElementTree.ParseError as error:
        raise UserError(
            "build:user:invalid-file", f"{path} is not valid XML: {error}.", hint=f"Correct {path} and push again."
        ) from error
    properties = {p.tag: (p.text or "").strip() for p in root.findall("properties/*") if isinstance(p.tag, str)}
    modules = [(m.text or "").strip().strip("/") for m in root.findall("modules/module")]
    inside = (m for m in modules if m and ".." not in m and files.exists(_beneath(folder, m, "pom.xml")))
    is_war = (root.findtext("packaging") or "").strip() == "war"
    return Pom(folder, text, tuple(_beneath(folder, m) for m in inside), properties, is_war)


def all_poms(files: Files) -> list[Pom]:
    """The top and its modules, to a depth of three."""
    found = level = [read_pom(files)]
    for _ in range(3):
        level = [read_pom(files, module) for pom in level for module in pom.modules]
        found = [*found, *level]
    return found


def release_of(poms: list[Pom]) -> str:
    """The Java that Maven compiles for ("" when nothing says it): `17`, and `8` for `1.8`."""
    for pom in poms:
        plain = re.search(r"<(?:release|target)>\s*([\d.]+)\s*</", pom.text)
        told = [pom.properties.get(name, "") for name in PROPERTIES] + [plain[1] if plain else ""]
        found = next((major(value) for value in told if re.fullmatch(r"[\d.]+", value)), "")
        if found:
            return found
    return ""


def gradle_release(text: str) -> tuple[str, bool]:
    """The Java of a build file, and whether exactly that one is asked for: a toolchain is, a compatibility is not."""
    toolchain = re.search(r"JavaLanguageVersion\.of\(\s*[\"']?(\d+)|jvmToolchain\(\s*(\d+)", text)
    if toolchain:
        return toolchain[1] or toolchain[2], True
    told = re.search(r"(?:source|target)Compatibility[\s=]*(?:JavaVersion\.VERSION_|[\"'])?([\d._]+)", text)
    return (major(told[1].replace("_", ".")), False) if told else ("", False)


def main_class(files: Files, folder: str) -> str:
    """The class with a `main` under `src/main`; of several the one whose name says that it serves; "" without any."""
    prefix = f"{folder}/" if folder else ""
    sources = [n for n in files.names() if n.startswith(prefix) and SOURCES.match(n.removeprefix(prefix))]
    sources.sort(key=lambda name: not SERVING.search(name.rpartition("/")[2]))
    best = next((name for name in sources[:MOST_SOURCES] if MAIN.search(files.head(name, 128 * 1024))), "")
    if not best:
        return ""
    package = PACKAGE.search(files.head(best, 128 * 1024))
    stem, _, kind = best.rpartition("/")[2].rpartition(".")
    return ".".join(filter(None, (package[1] if package else "", f"{stem}Kt" if kind == "kt" else stem)))


def major(version: str) -> str:
    """`21` for `21.0.2-tem` and `temurin-21`, `8` for `1.8`; "" for what names no number."""
    found = re.search(r"(\d+)(?:\.(\d+))?", version)
    if not found:
        return ""
    return found[2] if found[1] == "1" and found[2] else found[1]


def _beneath(*parts: str) -> str:
    return "/".join(part for part in parts if part)
