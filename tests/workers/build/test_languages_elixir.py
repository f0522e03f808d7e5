from __future__ import annotations

import pytest

from tests.workers.build.plans import found, found_in
from workers.build.bases import run_base
from workers.build.files import MemoryFiles
from workers.build.job import BuildSettings
from workers.build.languages.elixir import detect
from workers.build.plan import Plan

MIX = 'def project, do: [app: :shop, elixir: "~> 1.15", deps: [{:phoenix, "~> 1.8"}, {:bandit, "~> 1.5"}]]\n'


def test_it_plans_phoenix_whole() -> None:
    texts = {
        "mix.exs": f"{MIX}# assets.deploy",
        "mix.lock": "",
        "config/config.exs": "",
        ".tool-versions": "elixir 1.18.1-otp-27",
    }
    assert found(detect, texts) == Plan(
        language="elixir",
        framework="Phoenix",
        version="1.18.1",
        package_manager="mix",
        install=(
            "mix do local.hex --force --if-missing, local.rebar --force --if-missing && "
            "mix do deps.get --only prod, deps.compile"
        ),
        dependency_files=("mix.exs", "mix.lock", "config/config.exs"),
        build="mix release --overwrite",
        start="_build/prod/rel/shop/bin/shop start",
        suggested_variables={"SECRET_KEY_BASE": "", "PHX_HOST": ""},
        reasons=(
            "language: Elixir, because mix.exs is there",
            "version: Elixir 1.18.1, because .tool-versions asks for it",
            "framework: Phoenix, because mix.exs depends on it",
            "package manager: Mix, because mix.exs is there",
            "build command: an OTP release",
            "start command: the release shop, because mix.exs names it",
        ),
    )


def test_it_needs_no_hex_for_folders() -> None:
    plan = found_in(detect, "elixir-phoenix")
    assert plan.install == "mix do deps.get --only prod, deps.compile"
    assert plan.build == "mix do compile, assets.deploy, release --overwrite"
    needed = ("mix.exs", "config/config.exs", "config/prod.exs", "vendor/phoenix")
    assert (plan.dependency_files, plan.version) == (needed, "~= 1.14")


@pytest.mark.parametrize("told", ['"../shared"', '"gone"', 'Path.join(__DIR__, "vendor")', '"vendor/on_another"'])
def test_it_copies_all_for_a_folder_that_it_cannot_tell(told: str) -> None:
    texts = {
        "mix.exs": f"def project, do: [app: :shop, deps: [{{:greeting, path: {told}}}]]",
        "vendor/on_another/mix.exs": 'def project, do: [deps: [{:another, path: "../another"}]]',
    }
    plan = found(detect, texts)
    assert plan.install and plan.dependency_files == ()


def test_it_takes_the_release_that_is_named() -> None:
    plan = found(detect, {"mix.exs": "def project, do: [app: :shop, releases: [web: []]]"})
    assert (plan.build, plan.start) == (
        "mix release --overwrite web",
        "_build/prod/rel/web/bin/web start",
    )


@pytest.mark.parametrize(("start", "family"), [("mix phx.server", ""), ("_build/prod/rel/a/bin/a start", "debian")])
def test_it_keeps_mix_for_those_who_start_by_it(start: str, family: str) -> None:
    assert run_base(Plan(language="elixir", start=start), "1.18.3") == (family, "")


def test_it_leaves_other_folders_alone() -> None:
    assert detect(MemoryFiles({"lib/a.ex": ""}), BuildSettings()) is None
