import json
import time
from typing import Any

import pytest

from workers.build.analyze import analyze
from workers.build.dockerfile import dockerfile_for
from workers.build.files import FilesBeneath, MemoryFiles
from workers.build.folder_patterns import belongs
from workers.build.job import BuildSettings
from workers.build.languages import bun
from workers.build.languages.node import detect
from workers.build.node_package import read_package
from workers.build.node_workspace import parts_reason
from workers.build.plan import Plan
from workers.errors import UserError

UI = {"name": "@shop/ui", "scripts": {"build": "tsc"}}
WEB = {"name": "web", "scripts": {"start": "node a.js"}, "dependencies": {"@shop/ui": "*"}}
NPM = {"workspaces": ["apps/*", "packages/**", "!packages/old"]}
PNPM = "packages:\n  # ours\n  - 'apps/*'\n  - packages/*\nonlyBuiltDependencies: []\n"


def found(top: dict[str, Any], members: dict[str, Any], texts: dict[str, str] | None = None) -> Plan:
    packages = {f"{folder}/package.json": json.dumps(package) for folder, package in members.items()}
    files = MemoryFiles({"package.json": json.dumps(top), **packages, **(texts or {})})
    plan = detect(FilesBeneath(files, "apps/web"), BuildSettings())
    assert plan is not None
    return plan


def test_it_builds_a_service_of_a_workspace_from_the_top() -> None:
    plan = found(NPM, {"apps/web": WEB, "packages/ui": UI}, {"package-lock.json": ""})
    assert plan == Plan(
        language="node",
        package_manager="npm",
        install="cd ../.. && npm ci --no-audit --no-fund",
        dependency_files=("package.json", "package-lock.json", "apps/web/package.json", "packages/ui/package.json"),
        build="npm --prefix ../../packages/ui run build",
        start="node a.js",
        within="apps/web",
        reasons=(
            "language: Node, because package.json is there",
            "version: the platform's Node, because no file asks for one",
            "workspace: the whole repository is installed, because package.json at its top makes apps/web a part of it",
            "package manager: npm, because package-lock.json is there",
            "build command: first the packages of the workspace that it needs",
            "start command: the start script of package.json",
        ),
    )


@pytest.mark.parametrize(
    ("top", "texts", "install", "build"),
    [
        ({}, {"pnpm-workspace.yaml": PNPM, "pnpm-lock.yaml": ""}, "pnpm install --frozen-lockfile",
         "pnpm --dir ../../packages/ui run build && pnpm run build"),
        ({**NPM, "packageManager": "yarn@1.22.22"}, {}, "yarn install --non-interactive --production=false",
         "yarn --cwd ../../packages/ui run build && yarn run build"),
        ({**NPM, "devDependencies": {"turbo": "2"}}, {"turbo.json": "{}"}, "npm install --no-audit --no-fund",
         "(cd ../.. && turbo run build --filter=web...)"),
        ({**NPM, "devDependencies": {"nx": "22"}}, {"nx.json": "{}"}, "npm install --no-audit --no-fund",
         "(cd ../.. && nx run web:build)"),
        ({**NPM, "devDependencies": {"turbo": "2"}}, {"turbo.json": "{}", "yarn.lock": "__metadata:\n  version: 8"},
         "yarn install --immutable", "(cd ../.. && yarn turbo run build --filter=web...)"),
        ({**NPM, "devDependencies": {"turbo": "2"}}, {}, "npm install --no-audit --no-fund",
         "npm --prefix ../../packages/ui run build && npm run build"),
    ],
)  # fmt: skip
def test_it_builds_by_what_the_workspace_has(
    top: dict[str, Any], texts: dict[str, str], install: str, build: str
) -> None:
    plan = found(top, {"apps/web": {**WEB, "scripts": {"build": "x", "start": "y"}}, "packages/ui": UI}, texts)
    assert (plan.install, plan.build) == (f"cd ../.. && {install}", build)


