"""What is in an image, as a CycloneDX document, by syft. Pure but for `list_packages`.

The format: https://cyclonedx.org/docs/1.6/json/.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

from workers.build.job import Report
from workers.build.supply.tool import read_output, run_tool, tool_env
from workers.errors import PlatformError

TOOL = "syft"
FORMAT = "CycloneDX"


@dataclass(frozen=True)
class Sbom:
    """`document` is the JSON as the tool wrote it; `tool` its name and version."""

    packages: int
    tool: str
    document: bytes = field(repr=False)


def sbom_argv(program: str, image: str, output: Path) -> list[str]:
    """`image` is an id or a pinned reference of the engine."""
    return [program, "scan", "--quiet", f"--output=cyclonedx-json={output}", "--", f"docker:{image}"]


def read_sbom(document: bytes) -> Sbom:
    """PlatformError for what is no such document. The image's own files are no packages."""
    try:
        told = json.loads(document)
        if told["bomFormat"] != FORMAT:
            raise KeyError("bomFormat")
        tools = told["metadata"]["tools"]["components"]
        packages = sum(1 for one in told.get("components", []) if one["type"] in ("library", "application"))
        return Sbom(packages, " ".join((tools[0]["name"], tools[0]["version"])), document)
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise PlatformError(
            "sbom:platform:not-understood", f"What {TOOL} wrote is not understood: {error!r}.", retry=False
        ) from error


def list_packages(program: str, image: str, cache: Path, folder: Path, report: Report) -> Sbom:
    """`folder` is for this run alone."""
    folder.mkdir(parents=True, exist_ok=True)
    cache.mkdir(parents=True, exist_ok=True)
    env = tool_env(os.environ, TOOL, cache, folder) | {"SYFT_CHECK_FOR_APP_UPDATE": "false"}
    output = folder / "sbom.json"
    run_tool(sbom_argv(program, image, output), env, folder, report)
    return read_sbom(read_output(output, TOOL))
