"""Go: modules and workspaces; a program at the top or several under `cmd/`."""

from __future__ import annotations

import re

from workers.build.files import Files
from workers.build.job import BuildSettings
from workers.build.plan import Plan
from workers.build.programs import serving_program
from workers.build.versions import Asked, asked_version, version_reason

MAIN = re.compile(r"^package\s+main\b", re.MULTILINE)
MODULE = re.compile(r"^module\s+\"?([^\s\"]+)", re.MULTILINE)
MINIMUM = re.compile(r"^go\s+(\d+\.\d+(?:\.\d+)?)", re.MULTILINE)
TOOLCHAIN = re.compile(r"^toolchain\s+go(\d+\.\d+(?:\.\d+)?)", re.MULTILINE)
MOST_MODULES = 100
USED = re.compile(r"^use\s+(?:\(([^)]*)\)?|(\S+))", re.MULTILINE)
FRAMEWORKS = {
    "github.com/gin-gonic/gin": "Gin",
    "github.com/labstack/echo": "Echo",
    "github.com/gofiber/fiber": "Fiber",
    "github.com/go-chi/chi": "chi",
    "github.com/gorilla/mux": "Gorilla",
    "github.com/beego/beego": "Beego",
}
WITH_C = ("github.com/mattn/go-sqlite3", "github.com/confluentinc/confluent-kafka-go", "github.com/DataDog/go-libddwaf")
PLACES = ("*.go", "cmd/*.go", "cmd/*/*.go")
EXAMPLES = re.compile(r"(?:^|/)(?:examples?|testdata|internal|tools?|scripts|vendor|_[^/]*)(?:/|$)")


def detect(files: Files, settings: BuildSettings) -> Plan | None:
    """A plan for a folder with a go.mod or go.work; else None."""
    manifest = files.first("go.work", "go.mod")
    if not manifest:
        return None
    modules = _modules(files) if manifest == "go.work" else [""]
    texts = "\n".join(files.text(_in(module, "go.mod")) for module in modules)
    programs = _programs(files, modules)
    asked, framework = _version(files, manifest), _framework(texts)
    project = _last(MODULE.findall(texts))
    start, why = serving_program(list(programs), project)
    with_c = next((name for name in WITH_C if name in texts), "")
    is_vendored = files.exists("vendor/modules.txt")
    return Plan(
        language="go",
        framework=framework[0],
        version=asked[0],
        package_manager="go",
        install="" if is_vendored else "go mod download",
        dependency_files=() if is_vendored else _manifests(files),
        build=_build(programs, with_c),
        start=f"bin/{start}" if start else "",
        reasons=tuple(
            filter(
                None,
                (
                    f"language: Go, because {manifest} is there",
                    version_reason("Go", asked),
                    framework[1],
                    "install: none, because vendor/ has the dependencies" if is_vendored else "",
                    _build_reason(programs, with_c),
                    f"start command: bin/{start}, because {why}" if start else "",
                ),
            )
        ),
    )


def _version(files: Files, manifest: str) -> Asked:
    pinned = asked_version(files, ("go", "golang"), (".go-version",))
    if pinned[0]:
        return pinned[0].removeprefix("go"), pinned[1]
    text = files.text(manifest)
    found = TOOLCHAIN.search(text) or MINIMUM.search(text)
    return (f">={found[1]}", manifest) if found else ("", "")


def _modules(files: Files) -> list[str]:
    """The folders that go.work uses, "" for the top."""
    words = [word for block, single in USED.findall(files.text("go.work")) for word in f"{block} {single}".split()]
    folders = (word.strip('"').removeprefix("./").rstrip("/") for word in words if not word.startswith("//"))
    found = dict.fromkeys("" if folder == "." else folder for folder in folders if ".." not in folder)
    return list(found)[:MOST_MODULES]


def _programs(files: Files, modules: list[str]) -> dict[str, str]:
    """Program -> package path, for every `package main` at the usual places."""
    found: dict[str, str] = {}
    for module in modules:
        for path in files.glob(*(_in(module, place) for place in PLACES)):
            folder = path.rpartition("/")[0]
            is_program = not path.endswith("_test.go") and MAIN.search(files.head(path, 65536)) is not None
            if is_program and not EXAMPLES.search(folder):
                found.setdefault(_program_name(files, module, folder), f"./{folder}" if folder else ".")
    return found


def _program_name(files: Files, module: str, folder: str) -> str:
    if folder not in (module, _in(module, "cmd")):
        return folder.rpartition("/")[2]
    return _last(MODULE.findall(files.text(_in(module, "go.mod")))) or module.rpartition("/")[2] or "app"


def _last(paths: list[str]) -> str:
    """The last part of a module's path that is no major version: what `go install` would name the program."""
    parts = [part for part in (paths[0] if paths else "").split("/") if not re.fullmatch(r"v\d+", part)]
    return parts[-1] if parts else ""


def _manifests(files: Files) -> tuple[str, ...]:
    """All that `go mod download` reads: those of replaced local modules too."""
    names = ("go.work", "go.work.sum", "go.mod", "go.sum")
    places = [f"{'*/' * depth}{name}" for depth in range(4) for name in names]
    return tuple(name for name in files.glob(*places) if not EXAMPLES.search(name.rpartition("/")[0]))


def _framework(texts: str) -> tuple[str, str]:
    found = next(((path, name) for path, name in FRAMEWORKS.items() if path in texts), None)
    return (found[1], f"framework: {found[1]}, because go.mod requires {found[0]}") if found else ("", "")


def _build(programs: dict[str, str], with_c: str) -> str:
    cgo = "CGO_ENABLED=1 " if with_c else ""
    lines = [f'{cgo}go build -trimpath -ldflags="-s -w" -o bin/{name} {path}' for name, path in programs.items()]
    return " && ".join(lines)


def _build_reason(programs: dict[str, str], with_c: str) -> str:
    if not programs:
        return ""
    c = f", with C because of {with_c}" if with_c else ""
    return f"build command: makes {', '.join(f'bin/{name}' for name in programs)}{c}"


def _in(module: str, path: str) -> str:
    return f"{module}/{path}" if module else path