def test_it_completes_the_build_in_the_services_folder() -> None:
    texts = {"turbo.json": "{}", "apps/web/next.config.mjs": "export default { output: 'standalone' }"}
    web = {"name": "web", "scripts": {"build": "next build"}, "dependencies": {"next": "16"}}
    plan = found({**NPM, "devDependencies": {"turbo": "2"}}, {"apps/web": web}, texts)
    begin = (
        "(cd ../.. && turbo run build --filter=web...) && cp -r .next/static .next/standalone/apps/web/.next/static && "
    )
    assert plan.build.startswith(begin)
    assert plan.start == "HOSTNAME=0.0.0.0 node .next/standalone/apps/web/server.js"


def test_it_builds_what_others_need_first_and_each_once() -> None:
    members = {
        "apps/web": {**WEB, "dependencies": {"a": "*", "b": "*"}},
        "packages/a": {"name": "a", "scripts": {"build": "x"}, "dependencies": {"b": "*", "web": "*"}},
        "packages/deep/b": {"name": "b", "scripts": {"build": "x"}, "devDependencies": {"c": "*", "express": "5"}},
        "packages/c": {"name": "c"},
        "packages/old": {"name": "old", "scripts": {"build": "x"}},
    }
    build = "npm --prefix ../../packages/deep/b run build && npm --prefix ../../packages/a run build"
    assert found(NPM, members).build == build


@pytest.mark.parametrize(
    ("top", "texts"),
    [
        ({}, {}),
        ({"workspaces": ["packages/*"]}, {}),
        (NPM, {"apps/web/package-lock.json": "{}"}),
        ({"workspaces": ["apps/*", "!apps/web"]}, {}),
        ({"workspaces": ["apps"]}, {}),
    ],
)
def test_it_lets_a_folder_stand_alone(top: dict[str, Any], texts: dict[str, str]) -> None:
    plan = found(top, {"apps/web": WEB}, texts)
    assert (plan.within, plan.install.startswith("npm ")) == ("", True)


@pytest.mark.parametrize(
    "members", [{"packages/ui": {**UI, "bin": "x.js"}}, {"packages/ui": {"scripts": {"prepare": "x"}}}]
)
def test_it_copies_the_source_first_when_the_install_needs_it(members: dict[str, Any]) -> None:
    assert found(NPM, {"apps/web": WEB, **members}).dependency_files == ()


@pytest.mark.parametrize(
    ("top", "members", "start", "is_needed"),
    [
        ({"scripts": {"prepare": "husky"}, "devDependencies": {"husky": "9"}}, {}, "node a.js", True),
        ({"devDependencies": {"tsx": "4"}}, {}, "node --import tsx a.ts", True),
        ({}, {"packages/ui": {"scripts": {"install": "x"}, "devDependencies": {"x": "5"}}}, "node a.js", True),
        ({"devDependencies": {"husky": "9"}}, {}, "node a.js", False),
    ],
)  # fmt: skip
def test_it_installs_what_is_for_developers_where_any_part_is_installed_by_it(
    top: dict[str, Any], members: dict[str, Any], start: str, is_needed: bool
) -> None:
    plan = found(NPM | top, {"apps/web": {"name": "web", "scripts": {"start": start}}, **members})
    assert ("--omit=dev" not in plan.install) is is_needed


def test_it_reads_no_more_members_than_it_may() -> None:
    members = {f"packages/p{number}": {"name": f"p{number}"} for number in range(40)}
    plan = found(NPM, {"apps/web": WEB, **members})
    assert (plan.within, plan.dependency_files) == ("apps/web", ())


def test_it_builds_a_service_of_a_workspace_by_bun() -> None:
    packages = {"apps/web/package.json": json.dumps(WEB), "packages/ui/package.json": json.dumps(UI)}
    files = MemoryFiles({"package.json": json.dumps(NPM), "bun.lock": "", ".bun-version": "1.3", **packages})
    plan = bun.detect(FilesBeneath(files, "apps/web"), BuildSettings())
    assert plan is not None
    assert (plan.within, plan.version, plan.build) == ("apps/web", "1.3", "bun run --cwd ../../packages/ui build")
    assert plan.install == "cd ../.. && bun install --frozen-lockfile"
    assert plan.dependency_files == ("package.json", "bun.lock", "apps/web/package.json", "packages/ui/package.json")
    assert "WORKDIR /app/apps/web" in dockerfile_for(plan, "bun:1", "s1")


