"""How long it takes to say what a large repository is: of its files in a folder, as after the fetch."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

from bench.stage import Stage
from bench.table import Figure, percentile, seconds, spread
from workers.build.analyze import analyze
from workers.build.files import FolderFiles
from workers.build.job import BuildSettings

PACKAGES, FOLDERS, FILES = 50, 20, 50
ROUNDS = 5
AIM = 1.0
ENDINGS = ("ts", "tsx", "json", "py", "md")


def analysis(stage: Stage) -> list[Figure]:
    folder = stage.folder / "large"
    made = _large(folder)
    took = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        plan = analyze(FolderFiles(folder), BuildSettings())
        took.append(time.perf_counter() - began)
    shutil.rmtree(folder)
    value = percentile(took, 50)
    return [
        Figure(
            f"analyze a repository of {made:,} files",
            seconds(value),
            f"median of {ROUNDS} ({spread(took)}): workspaces of {PACKAGES} packages, found to be {plan.framework}",
            aim=f"< {seconds(AIM)}",
            is_met=value < AIM,
        )
    ]


def _large(top: Path) -> int:
    """Workspaces of npm with a server at the top. How many files there are."""
    count = 0
    for package in range(PACKAGES):
        for folder in range(FOLDERS):
            here = top / f"packages/p{package}/src/d{folder}"
            here.mkdir(parents=True)
            for number in range(FILES):
                (here / f"f{number}.{ENDINGS[number % len(ENDINGS)]}").write_text("1\n")
                count += 1
        (top / f"packages/p{package}/package.json").write_text(json.dumps({"name": f"p{package}"}))
    told = {"private": True, "workspaces": ["packages/*"], "dependencies": {"express": "5"}}
    (top / "package.json").write_text(json.dumps(told | {"scripts": {"start": "node server.js"}}))
    (top / "package-lock.json").write_text('{"lockfileVersion": 3, "packages": {}}')
    (top / "server.js").write_text("1\n")
    return count + PACKAGES + 3
