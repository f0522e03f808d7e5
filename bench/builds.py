"""Builds of samples beside `docker build` of a Dockerfile that a person wrote for the same app: seconds and megabytes.

Cold: a new app on a machine that has built others; its packages are fetched. Warm: after a change of one line. Not in
charge of fetching, starting and switching, which `bench.deploys` measures too.
"""

from __future__ import annotations

import secrets
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.hand_built import DOCKERFILES, HandBuilt
from bench.stage import Stage
from bench.table import Figure, more, seconds, spread
from tests.builds.test_every_sample import ALL, SAMPLES, Sample
from tests.workers.build.builds import Builder, builder
from workers.build.analyze import analyze
from workers.build.files import FolderFiles
from workers.build.job import BuildSettings
from workers.docker import Engine

AIM = 1.1
TAKEN = [sample for sample in ALL if (DOCKERFILES / f"{sample.name}.Dockerfile").exists()]
SLOW = ("java-maven", "next-standalone")  # Half a minute each time: taken when they are asked for.
SLOW_ROUNDS = 2


@dataclass(frozen=True)
class Built:
    seconds: list[float]
    bytes: int


def builds(stage: Stage) -> list[Figure]:
    quick = [sample for sample in TAKEN if sample.name not in SLOW]
    return [figure for sample in quick for figure in _of(stage, sample, stage.rounds.warm_builds)]


def slow_builds(stage: Stage) -> list[Figure]:
    return [figure for sample in TAKEN if sample.name in SLOW for figure in _of(stage, sample, SLOW_ROUNDS)]


def _of(stage: Stage, sample: Sample, warm_rounds: int) -> list[Figure]:
    with builder(stage.folder / f"builds-{sample.name}") as ours:
        shutil.copytree(SAMPLES / sample.name, ours.app)
        (folder := ours.top / "hand").mkdir()
        hand = HandBuilt(sample.name, ours.app, folder, {"slipway.instance": ours.instance})
        cold = _in_turns(ours, hand, sample, stage.rounds.cold_builds, is_new=True)
        warm = _in_turns(ours, hand, sample, warm_rounds, is_new=False)
    return [figure("cold", sample.name, *cold), figure("warm", sample.name, *warm)]


def _in_turns(ours: Builder, hand: HandBuilt, sample: Sample, rounds: int, *, is_new: bool) -> tuple[Built, Built]:
    """Each one begins every other time, so that neither always finds the machine as the other left it."""
    ways: list[Callable[[], str]] = [
        lambda: _with_slipway(ours, is_new=is_new),
        lambda: hand.build(is_new=is_new),
    ]
    took: list[list[float]] = [[], []]
    images = ["", ""]
    for number in range(rounds):
        _change(ours.app, sample, secrets.token_hex(4))  # A layer of an earlier run would have old times, for cargo.
        for way in (0, 1) if number % 2 else (1, 0):
            began = time.perf_counter()
            images[way] = ways[way]()
            took[way].append(time.perf_counter() - began)
    engine = Engine(ours.instance)
    sizes = [int(engine.image(image)["Size"]) for image in images]
    return Built(took[0], sizes[0]), Built(took[1], sizes[1])


def _with_slipway(ours: Builder, *, is_new: bool) -> str:
    if is_new:
        # Where the name of its caches stands, which steps hold too.
        shutil.rmtree(ours.top / "cache", ignore_errors=True)
    return ours.build(analyze(FolderFiles(ours.app), BuildSettings())).digest


def _change(app: Path, sample: Sample, text: str) -> None:
    """The one line that tells what the app answers."""
    for path in (SAMPLES / sample.name).rglob("*"):
        if path.is_file() and sample.change[0] in (told := path.read_text()):
            (app / path.relative_to(SAMPLES / sample.name)).write_text(
                told.replace(sample.change[0], f"{sample.change[0]} {text}")
            )


def figure(kind: str, name: str, ours: Built, hand: Built) -> Figure:
    value, against = median(ours.seconds), median(hand.seconds)
    is_warm = kind == "warm"
    return Figure(
        f"{kind} build, {name}",
        f"{seconds(value)}, {ours.bytes / 1e6:.0f} MB",
        f"median of {len(ours.seconds)} ({spread(ours.seconds)}), in turns with `docker build` ({spread(hand.seconds)})",
        f"{seconds(against)}, {hand.bytes / 1e6:.0f} MB by hand",
        f"{more(value, against)}; size x {ours.bytes / hand.bytes:.2f}",
        f"x {AIM:.2f}" if is_warm else "",
        value <= AIM * against if is_warm else None,
    )
