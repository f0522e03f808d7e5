""".NET's images need a registry, so that its Dockerfile is compared and not run."""

from __future__ import annotations

import pytest

from tests.workers.build.plans import found, found_in, refusal
from workers.build.bases import build_base, run_base
from workers.build.files import MemoryFiles
from workers.build.job import BuildSettings
from workers.build.languages.dotnet import detect
from workers.build.plan import Plan

WEB = '<Project Sdk="Microsoft.NET.Sdk.Web"><TargetFramework>net8.0</TargetFramework></Project>'
BARE = '<Project Sdk="Microsoft.NET.Sdk.Web"></Project>'


def props(version: str) -> str:
    return f"<Project><PropertyGroup><TargetFramework>net{version}</TargetFramework></PropertyGroup></Project>"


def test_it_plans_a_web_project_whole() -> None:
    assert found_in(detect, "dotnet-web") == Plan(
        language="dotnet",
        framework="ASP.NET Core",
        version="8.0",
        run_version="8.0",
        package_manager="nuget",
        install="dotnet restore Shop/Shop.csproj",
        dependency_files=("Shop/Shop.csproj",),
        build="dotnet publish Shop/Shop.csproj --configuration Release --no-restore --output /app/out",
        start="ASPNETCORE_URLS=http://0.0.0.0:$PORT dotnet Shop.dll",
        reasons=(
            "language: .NET, because Shop/Shop.csproj is there",
            "version: .NET 8.0, because Shop/Shop.csproj asks for it",
            "framework: ASP.NET Core, because Shop/Shop.csproj uses its SDK",
            "start command: Shop.dll of Shop/Shop.csproj, because it is a web project",
        ),
    )


def test_it_is_built_on_the_sdk_and_run_on_the_runtime() -> None:
    plan = found_in(detect, "dotnet-web")
    assert (build_base(plan), run_base(plan, "8.0.404")) == (("dotnet", "8.0"), ("aspnet", "8.0"))


def test_it_runs_on_what_the_project_is_made_for_whatever_builds_it() -> None:
    plan = found(detect, {"a.csproj": WEB, "global.json": '{"sdk": {"version": "9.0.100"}}'})
    assert (build_base(plan), run_base(plan, "9.0.100")) == (("dotnet", "9.0"), ("aspnet", "8.0"))
    assert "runtime: .NET 8.0, because a.csproj is made for it" in plan.reasons


def test_it_runs_on_what_built_it_where_nothing_says_another() -> None:
    plan = found(detect, {"a.csproj": BARE})
    assert (build_base(plan), run_base(plan, "8.0.404")) == (("dotnet", ""), ("aspnet", "8.0.404"))


@pytest.mark.parametrize(
    ("texts", "version"),
    [
        ({"a.csproj": WEB, "global.json": '{"sdk": {"version": "9.0.100"}}'}, "9.0"),
        ({"a.csproj": WEB, ".tool-versions": "dotnet 9.0.1"}, "9.0"),
        ({"a.csproj": WEB}, "8.0"),
        ({"a.csproj": WEB, "Directory.Build.props": props("9.0")}, "8.0"),
        ({"a.csproj": BARE, "Directory.Build.props": props("9.0")}, "9.0"),
        ({"src/a/a.csproj": BARE, "Directory.Build.props": props("9.0")}, "9.0"),
        ({"src/a/a.csproj": BARE, "src/Directory.Build.props": props("10.0"), "Directory.Build.props": props("9.0")},
         "10.0"),
        ({"src/a/a.csproj": BARE, "test/Directory.Build.props": props("9.0")}, ""),
    ],
)  # fmt: skip
def test_it_asks_for_a_version(texts: dict[str, str], version: str) -> None:
    assert found(detect, texts).version == version


def test_it_takes_the_web_project_of_several() -> None:
    plan = found(detect, {"lib/lib.csproj": "<Project/>", "api/api.csproj": WEB, "test/test.csproj": "<Project/>"})
    assert plan.start.endswith("dotnet api.dll")
    assert plan.dependency_files == ("api/api.csproj", "lib/lib.csproj", "test/test.csproj")


def test_it_restores_with_what_folders_say_of_their_projects() -> None:
    texts = {"src/a/a.csproj": BARE, "src/Directory.Build.props": props("9.0"), "Directory.Packages.props": ""}
    told = found(detect, texts).dependency_files
    assert told == ("Directory.Packages.props", "src/Directory.Build.props", "src/a/a.csproj")


def test_it_starts_no_library() -> None:
    assert found(detect, {"lib.csproj": "<Project/>"}).start == ""


def test_it_says_that_global_json_is_broken() -> None:
    assert refusal(detect, {"a.csproj": WEB, "global.json": "["}).code == "build:user:invalid-file"


def test_it_leaves_other_folders_alone() -> None:
    assert detect(MemoryFiles({"Program.cs": ""}), BuildSettings()) is None
