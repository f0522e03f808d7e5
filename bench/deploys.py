"""Deploys and rollbacks of a Flask app, each beside the same by hand."""

from __future__ import annotations

import secrets
import shutil
from statistics import median
from typing import Any

from bench.by_hand import Steps
from bench.samples import flask_app
from bench.stage import Stage
from bench.table import Figure, in_steps, middle, more, seconds, spread

WARM_AIM, ROLLBACK_AIM = 0.5, 1.0
Run = tuple[float, dict[str, Any]]  # Seconds, and the deployment as the API tells it.


def warm(stage: Stage) -> list[Figure]:
    """A change of one line, everything cached: first one, then the other, over and over."""
    ours, by_hand = _take_turns(stage, stage.rounds.warm, is_cold=False)
    value, against = median(took for took, _ in ours), median(sum(steps.values()) for steps in by_hand)
    median_run = ours[middle([took for took, _ in ours])]
    return [
        Figure(
            "warm deploy, Flask, trigger to new answer",
            seconds(value),
            f"median of {len(ours)} ({spread([took for took, _ in ours])}), in turns with by hand: fetch, build, run, "
            "first 200, route",
            f"{seconds(against)} by hand",
            more(value, against),
            f"+ {seconds(WARM_AIM)}",
            value - against <= WARM_AIM,
        ),
        _where_it_goes("warm", median_run, by_hand),
    ]


def cold(stage: Stage) -> list[Figure]:
    """Nothing cached but the base image: a new clone, no layers, empty package caches."""
    ours, by_hand = _take_turns(stage, stage.rounds.cold, is_cold=True)
    value, against = median(took for took, _ in ours), median(sum(steps.values()) for steps in by_hand)
    return [
        Figure(
            "cold deploy, Flask, trigger to new answer",
            seconds(value),
            f"median of {len(ours)} ({spread([took for took, _ in ours])}): new clone, no layers, empty package caches",
            f"{seconds(against)} by hand",
            more(value, against),
        ),
        _where_it_goes("cold", ours[middle([took for took, _ in ours])], by_hand),
    ]


def rollback(stage: Stage) -> list[Figure]:
    """There and back between two releases; what is left when the container's own start is taken away."""
    app = stage.flask
    texts = {"one": "", "two": ""}
    for text in texts:
        _, row = app.deploy(flask_app(text), text)
        texts[text] = row["release_id"]
    image = stage.slipway.api("GET", f"/builds/{row['build_id']}")["digest"]
    runs, starts = [], []
    for number in range(stage.rounds.rollbacks):
        text = ("one", "two")[number % 2]
        runs.append(app.roll_back(texts[text], text))
        starts.append(stage.hand.own_start(image))
    value, own = median(took for took, _ in runs), median(starts)
    took, row = runs[middle([took for took, _ in runs])]
    return [
        Figure(
            "rollback, trigger to first old answer",
            seconds(value),
            f"median of {len(runs)} ({spread([took for took, _ in runs])}); by hand: docker start to first 200 of the "
            f"same image. {in_steps(steps_of(row), took)}",
            f"{seconds(own)} own start",
            more(value, own),
            f"< {seconds(ROLLBACK_AIM)} beyond",
            value - own < ROLLBACK_AIM,
        )
    ]


def _take_turns(stage: Stage, rounds: int, *, is_cold: bool) -> tuple[list[Run], list[Steps]]:
    """Each one begins every other time, so that neither always finds the machine as the other left it.

    Warm, the first round is dropped: it is the warm-up.
    """
    ours: list[Run] = []
    by_hand: list[Steps] = []
    for number in range(rounds if is_cold else rounds + 1):
        if number % 2:
            by_hand.append(_hand(stage, is_cold))
        ours.append(_slipway(stage, is_cold))
        if not number % 2:
            by_hand.append(_hand(stage, is_cold))
    return ours[-rounds:], by_hand[-rounds:]


def _slipway(stage: Stage, is_cold: bool) -> Run:
    text = f"slipway {secrets.token_hex(4)}"
    if is_cold:
        shutil.rmtree(stage.slipway.home / "cache" / stage.flask.id)
    return stage.flask.deploy(flask_app(text), text, no_cache=is_cold)


def _hand(stage: Stage, is_cold: bool) -> Steps:
    hand, text = stage.hand, f"by hand {secrets.token_hex(4)}"
    stage.flask.repository.commit(flask_app(text))
    return hand.deploy(text, is_cold=is_cold)


def steps_of(row: dict[str, Any]) -> Steps:
    """Seconds of each step up to the switch; what was skipped took none."""
    told = {step["name"]: step for step in row["steps"] if step["name"] != "drain" and step["status"] == "succeeded"}
    return {name: float(step["duration_seconds"]) for name, step in told.items()}


def _where_it_goes(name: str, run: Run, by_hand: list[Steps]) -> Figure:
    took, row = run
    hand = by_hand[middle([sum(steps.values()) for steps in by_hand])]
    told = in_steps(hand, sum(hand.values()))
    return Figure(
        f"... where the {name} time goes",
        in_steps(steps_of(row), took),
        "the steps of the median run, as the API tells them; by hand by the clock",
        told.rpartition(", ")[0],
    )
