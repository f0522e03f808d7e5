"""What tests of languages share: a folder told as texts, and what is found in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from workers.build.files import FolderFiles, MemoryFiles
from workers.build.job import BuildSettings
from workers.build.plan import Plan
from workers.errors import UserError

SAMPLES = Path(__file__).parents[2] / "samples"
# Samples whose service is a folder of them.
ROOTS = dict.fromkeys(("bun-workspace", "node-nx", "node-turbo", "node-workspaces", "node-yarn-classic"), "apps/web")
ROOTS["nx-projects"] = "apps/api"
Detect = Callable[..., Plan | None]


def found(detect: Detect, texts: dict[str, str]) -> Plan:
    plan = detect(MemoryFiles(texts), BuildSettings())
    assert plan is not None
    return plan


def sample_files(name: str) -> FolderFiles:
    """The folder of a sample that is deployed."""
    return FolderFiles(SAMPLES / name / ROOTS.get(name, ""), SAMPLES / name)


def found_in(detect: Detect, sample: str) -> Plan:
    plan = detect(sample_files(sample), BuildSettings())
    assert plan is not None
    return plan


def refusal(detect: Detect, texts: dict[str, str]) -> UserError:
    with pytest.raises(UserError) as caught:
        detect(MemoryFiles(texts), BuildSettings())
    return caught.value
