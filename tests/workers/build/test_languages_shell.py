from __future__ import annotations

import pytest

from tests.workers.build.plans import found, refusal
from workers.build.analyze import analyze
from workers.build.aptfile import read_aptfile
from workers.build.files import MemoryFiles
from workers.build.job import BuildSettings
from workers.build.languages.shell import detect
from workers.build.plan import Plan


def test_it_plans_a_script_whole() -> None:
    assert found(detect, {"start.sh": "#!/usr/bin/env bash\necho"}) == Plan(
        language="shell",
        start="bash start.sh",
        reasons=(
            "language: a shell script, because start.sh is there",
            "start command: bash start.sh, as its first line says",
        ),
    )


@pytest.mark.parametrize(("text", "start"), [("echo", "sh start.sh"), ("#!/bin/dash -e\n", "dash start.sh")])
def test_it_takes_the_shell_that_is_named(text: str, start: str) -> None:
    assert found(detect, {"start.sh": text}).start == start


def test_it_starts_what_a_procfile_says() -> None:
    plan = analyze(MemoryFiles({"Procfile": "web: ./serve $PORT\n", "Aptfile": "tini\n"}), BuildSettings())
    assert (plan.language, plan.start, plan.system_packages) == ("shell", "./serve $PORT", ("tini",))


def test_it_leaves_other_folders_alone() -> None:
    assert detect(MemoryFiles({"build.sh": ""}), BuildSettings()) is None


def test_it_reads_an_aptfile() -> None:
    text = "# tools\nlibvips42 imagemagick=8:6.9.11-1~x\nlibvips42\n\n"
    assert read_aptfile(MemoryFiles({"Aptfile": text})) == ("libvips42", "imagemagick=8:6.9.11-1~x")


@pytest.mark.parametrize("line", ["https://example.com/a.deb", ":repo:deb http://x", "-o=x", "a;id", "$(id)", "A"])
def test_it_names_the_line_of_a_wrong_aptfile(line: str) -> None:
    error = refusal(lambda files, settings: read_aptfile(files), {"Aptfile": f"busybox\n{line}\n"})
    assert (error.code, error.message[:6]) == ("build:user:invalid-aptfile", "Line 2")


def test_it_bounds_an_aptfile() -> None:
    names = "\n".join(f"name{number}" for number in range(101))
    assert (
        refusal(lambda files, settings: read_aptfile(files), {"Aptfile": names}).code == "build:user:too-many-packages"
    )
