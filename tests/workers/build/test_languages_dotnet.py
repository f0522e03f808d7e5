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


def test_it_plans_a_web_project_whole() -> None:
    assert found_in(detect, "dotnet-web") == Plan(
        language="dotnet",
        framework="ASP.NET Core",
        version="8.0",
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
    assert (build_base(plan), run_base(plan, "8.0.404")) == (("dotnet", "8.0"), ("aspnet", "8.0.404"))


@pytest.mark.parametrize(
    ("texts", "version"),
    [
        ({"a.csproj": WEB, "global.json": '{"sdk": {"version": "9.0.100"}}'}, "9.0"),
        ({"a.csproj": WEB, ".tool-versions": "dotnet 9.0.1"}, "9.0"),
        ({"a.csproj": WEB}, "8.0"),
    ],
)
def test_it_asks_for_a_version(texts: dict[str, str], version: str) -> None:
    assert found(detect, texts).version == version


def test_it_takes_the_web_project_of_several() -> None:
    plan = found(detect, {"lib/lib.csproj": "<Project/>", "api/api.csproj": WEB, "test/test.csproj": "<Project/>"})
    assert plan.start.endswith("dotnet api.dll")
    assert plan.dependency_files == ("api/api.csproj", "lib/lib.csproj", "test/test.csproj")


def test_it_starts_no_library() -> None:
    assert found(detect, {"lib.csproj": "<Project/>"}).start == ""


def test_it_says_that_global_json_is_broken() -> None:
    assert refusal(detect, {"a.csproj": WEB, "global.json": "["}).code == "build:user:invalid-file"


def test_it_leaves_other_folders_alone() -> None:
    assert detect(MemoryFiles({"Program.cs": ""}), BuildSettings()) is None
