"""Who is listened to: the service's settings, slipway.toml, RAILPACK_* and NIXPACKS_*, the Procfile, what was detected."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from workers.build.analyze import analyze
from workers.build.files import FolderFiles, MemoryFiles
from workers.build.foreign import refuse_secrets, wants_no_cache
from workers.build.job import BuildSettings
from workers.build.plan import Origin, Plan
from workers.errors import UserError

FLASK = {"requirements.txt": "flask\n", "app.py": "from flask import Flask\napp = Flask('x')\n"}
LAYERS: list[tuple[dict[str, str], dict[str, Any], str, Origin]] = [
    ({}, {}, "gunicorn", Origin("detected", "by gunicorn, which is added because no server is named")),
    ({"Procfile": "web: ./proc"}, {}, "./proc", Origin("procfile", "`web` in the Procfile")),
    ({}, {"NIXPACKS_START_CMD": "./nix"}, "./nix", Origin("variable", "set by NIXPACKS_START_CMD")),
    ({}, {"RAILPACK_START_CMD": "./rail"}, "./rail", Origin("variable", "set by RAILPACK_START_CMD")),
    ({"slipway.toml": "# ours\nstart_command = './ours'"}, {}, "./ours", Origin("file", "set in slipway.toml, line 2")),
]


def plan(texts: dict[str, str], variables: dict[str, str] | None = None, **settings: Any) -> Plan:
    return analyze(MemoryFiles(texts), BuildSettings(variables=variables or {}, **settings))


def refusal(texts: dict[str, str], variables: dict[str, str] | None = None) -> UserError:
    with pytest.raises(UserError) as caught:
        plan(texts, variables)
    return caught.value


def test_each_layer_wins_over_all_before_it() -> None:
    texts, variables = dict(FLASK), {}
    for files, told, start, origin in LAYERS:
        texts, variables = texts | files, variables | told
        found = plan(texts, variables)
        assert (found.start.partition(" ")[0], found.origins["start"]) == (start, origin)
        assert f"start command: {origin.detail}" in found.reasons
    found = plan(texts, variables, start_command="./mine")
    assert (found.start, found.origins["start"]) == ("./mine", Origin("service", "set in the service's settings"))


def test_it_takes_every_key_of_slipway_toml() -> None:
    text = """
        root_directory = "apps/web"
        language_version = "3.12"
        packages = ["ffmpeg", "libpq-dev"]
        install_command = "make deps"
        build_command = "make"
        start_command = "./serve"
        release_command = "./migrate"
        port = 3000
    """
    found = plan({"slipway.toml": text, **{f"apps/web/{name}": file for name, file in FLASK.items()}})
    assert (found.root_directory, found.version, found.system_packages) == ("apps/web", "3.12", ("ffmpeg", "libpq-dev"))
    assert (found.install, found.build, found.start) == ("make deps", "make", "./serve")
    assert (found.release, found.port) == ("./migrate", 3000)
    assert {origin.kind for origin in found.origins.values()} == {"file"}
    assert found.origins["port"] == Origin("file", "set in slipway.toml, line 9")
    assert "packages: ffmpeg, libpq-dev, set in slipway.toml, line 4" in found.reasons


def test_a_services_root_directory_wins_over_the_repositorys() -> None:
    found = plan({**FLASK, "slipway.toml": 'root_directory = "elsewhere"'}, root_directory="apps/web")
    assert (found.framework, found.root_directory) == ("Flask", "")


def test_it_finds_a_dockerfile_that_slipway_toml_names() -> None:
    found = plan({"a/web.Dockerfile": "FROM x", "slipway.toml": 'root_directory = "a"\ndockerfile = "web.Dockerfile"'})
    assert (found.language, found.dockerfile, found.root_directory) == ("dockerfile", "web.Dockerfile", "a")
    assert found.origins["dockerfile"] == Origin("file", "set in slipway.toml, line 2")


def test_a_stronger_folder_of_files_silences_a_weaker_start_command() -> None:
    texts = {"package.json": "{}", "slipway.toml": "start_command = 'node x'"}
    found = plan(texts, static_dir="out", build_command="make")
    assert (found.static_dir, "static_server" in found.start) == ("out", True)


def test_packages_of_all_add_up() -> None:
    variables = {"RAILPACK_PACKAGES": "jq@latest python@3.11", "NIXPACKS_APT_PKGS": "libpq-dev,ffmpeg"}
    found = plan({**FLASK, "Aptfile": "curl", "slipway.toml": "packages = ['ffmpeg']"}, variables, packages=("git",))
    assert found.system_packages == ("git", "ffmpeg", "jq", "libpq-dev", "curl")
    assert found.origins["system_packages"].detail == (
        "set in the service's settings and set in slipway.toml, line 1 and set by RAILPACK_PACKAGES and "
        "NIXPACKS_APT_PKGS and named by the Aptfile"
    )
    assert (found.version, found.origins["version"]) == ("3.11", Origin("variable", "set by RAILPACK_PACKAGES"))


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [("NIXPACKS_NO_CACHE", "1", True), ("RAILPACK_NO_CACHE", " True", True), ("NIXPACKS_NO_CACHE", "0", False)],
)
def test_it_builds_from_nothing_where_a_variable_wants_it(name: str, value: str, wanted: bool) -> None:
    assert wants_no_cache({"NO_CACHE": "1", name: value}) is wanted


@pytest.mark.parametrize("name", ["RAILPACK_NODE_VERSION", "NIXPACKS_NODE_VERSION"])
def test_it_takes_the_version_of_the_language_alone(name: str) -> None:
    texts = {"package.json": '{"scripts": {"start": "node x"}}', ".nvmrc": "18"}
    assert plan(texts, {name: "20", "RAILPACK_PYTHON_VERSION": "3"}).version == "20"
    assert plan(texts, {name: "20"}, language_version="22").version == "22"


def test_a_single_page_folder_is_served_as_one() -> None:
    found = plan({"package.json": '{"scripts": {"build": "x"}}'}, {"RAILPACK_SPA_OUTPUT_DIR": "dist"})
    assert (found.static_dir, found.start.endswith("--single-page")) == ("dist", True)


def test_it_says_what_a_dockerfile_has_no_use_for() -> None:
    found = plan({"Dockerfile": "FROM x"}, {"NIXPACKS_BUILD_CMD": "make", "NIXPACKS_PKGS": "jq"})
    assert (found.build, found.system_packages) == ("", ())
    assert "not used: build command set by NIXPACKS_BUILD_CMD: the Dockerfile builds" in found.reasons
    assert "not used: packages set by NIXPACKS_PKGS: the Dockerfile builds" in found.reasons


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("port = 80\nstrat_command = 'x'", "slipway.toml, line 2: there is no setting 'strat_command'."),
        ("[build]\ncommand = 'x'", "slipway.toml, line 1: there is no setting 'build'."),
        ("\n\nport = '80'", "slipway.toml, line 3: port is not as it must be. Input should be a valid integer."),
        ('start_command = "a\\nb"', "slipway.toml, line 1: start_command is not as it must be."),
        ("packages = ['--yes']", "slipway.toml, line 1: packages is not as it must be."),
    ],
)
def test_it_names_the_line_of_a_mistake_and_what_is_allowed(text: str, message: str) -> None:
    error = refusal({**FLASK, "slipway.toml": text})
    assert error.code == "build:user:invalid-slipway-toml"
    assert error.message.startswith(message)
    assert "start_command" in error.hint or "slipway.schema.json" in error.hint


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"NIXPACKS_START_CMD": "a\nb"}, "NIXPACKS_START_CMD is not one line"),
        ({"RAILPACK_PACKAGES": "jq@1.6"}, "RAILPACK_PACKAGES asks for 'jq@1.6'"),
        ({"NIXPACKS_PKGS": "python311Packages.gdal"}, "NIXPACKS_PKGS asks for"),
        ({"RAILPACK_PYTHON_VERSION": "$(id)"}, "RAILPACK_PYTHON_VERSION is no version."),
    ],
)
def test_it_refuses_what_a_variable_cannot_ask_for(variables: dict[str, str], said: str) -> None:
    error = refusal(FLASK, variables)
    assert (error.code, error.message.startswith(said)) == ("build:user:invalid-variable", True)


def test_a_secret_tells_no_command() -> None:
    refuse_secrets(["API_KEY", "NIXPACKS_NO_CACHE"])
    for name in ("RAILPACK_START_CMD", "NIXPACKS_PKGS", "RAILPACK_NODE_VERSION"):
        with pytest.raises(UserError, match="is a secret"):
            refuse_secrets([name])


def test_the_repositorys_folder_is_not_left(tmp_path: Path) -> None:
    (tmp_path / "slipway.toml").write_text('root_directory = "../up"')
    with pytest.raises(UserError, match="points outside"):
        analyze(FolderFiles(tmp_path), BuildSettings())
    assert refusal({"slipway.toml": 'root_directory = "none"'}).code == "build:user:root-directory-missing"
