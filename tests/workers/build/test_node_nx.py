import json
from contextlib import suppress
from typing import Any

import pytest

from workers.build.analyze import analyze
from workers.build.dockerfile import dockerfile_for
from workers.build.files import FilesBeneath, MemoryFiles
from workers.build.job import BuildSettings
from workers.build.plan import Plan
from workers.errors import UserError

TOP = {"package.json": json.dumps({"dependencies": {"next": "16", "nx": "22"}}), "nx.json": "{}"}


def planned(project: Any, texts: dict[str, str] | None = None) -> Plan:
    files = {"apps/web/project.json": json.dumps(project), "apps/web/src/x.ts": ""} | (texts or {})
    return analyze(FilesBeneath(MemoryFiles(TOP | files), "apps/web"), BuildSettings())


def built_by(executor: str, **options: Any) -> dict[str, Any]:
    """As the generators of Nx write it."""
    return {"targets": {"build": {"executor": executor, "options": {"outputPath": "dist/apps/web"} | options}}}


SERVE = {"serve": {"executor": "@nx/js:node"}}
MAIN = {"main": "apps/web/src/main.ts"}
WEBPACK = built_by("@nx/webpack:webpack", **MAIN)["targets"] | SERVE
SWC = built_by("@nx/js:swc", **MAIN)["targets"] | SERVE


@pytest.mark.parametrize(
    ("project", "start", "static_dir"),
    [
        (built_by("@nx/esbuild:esbuild", platform="node", **MAIN), "node ../../dist/apps/web/main.js", ""),
        ({"targets": WEBPACK}, "node ../../dist/apps/web/main.js", ""),
        ({"targets": SWC}, "node ../../dist/apps/web/src/main.js", ""),
        (built_by("@nx/webpack:webpack", target="node", outputFileName="a b.js"), "node '../../dist/apps/web/a b.js'", ""),
        (built_by("@nx/next:build"), "next start ../../dist/apps/web", ""),
        (built_by("@nx/vite:build"), "SERVER", "../../dist/apps/web"),
        (built_by("@nx/webpack:webpack", outputPath="{projectRoot}/out"), "SERVER", "out"),
        (built_by("@angular/build:application", outputPath={"base": "dist/x"}), "SERVER", "../../dist/x/browser"),
        (built_by("@angular/build:application", outputPath={"base": "dist/x", "browser": ""}), "SERVER", "../../dist/x"),
        (built_by("@nx/angular:webpack-browser"), "SERVER", "../../dist/apps/web"),
    ],
)  # fmt: skip
def test_it_serves_what_the_options_of_an_executor_name(project: Any, start: str, static_dir: str) -> None:
    plan = planned({"name": "shop", **project})
    assert (plan.install, plan.build) == (
        "cd ../.. && npm install --no-audit --no-fund",
        "(cd ../.. && nx run shop:build)",
    )
    assert (plan.start.startswith("python3 ") if start == "SERVER" else plan.start == start, plan.start)[0]
    assert (plan.static_dir, plan.within, plan.dependency_files) == (static_dir, "apps/web", ("package.json",))


def test_it_reads_the_settings_of_what_a_plugin_of_nx_builds() -> None:
    """Then project.json names no executor."""
    vite = planned({}, {"apps/web/vite.config.ts": "build: { outDir: '../../dist/apps/web' }"})
    assert (vite.framework, vite.static_dir) == ("Vite", "../../dist/apps/web")
    assert vite.build == "(cd ../.. && nx run web:build)"
    assert planned({}, {"apps/web/next.config.js": ""}).start == "next start"


def test_it_copies_the_output_from_beside_the_folder() -> None:
    text = dockerfile_for(planned(built_by("@nx/vite:build")), "node:1", "s1", static_base="python:1")
    assert '["/app/apps/web/../../dist/apps/web/", "/site/"]' in text


def test_it_prefers_scripts_of_a_package_of_its_own() -> None:
    package = {"name": "@shop/web", "scripts": {"build": "tsc", "start": "node out.js"}}
    plan = planned(built_by("@nx/vite:build"), {"apps/web/package.json": json.dumps(package)})
    assert (plan.start, plan.static_dir) == ("node out.js", "")


def test_it_goes_by_the_packages_of_an_app_whose_project_says_no_output() -> None:
    package = {"name": "@shop/web", "dependencies": {"next": "16"}}
    project = {"targets": {"build": {"executor": "nx:run-commands", "options": {"command": "next build"}}}}
    plan = planned({"name": "shop", **project}, {"apps/web/package.json": json.dumps(package)})
    assert (plan.framework, plan.build, plan.start) == ("Next.js", "(cd ../.. && nx run shop:build)", "next start")


@pytest.mark.parametrize("output", ["../../../etc", "/etc", "dist/$(id)"])
def test_it_copies_nothing_from_elsewhere(output: str) -> None:
    try:
        assert planned(built_by("@nx/vite:build", outputPath=output)).static_dir == "../../etc"  # Of what was built.
    except UserError as error:
        assert error.code == "build:user:invalid-static-dir"


@pytest.mark.parametrize("project", [[], "x", {"targets": []}, {"targets": {"build": 1}}, {"targets": {}}])
def test_it_says_so_where_a_project_tells_nothing(project: Any) -> None:
    with pytest.raises(UserError, match="Nothing in the root directory"):
        planned(project)


@pytest.mark.parametrize("shape", [[], {}, 1, True, [1], {"base": 1}, "\x00", "9" * 5000])
@pytest.mark.parametrize("name", ["outputPath", "main", "outputFileName", "platform"])
def test_it_reads_options_of_any_shape(name: str, shape: Any) -> None:
    options = {"platform": "node", name: shape}
    with suppress(UserError):
        planned(built_by("@nx/esbuild:esbuild", **options))


def test_it_names_the_apps_at_the_top() -> None:
    """What is installed there is for all of them: it is no Next."""
    files = {"apps/web/project.json": '{"projectType": "application"}', "libs/a/project.json": "{}"}
    with pytest.raises(UserError) as caught:
        analyze(MemoryFiles(TOP | files), BuildSettings())
    assert caught.value.code == "build:user:no-start-command"
    assert caught.value.hint.startswith("The root directory may be one of apps/web. ")


@pytest.mark.parametrize(("build", "framework"), [("vite build", "Vite"), ("nx build web", ""), ("", "")])
def test_it_builds_the_top_where_that_is_an_app(build: str, framework: str) -> None:
    """An app that was given nx.json later, beside another of a project.json."""
    package = {"scripts": {"build": build, "start": "node x.js"} if build else {"start": "node x.js"}}
    files = {
        "nx.json": "{}",
        "package.json": json.dumps(package | {"devDependencies": {"vite": "7", "nx": "22"}}),
        "e2e/project.json": '{"projectType": "application"}',
    }
    assert analyze(MemoryFiles(files), BuildSettings()).framework == framework
