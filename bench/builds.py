"""Builds of samples beside `docker build` of a Dockerfile that a person wrote for the same app: seconds and megabytes.

Cold: a new app on a machine that has built others; its packages are fetched. Warm: after a change of one line. Not in
charge of fetching, starting and switching, which `bench.deploys` measures too, nor of the page of all samples
(`bench.every_build`).
"""

from __future__ import annotations

import secrets
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.answers import expect
from bench.hand_built import HandBuilt
from bench.stage import Stage
from bench.table import Figure, more, seconds, spread
from tests.builds.test_every_sample import ALL, SAMPLES, Sample
from tests.workers.build.builds import Builder, builder
from workers.build.analyze import analyze
from workers.build.files import FolderFiles
from workers.build.job import BuildSettings
from workers.build.plan import Plan
from workers.docker import Engine

AIM = 1.1
# One or two of each language that are quick.
TAKEN = (
    *("bun-server", "deno-plain", "elixir-mix", "go-plain", "node-npm", "node-vite-static", "php-plain"),
    *("django-pip", "flask-pip", "ruby-plain", "rust-plain", "shell-start", "static-plain"),
)
# Warm rounds by the seconds of the longest cold build: what takes a moment is told apart from noise by many.
QUICK_BUILD = (5.0, 9)
SLOW_BUILD = (20.0, 2)


@dataclass(frozen=True)
class Built:
    seconds: list[float]
    bytes: int


@dataclass(frozen=True)
class Compared:
    """Each is Slipway's and the one by hand."""

    cold: tuple[Built, Built]
    warm: tuple[Built, Built]


def builds(stage: Stage) -> list[Figure]:
    return [figure for sample in ALL if sample.name in TAKEN for figure in _figures(stage, sample)]


def _figures(stage: Stage, sample: Sample) -> list[Figure]:
    found = compared(stage.folder, sample, stage.rounds.cold_builds, stage.rounds.warm_builds)
    return [figure("cold", sample.name, *found.cold), figure("warm", sample.name, *found.warm)]


def compared(folder: Path, sample: Sample, cold_rounds: int, warm_rounds: int) -> Compared:
    """Both ways, with images that answer in the end. More warm rounds of a quick build, fewer of a slow one."""
    with builder(folder / f"builds-{sample.name}") as ours:
        shutil.copytree(SAMPLES / sample.name, ours.app)
        (hands := ours.top / "hand").mkdir()
        labels = {"slipway.instance": ours.instance}
        hand = HandBuilt(sample.name, _plan(ours, sample), ours.app, hands, labels)
        cold = _in_turns(ours, hand, sample, cold_rounds, is_new=True)
        rounds = rounds_of(max(cold[0].seconds + cold[1].seconds), warm_rounds)
        return Compared(cold, _in_turns(ours, hand, sample, rounds, is_new=False))


def rounds_of(longest: float, usual: int) -> int:
    if longest < QUICK_BUILD[0]:
        return max(usual, QUICK_BUILD[1])
    return min(usual, SLOW_BUILD[1]) if longest > SLOW_BUILD[0] else usual


def _in_turns(ours: Builder, hand: HandBuilt, sample: Sample, rounds: int, *, is_new: bool) -> tuple[Built, Built]:
    """Each one begins every other time, so that neither always finds the machine as the other left it."""
    ways: list[Callable[[], str]] = [
        lambda: _with_slipway(ours, sample, is_new=is_new),
        lambda: hand.build(is_new=is_new),
    ]
    took: list[list[float]] = [[], []]
    images, text = ["", ""], ""
    for number in range(rounds):
        text = _change(ours.app, sample, secrets.token_hex(4))  # A layer of an earlier run has old times, for cargo.
        for way in (0, 1) if number % 2 else (1, 0):
            began = time.perf_counter()
            images[way] = ways[way]()
            took[way].append(time.perf_counter() - began)
    for image in () if is_new else images:
        expect(image, sample.path, text, ours.instance)
    engine = Engine(ours.instance)
    sizes = [int(engine.image(image)["Size"]) for image in images]
    return Built(took[0], sizes[0]), Built(took[1], sizes[1])


def _with_slipway(ours: Builder, sample: Sample, *, is_new: bool) -> str:
    if is_new:
        # Where the name of its caches stands, which steps hold too.
        shutil.rmtree(ours.top / "cache", ignore_errors=True)
    return ours.build(_plan(ours, sample)).digest


def _plan(ours: Builder, sample: Sample) -> Plan:
    return analyze(FolderFiles(ours.app / sample.root, ours.app), BuildSettings())


def _change(app: Path, sample: Sample, text: str) -> str:
    """The one line that tells what the app answers; gives what it answers then."""
    old = sample.change[0]
    new = f"{old[:-1]}{text}{old[-1]}"  # Within a quote or a word.
    for path in (SAMPLES / sample.name).rglob("*"):
        if path.is_file() and old in (told := path.read_text()):
            (app / path.relative_to(SAMPLES / sample.name)).write_text(told.replace(old, new))
    return sample.text.replace(old, new)


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
