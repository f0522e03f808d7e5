from __future__ import annotations

from dataclasses import replace

import pytest

from tests.workers.build.plans import found, found_in
from workers.build.analyze import analyze
from workers.build.files import MemoryFiles
from workers.build.job import BuildSettings
from workers.build.languages.go import detect
from workers.build.plan import Plan
from workers.build.recipes.go import recipe, toolchain

MAIN = "package main\n\nfunc main() {}\n"
MOD = "module example.com/shop\n\ngo 1.22\n"


def test_it_plans_a_module_with_several_programs_whole() -> None:
    assert found_in(detect, "go-cmd") == Plan(
        language="go",
        framework="chi",
        version=">=1.22",
        package_manager="go",
        install="go mod download",
        dependency_files=("go.mod", "go.sum"),
        build=(
            'go build -trimpath -ldflags="-s -w" -o bin/migrate ./cmd/migrate'
            ' && go build -trimpath -ldflags="-s -w" -o bin/server ./cmd/server'
        ),
        start="bin/server",
        reasons=(
            "language: Go, because go.mod is there",
            "version: Go >=1.22, because go.mod asks for it",
            "framework: chi, because go.mod requires github.com/go-chi/chi",
            "build command: makes bin/migrate, bin/server",
            "start command: bin/server, because of 2 programs its name says that it serves",
        ),
    )


def test_it_builds_what_a_workspace_uses() -> None:
    plan = found_in(detect, "go-workspace")
    assert plan.dependency_files == ("go.work", "api/go.mod", "greeting/go.mod")
    assert plan.build == 'go build -trimpath -ldflags="-s -w" -o bin/api ./api'
    assert (plan.start, plan.version) == ("bin/api", ">=1.22")


@pytest.mark.parametrize(
    ("texts", "start"),
    [
        ({"main.go": MAIN}, "bin/shop"),
        ({"cmd/main.go": MAIN}, "bin/shop"),
        ({"cmd/shop/main.go": MAIN, "cmd/report/main.go": MAIN}, "bin/shop"),
        ({"cmd/shop-server/main.go": MAIN, "cmd/report/main.go": MAIN}, "bin/shop-server"),
        ({"cmd/one/main.go": MAIN, "cmd/two/main.go": MAIN}, ""),
        ({"main.go": MAIN, "examples/web/main.go": MAIN, "cmd/tools/main.go": MAIN}, "bin/shop"),
        ({"main_test.go": MAIN, "lib.go": "package shop\n"}, ""),
    ],
)
def test_it_finds_the_program_that_serves(texts: dict[str, str], start: str) -> None:
    assert found(detect, {"go.mod": MOD, **texts}).start == start


@pytest.mark.parametrize(
    ("texts", "version", "value"),
    [
        ({"go.mod": "module x\n"}, "", "auto"),
        ({"go.mod": "module x\ngo 1.25.1\n"}, ">=1.25.1", "auto"),
        ({"go.mod": "module x\ngo 1.21\ntoolchain go1.23.4\n"}, ">=1.23.4", "auto"),
        ({"go.mod": MOD, ".go-version": "1.23.2\n"}, "1.23.2", "go1.23.2"),
        ({"go.mod": MOD, ".tool-versions": "golang 1.24.0\n"}, "1.24.0", "go1.24.0"),
        ({"go.mod": MOD, "mise.toml": '[tools]\ngo = "1.24.0"\n'}, "1.24.0", "go1.24.0"),
        ({"go.mod": MOD, ".config/mise.toml": '[tools]\ngo = "1.24.0"\n'}, "1.24.0", "go1.24.0"),
    ],
)
def test_it_asks_for_a_version(texts: dict[str, str], version: str, value: str) -> None:
    plan = found(detect, {"main.go": MAIN, **texts})
    assert (plan.version, toolchain(plan.version)) == (version, value)


def test_it_takes_the_newest_patch_of_a_pin_without_one() -> None:
    assert "go list -m -versions go" in toolchain("1.23")
    assert '"1[.]23([.][0-9]+)?"' in toolchain("1.23")
    assert toolchain("1.23; id") == "auto"


def test_it_compiles_with_c_where_a_dependency_needs_it() -> None:
    plan = found(detect, {"go.mod": f"{MOD}require github.com/mattn/go-sqlite3 v1.14.24\n", "main.go": MAIN})
    assert plan.build.startswith("CGO_ENABLED=1 go build ")


def test_it_installs_nothing_that_is_vendored() -> None:
    plan = found(detect, {"go.mod": MOD, "main.go": MAIN, "vendor/modules.txt": "", "vendor/x/main.go": MAIN})
    assert (plan.install, plan.dependency_files) == ("", ())


@pytest.mark.parametrize(
    ("settings", "copied"),
    [({}, "/app/bin/"), ({"build_command": "make"}, "/app/"), ({"install_command": "make deps"}, "/app/")],
)
def test_it_keeps_all_that_a_command_of_a_person_may_have_made(settings: dict[str, str], copied: str) -> None:
    plan = analyze(MemoryFiles({"go.mod": MOD, "main.go": MAIN}), BuildSettings(**settings))  # type: ignore[arg-type]
    lines = recipe(plan, "go:1", "run:1", "s1")
    assert lines[-1] == f'COPY --from=build --chown=10001:10001 ["{copied}", "{copied}"]'
    assert lines.count("COPY --chown=10001:10001 . .") == (2 if copied == "/app/bin/" else 1)


def test_it_copies_the_source_alone_when_nothing_is_built() -> None:
    plan = replace(found(detect, {"go.mod": MOD, "main.go": MAIN}), build="")
    assert recipe(plan, "go:1", "run:1", "s1")[-1].endswith('["/app/", "/app/"]')


def test_it_leaves_other_folders_alone() -> None:
    assert detect(MemoryFiles({"main.go": MAIN}), BuildSettings()) is None
