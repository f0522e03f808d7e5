"""docs/builds.md: what was really built and run, written by the run itself. Text in, text out."""

from __future__ import annotations

import re
from dataclasses import dataclass

HEAD = """\
# What is built and run

Written by `make test-builds`: every sample of `tests/samples/` is deployed through a Slipway of its own from a git
repository, must answer 200 with its own words, and again after a one-line change. Seconds are those of the step *build*:
cold with nothing of the service in the cache (base images are there), warm after the change. Megabytes are the whole
image, of which the base image is shared by all services on it. The machine: 2 cores, often busy with other things.

| language | framework | sample | base image | cold s | warm s | MB |
|---|---|---|---|---|---|---|
"""
TAIL = """
Where an image registry can be reached, base images are pulled; here they were made from the distribution's packages, and
those of Node, Bun and Deno from npm's. .NET's Dockerfile is only compared
(`tests/workers/build/test_languages_dotnet.py`): its images need a registry. Laravel and Rails are those of the
distribution, brought by an Aptfile; for Phoenix, whose packages come from Hex alone, a folder of the sample stands in.
"""
LINE = re.compile(r"^\| [^|]+ \| [^|]* \| (\S+) \| .*\|$", re.MULTILINE)


@dataclass(frozen=True)
class Row:
    language: str
    framework: str
    sample: str
    base: str
    cold_seconds: float
    warm_seconds: float
    megabytes: float

    def line(self) -> str:
        figures = f"{self.cold_seconds:.1f} | {self.warm_seconds:.1f} | {self.megabytes:.0f}"
        return f"| {self.language} | {self.framework} | {self.sample} | {self.base} | {figures} |"


def written(old: str, rows: list[Row]) -> str:
    """The whole page, sorted by language and sample."""
    lines = {match[1]: match[0] for match in LINE.finditer(old) if match[1] != "sample"}
    lines |= {row.sample: row.line() for row in rows}
    return HEAD + "\n".join(sorted(lines.values(), key=str.lower)) + "\n" + TAIL