def test_it_names_the_folders_of_a_workspace_whose_top_starts_nothing() -> None:
    texts = {"package.json": json.dumps(NPM), "apps/web/package.json": "{}", "packages/old/package.json": "{}"}
    with pytest.raises(UserError) as caught:
        analyze(MemoryFiles(texts), BuildSettings())
    assert caught.value.code == "build:user:no-start-command"
    assert caught.value.hint.startswith("The root directory may be one of apps/web. ")


def test_it_asks_the_top_for_a_version_that_the_folder_does_not_name() -> None:
    assert found({**NPM, "engines": {"node": "22"}}, {"apps/web": WEB}).version == "22"
    assert found(NPM, {"apps/web": WEB}, {".nvmrc": "20", "apps/web/.nvmrc": "18"}).version == "18"


def test_it_installs_and_starts_in_the_services_folder() -> None:
    web = {**WEB, "scripts": {"build": "vite build"}, "devDependencies": {"vite": "8"}}
    plan = found(NPM, {"apps/web": web})
    lines = dockerfile_for(plan, "node:1", "s1", static_base="python:1").splitlines()
    kept = [line.split(" ", 1)[1] for line in lines if line.split(" ")[0] in ("WORKDIR", "COPY")]
    assert kept == [
        "/app",
        '--chown=10001:10001 ["package.json", "./package.json"]',
        '--chown=10001:10001 ["apps/web/package.json", "./apps/web/package.json"]',
        "/app/apps/web",
        "/app",
        "--chown=10001:10001 . .",
        "/app/apps/web",
        "/site",
        '--from=app ["/app/apps/web/dist/", "/site/"]',
    ]
    assert any("PATH=/app/apps/web/node_modules/.bin:/app/node_modules/.bin:$PATH" in line for line in lines)


@pytest.mark.parametrize(
    ("pattern", "folders"),
    [
        ("*", ["a"]),
        ("./a/*/", ["a/b"]),
        ("a/**", ["a", "a/b", "a/b/cd"]),
        ("**/cd", ["a/b/cd"]),
        ("a/**/c*", ["a/b/cd"]),
        ("**/b/**", ["a/b", "a/b/cd"]),
        ("a/?", ["a/b"]),
        ("", []),
    ],
)
def test_it_reads_patterns_as_package_managers_do(pattern: str, folders: list[str]) -> None:
    assert [folder for folder in ("a", "a/b", "a/b/cd") if belongs(folder, (pattern,))] == folders


def test_it_reads_the_list_of_pnpm_as_people_write_it() -> None:
    listed = "x: 1\npackages:  \n\n- \"a/*\"  # ours\n  - 'b'\n  # - c\n  -\ncatalog:\n  - d\n"
    texts = {"pnpm-workspace.yaml": listed}
    folders = {name: {} for name in ("a/b", "apps/web", "b", "c", "d")}
    assert analyze_top(folders, texts).endswith("may be one of b, a/b")


@pytest.mark.parametrize(
    ("patterns", "pnpm"),
    [
        (["*a" * 8 + "b"], ""),
        (["**/" * 19 + "b"] * 9, ""),
        (["**/*a*a*a*a*a"] * 5000, ""),
        ([], "packages:\n- " + " " * 60_000 + "''a"),
        ([], "packages:\n" + " \n" * 30_000 + "x"),
    ],
)
def test_it_loses_no_time_on_cunning_patterns(patterns: list[str], pnpm: str) -> None:
    folders = {"a" * 150: {}, "a/" * 8 + "a": {}, **{f"a{number}/c": {} for number in range(1000)}}
    began = time.process_time()
    analyze_top({"apps/web": WEB, **folders}, {"pnpm-workspace.yaml": pnpm}, patterns)
    assert time.process_time() - began < 15


def analyze_top(folders: dict[str, Any], texts: dict[str, str], patterns: list[str] | None = None) -> str:
    packages = {f"{folder}/package.json": json.dumps(package) for folder, package in folders.items()}
    top = MemoryFiles({"package.json": json.dumps({"workspaces": patterns or []}), **packages, **texts})
    package = read_package(top)
    assert package is not None
    return parts_reason(top, package)
