""".NET: the project of a web application, published on the SDK and run on ASP.NET's runtime."""

from __future__ import annotations

import json
import re
from pathlib import PurePosixPath

from workers.build.files import Files
from workers.build.job import BuildSettings
from workers.build.plan import Plan
from workers.build.versions import Asked, asked_version, version_reason
from workers.errors import UserError

PROJECTS = ("*.csproj", "*.fsproj", "*/*.csproj", "*/*.fsproj", "*/*/*.csproj", "*/*/*.fsproj")
SHARED = ("global.json", "nuget.config", "NuGet.Config")
PROPS = "Directory.Build.props"
# MSBuild takes those that are nearest above a project.
NESTED = tuple(f"{above}{name}" for above in ("", "*/", "*/*/") for name in (PROPS, "Directory.Packages.props"))
WEB = re.compile(r"Microsoft\.NET\.Sdk\.Web")
PROGRAM = re.compile(r"<OutputType>\s*Exe\s*</OutputType>|Microsoft\.NET\.Sdk\.Worker")
FRAMEWORK = re.compile(r"<TargetFrameworks?>\s*net(\d+\.\d+)")
ASSEMBLY = re.compile(r"<AssemblyName>\s*([\w.-]+)\s*</AssemblyName>")


def detect(files: Files, settings: BuildSettings) -> Plan | None:
    """A plan for a folder with a project of C# or F#; else None."""
    projects = files.glob(*PROJECTS)
    if not projects:
        return None
    texts = {name: files.text(name) for name in projects}
    web = next((name for name, text in texts.items() if WEB.search(text)), "")
    project = web or next((name for name, text in texts.items() if PROGRAM.search(text)), "")
    made_for = _made_for(files, project or projects[0])
    asked = _version(files, made_for)
    named = ASSEMBLY.search(texts.get(project, ""))
    assembly = named[1] if named else project.rpartition("/")[2].rpartition(".")[0]
    why = "it is a web project" if web else "it makes a program"
    return Plan(
        language="dotnet",
        framework="ASP.NET Core" if web else "",
        version=asked[0],
        run_version=made_for[0],
        package_manager="nuget",
        install=f"dotnet restore {project}" if project else "",
        dependency_files=(*(n for n in SHARED if files.exists(n)), *files.glob(*NESTED), *projects) if project else (),
        build=f"dotnet publish {project} --configuration Release --no-restore --output /app/out" if project else "",
        start=f"ASPNETCORE_URLS=http://0.0.0.0:$PORT dotnet {assembly}.dll" if project else "",
        reasons=tuple(
            filter(
                None,
                (
                    f"language: .NET, because {projects[0]} is there",
                    version_reason(".NET", asked),
                    f"runtime: .NET {made_for[0]}, because {made_for[1]} is made for it"
                    if made_for[0] not in ("", asked[0])
                    else "",
                    f"framework: ASP.NET Core, because {web} uses its SDK" if web else "",
                    f"start command: {assembly}.dll of {project}, because {why}" if project else "",
                ),
            )
        ),
    )


def _made_for(files: Files, project: str) -> Asked:
    """The framework that the program needs when it runs, whatever SDK builds it: as the project or its folders say."""
    above = (str(folder / PROPS) for folder in PurePosixPath(project).parents)
    for name in (project, *above):
        if found := FRAMEWORK.search(files.text(name)):
            return found[1], name
    return "", ""


def _version(files: Files, made_for: Asked) -> Asked:
    """global.json pins the SDK; without it, that of the framework that the project is made for."""
    asked = asked_version(files, ("dotnet", "dotnet-core", "dotnet-sdk"), ())
    if files.exists("global.json"):
        try:
            told = json.loads(files.text("global.json")).get("sdk", {}).get("version", "")
        except (ValueError, AttributeError, RecursionError) as error:
            raise UserError(
                "build:user:invalid-file", f"global.json is not valid: {error}.", hint="Correct it and push again."
            ) from error
        if told:
            return ".".join(str(told).split(".")[:2]), "global.json"
    if asked[0]:
        return ".".join(asked[0].split(".")[:2]), asked[1]
    return made_for
