"""The generated Dockerfile of every sample, compared whole. `python -m tests.workers.build.goldens` writes them anew."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.workers.build.plans import SAMPLES, sample_files
from workers.build.analyze import analyze
from workers.build.dockerfile import dockerfile_for
from workers.build.job import BuildSettings

GOLDENS = Path(__file__).with_name("goldens")
OTHERS = {"dockerfile", "nothing-recognisable"}


def samples() -> Iterator[str]:
    return (folder.name for folder in sorted(SAMPLES.iterdir()) if folder.name not in OTHERS)


def golden(name: str) -> Path:
    return GOLDENS / f"{name}.Dockerfile"


def generated(name: str) -> str:
    plan = analyze(sample_files(name), BuildSettings())
    return dockerfile_for(plan, "build:1", "scope", run_base="run:1", static_base="static:1")


if __name__ == "__main__":
    GOLDENS.mkdir(exist_ok=True)
    for name in samples():
        golden(name).write_text(generated(name))
