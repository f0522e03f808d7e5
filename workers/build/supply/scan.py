"""Known flaws of what is in an image, by Trivy. Pure but for `search`. Not in charge of what they lead to.

The format: https://trivy.dev/latest/docs/configuration/reporting/#json.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from workers.build.job import Report
from workers.build.supply.tool import SECONDS, ToolFailed, read_output, run_tool, tool_env
from workers.errors import PlatformError
from workers.file_lock import locked

TOOL = "trivy"
SEVERITIES = ("critical", "high", "medium", "low", "unknown")  # The worst first.
SHOWN = 50
DATABASE = re.compile(r"(vulnerability|Java) DB|DB error")


@dataclass(frozen=True)
class Finding:
    """A flaw of a package. `fixed` names the versions without it, "" when there is none yet."""

    id: str
    severity: str
    package: str
    version: str
    fixed: str
    title: str = ""


@dataclass(frozen=True)
class Flaws:
    """`counts` by severity, of all; `fixable` of those that a newer version mends. `findings`: the worst, at most 50."""

    counts: dict[str, int]
    fixable: dict[str, int]
    findings: tuple[Finding, ...]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"findings": [asdict(one) for one in self.findings]}


def scan_argv(program: str, image: str, cache: Path, output: Path) -> list[str]:
    """`image` is an id or a pinned reference of the engine."""
    told = [
        "--quiet",
        "--scanners=vuln",
        "--format=json",
        f"--timeout={SECONDS:g}s",
        f"--output={output}",
        f"--cache-dir={cache}",
    ]
    return [program, "image", "--image-src=docker", "--no-progress", *told, "--", image]


def read_flaws(document: bytes) -> Flaws:
    """PlatformError for what is no such report."""
    try:
        told = json.loads(document)
        results = told.get("Results") or []
        if "SchemaVersion" not in told:
            raise KeyError("SchemaVersion")
        found = {_finding(one) for result in results for one in result.get("Vulnerabilities") or []}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise PlatformError(
            "scan:platform:not-understood", f"What {TOOL} wrote is not understood: {error!r}.", retry=False
        ) from error
    ordered = sorted(found, key=lambda one: (SEVERITIES.index(one.severity), not one.fixed, one.package, one.id))
    return Flaws(_counted(found), _counted(one for one in found if one.fixed), tuple(ordered[:SHOWN]))


def _finding(told: Mapping[str, Any]) -> Finding:
    """The same flaw of the same package stands in a report once for each place where it was found."""
    severity = str(told.get("Severity", "")).lower()
    return Finding(
        id=str(told["VulnerabilityID"]),
        severity=severity if severity in SEVERITIES else "unknown",
        package=str(told["PkgName"]),
        version=str(told.get("InstalledVersion", "")),
        fixed=str(told.get("FixedVersion", "")),
        title=str(told.get("Title", ""))[:200],
    )


def _counted(found: Iterable[Finding]) -> dict[str, int]:
    counts = dict.fromkeys(SEVERITIES, 0)
    for one in found:
        counts[one.severity] += 1
    return counts


def at_least(counts: Mapping[str, int], severity: str) -> dict[str, int]:
    """Those of a severity and worse, without the zeros."""
    worse = SEVERITIES[: SEVERITIES.index(severity) + 1]
    return {name: counts[name] for name in worse if counts.get(name)}


def words(counts: Mapping[str, int]) -> str:
    """`2 critical and 5 high`; "" for none."""
    told = [f"{count} {name}" for name, count in counts.items() if count]
    return " and ".join(filter(None, (", ".join(told[:-1]), *told[-1:])))


def explained(error: ToolFailed) -> PlatformError:
    """It has two databases, both downloaded: one for Java alone, which it asks for when an image has a jar."""
    named = next(filter(None, map(DATABASE.search, error.said)), None)
    if named is None:
        return error
    setting = "TRIVY_JAVA_DB_REPOSITORY" if named[1] == "Java" else "TRIVY_DB_REPOSITORY"
    return PlatformError(
        "scan:platform:no-database",
        f"Trivy has no database of known flaws{' of Java' if named[1] == 'Java' else ''}: {error.said[-1][-200:]}.",
        hint=f"An operator lets this machine reach it, or names a mirror by {setting}.",
    )


def search(program: str, image: str, cache: Path, folder: Path, report: Report) -> Flaws:
    """`cache` keeps Trivy's database, which it brings up to date by itself; `folder` is for this run alone."""
    folder.mkdir(parents=True, exist_ok=True)
    cache.mkdir(parents=True, exist_ok=True)
    output = folder / "scan.json"
    with locked(cache / "slipway.lock", report.check):  # Trivy lets one process at a time into its cache.
        env = tool_env(os.environ, TOOL, cache, folder)
        try:
            run_tool(scan_argv(program, image, cache, output), env, folder, report)
        except ToolFailed as error:
            raise explained(error) from error
    return read_flaws(read_output(output, TOOL))
