from __future__ import annotations

import pytest

from tests.workers.build.plans import found, found_in
from workers.build.files import MemoryFiles
from workers.build.job import BuildSettings
from workers.build.languages.bun import detect
from workers.build.plan import Plan


def test_it_plans_a_server_whole() -> None:
    assert found_in(detect, "bun-server") == Plan(
        language="bun",
        package_manager="bun",
        install="bun install --frozen-lockfile --production",
        dependency_files=("package.json", "bun.lock", "bunfig.toml"),
        start="bun index.ts",
        reasons=(
            "language: Bun, because bun.lock is there",
            "version: the platform's Bun, because no file asks for one",
            "start command: the start script of package.json",
        ),
    )


def test_it_serves_what_a_framework_builds() -> None:
    plan = found_in(detect, "bun-vite-static")
    assert (plan.framework, plan.version, plan.static_dir) == ("Vite", "1.2.23", "dist")
    assert (plan.install, plan.build) == ("bun install", "bun run build")


@pytest.mark.parametrize(
    ("package", "start"),
    [
        ('{"scripts": {"start": "bun run src/index.ts"}}', "bun run src/index.ts"),
        ('{"scripts": {"start": "NODE_ENV=x bun a.ts"}}', "bun --bun run start"),
        ('{"dependencies": {"next": "15"}}', "bun --bun next start"),
        ('{"main": "./serve.ts"}', "bun serve.ts"),
        ("{}", "bun index.ts"),
    ],
)
def test_it_finds_what_starts(package: str, start: str) -> None:
    assert found(detect, {"package.json": package, "bun.lock": "", "index.ts": "", "serve.ts": ""}).start == start


def test_it_serves_what_is_built_where_the_start_script_is_for_development() -> None:
    scripts = '{"start": "bun run dev", "dev": "bunx --bun vite", "build": "vite build"}'
    package = f'{{"scripts": {scripts}, "devDependencies": {{"vite": "6"}}}}'
    assert found(detect, {"package.json": package, "bun.lock": ""}).static_dir == "dist"


def test_it_installs_what_is_for_developers_where_the_install_runs_it() -> None:
    package = '{"scripts": {"postinstall": "prisma generate"}, "devDependencies": {"prisma": "6"}, "main": "index.ts"}'
    assert (
        found(detect, {"package.json": package, "bun.lock": "", "index.ts": ""}).install
        == "bun install --frozen-lockfile"
    )


@pytest.mark.parametrize(
    ("texts", "version"),
    [
        ({"package.json": '{"packageManager": "bun@1.1.38+sha.1"}'}, "1.1.38"),
        ({"package.json": "{}", "bun.lockb": "", ".bun-version": "1.2.0"}, "1.2.0"),
        ({"package.json": "{}", "bun.lockb": "", "mise.toml": '[tools]\nbun = "1.3"'}, "1.3"),
    ],
)
def test_it_asks_for_a_version(texts: dict[str, str], version: str) -> None:
    assert found(detect, texts).version == version


def test_it_installs_after_the_copy_what_needs_the_source() -> None:
    texts = {"package.json": '{"workspaces": ["a"], "scripts": {"postinstall": "x"}}', "bun.lock": ""}
    plan = found(detect, texts)
    assert (plan.install, plan.dependency_files) == ("bun install --frozen-lockfile --production", ())


def test_it_leaves_nodes_folders_alone() -> None:
    for texts in ({"package.json": "{}"}, {"package.json": "{}", "package-lock.json": "{}"}, {"bun.lock": ""}):
        assert detect(MemoryFiles(texts), BuildSettings()) is None
