from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tests.workers.build.plans import found, found_in, refusal
from workers.build.files import MemoryFiles
from workers.build.job import BuildSettings
from workers.build.languages.rust import detect, process_line
from workers.build.plan import Plan
from workers.build.recipes.rust import BEGAN, KEEP, MADE, recipe

PACKAGE = '[package]\nname = "shop"\n'


def test_it_plans_a_workspace_whole() -> None:
    assert found_in(detect, "rust-workspace") == Plan(
        language="rust",
        version=">=1.70",
        package_manager="cargo",
        build="cargo build --release --bins",
        start="bin/web",
        reasons=(
            "language: Rust, because Cargo.toml is there",
            "version: Rust >=1.70, because Cargo.toml asks for it",
            "install: as part of the build; what is downloaded and compiled is kept for the next one",
            "build command: makes bin/web, bin/worker",
            "start command: bin/web, because of 2 programs its name says that it serves",
        ),
    )


@pytest.mark.parametrize(
    ("manifest", "sources", "start"),
    [
        (PACKAGE, ["src/main.rs"], "bin/shop"),
        (PACKAGE, ["src/main.rs", "src/bin/seed.rs"], "bin/shop"),
        (PACKAGE, ["src/bin/api/main.rs", "src/bin/seed.rs"], "bin/api"),
        (f'{PACKAGE}default-run = "seed"\n', ["src/main.rs", "src/bin/seed.rs"], "bin/seed"),
        (f'{PACKAGE}[[bin]]\nname = "front"\npath = "src/main.rs"\n', ["src/main.rs"], "bin/front"),
        (PACKAGE, ["src/bin/one.rs", "src/bin/two.rs"], ""),
        (f'{PACKAGE}[dependencies]\nrocket = "0.5"\n', ["src/main.rs"],
         "ROCKET_ADDRESS=0.0.0.0 ROCKET_PORT=$PORT bin/shop"),
    ],
)  # fmt: skip
def test_it_finds_the_program_that_serves(manifest: str, sources: list[str], start: str) -> None:
    assert found(detect, {"Cargo.toml": manifest, **dict.fromkeys(sources, "")}).start == start


@pytest.mark.parametrize(
    ("texts", "version"),
    [
        ({}, ""),
        ({"rust-toolchain": "1.82.0\n"}, "1.82.0"),
        ({"rust-toolchain": "stable\n"}, ""),
        ({"rust-toolchain.toml": '[toolchain]\nchannel = "nightly-2025-01-01"\n'}, "nightly-2025-01-01"),
        ({"rust-toolchain.toml": '[toolchain]\nchannel = "1.80-x86_64-unknown-linux-gnu"\n'}, "1.80"),
        ({".tool-versions": "rust 1.81\n"}, "1.81"),
    ],
)
def test_it_asks_for_a_version(texts: dict[str, str], version: str) -> None:
    assert found(detect, {"Cargo.toml": PACKAGE, "src/main.rs": "", **texts}).version == version


def test_it_builds_as_locked() -> None:
    plan = found(detect, {"Cargo.toml": PACKAGE, "Cargo.lock": "", "src/main.rs": ""})
    assert plan.build == "cargo build --release --locked --bins"


ROOT = f'{PACKAGE}[workspace]\nmembers = ["server", "tool"]\n'
MEMBERS = {
    name: text
    for member in ("server", "tool")
    for name, text in ((f"{member}/Cargo.toml", f'[package]\nname = "{member}"\n'), (f"{member}/src/main.rs", ""))
}


@pytest.mark.parametrize(
    ("texts", "options", "made"),
    [
        ({"Cargo.toml": ROOT, "src/main.rs": "", **MEMBERS}, " --workspace", "bin/shop, bin/server, bin/tool"),
        ({"Cargo.toml": ROOT, "src/lib.rs": "", **MEMBERS, "Cargo.lock": ""}, " --locked --workspace",
         "bin/server, bin/tool"),
        ({"Cargo.toml": f'{ROOT}default-members = [".", "server/"]\n', "src/main.rs": "", **MEMBERS}, "",
         "bin/shop, bin/server"),
        ({"Cargo.toml": ROOT.replace("[package]", '[package]\ndefault-run = "shop"'), "src/main.rs": "", **MEMBERS}, "",
         "bin/shop"),
        ({"Cargo.toml": ROOT.replace("[package]", '[package]\ndefault-run = "shop"'), "src/main.rs": "", **MEMBERS,
          "Procfile": "job: bin/tool"}, " --workspace", "bin/shop, bin/server, bin/tool"),
        ({"Cargo.toml": '[workspace]\nmembers = ["*"]\n', **MEMBERS}, "", "bin/server, bin/tool"),
    ],
)  # fmt: skip
def test_it_builds_the_whole_workspace_where_a_member_serves(texts: dict[str, str], options: str, made: str) -> None:
    plan = found(detect, texts)
    assert plan.build == f"cargo build --release{options} --bins"
    assert f"build command: makes {made}" in plan.reasons


@pytest.mark.parametrize(
    ("line", "here"),
    [
        ("./target/release/hello", "./bin/hello"),
        ("ROCKET_PORT=$PORT target/release/hello --all", "ROCKET_PORT=$PORT bin/hello --all"),
        ("/app/target/release/migrate && exec ./target/release/hello", "/app/bin/migrate && exec ./bin/hello"),
        ("sh -c './target/release/hello'", "sh -c './bin/hello'"),
        ("bin/hello", "bin/hello"),
        ("hello --files target/release/files/a other/target/release/b", 
         "hello --files target/release/files/a other/target/release/b"),
    ],
)  # fmt: skip
def test_it_starts_programs_where_they_are(line: str, here: str) -> None:
    changed = "" if line == here else "with bin/, where the programs are, in the place of target/release/"
    assert process_line(line) == (here, changed)


def test_it_lets_python_have_the_library_it_builds() -> None:
    texts = {"Cargo.toml": PACKAGE, "pyproject.toml": "", "src/lib.rs": ""}
    assert detect(MemoryFiles(texts), BuildSettings()) is None


def test_it_takes_what_a_build_made_or_changed_and_nothing_else(tmp_path: Path) -> None:
    app, made = tmp_path / "app", tmp_path / "made"
    (app / "src").mkdir(parents=True)
    made.mkdir()
    for name in ("src/main.rs", "src/page.css"):
        (app / name).write_text("old")
    (app / "new link").symlink_to("missing")
    line = KEEP.replace(MADE, str(made)).replace(BEGAN, str(tmp_path / "began"))
    build = "sleep 0.05; mkdir -p bin uploads; echo 1 > 'bin/a b'; touch -d 2001-01-01 bin/old; echo new > src/page.css"
    subprocess.run(["/bin/sh", "-ec", f"touch ../began; {build}; {line}"], cwd=app, check=True)
    found = sorted(str(path.relative_to(made)) for path in made.rglob("*"))
    assert found == ["bin", "bin/a b", "bin/old", "src", "src/page.css", "uploads"]


def test_it_takes_all_when_a_person_says_how_to_install() -> None:
    plan = found(detect, {"Cargo.toml": PACKAGE, "src/main.rs": ""})
    lines = [recipe(each, "rust:1", "run:1", "s")[-1] for each in (plan, replace(plan, install="make deps"))]
    assert [line.partition("[")[2] for line in lines] == ['"/made/app/", "/app/"]', '"/app/", "/app/"]']


def test_it_says_that_a_manifest_is_broken() -> None:
    assert refusal(detect, {"Cargo.toml": "[package"}).code == "build:user:invalid-file"
