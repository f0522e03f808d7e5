"""How quickly an app answers while a build on the same machine takes all that it may."""

from __future__ import annotations

import time

from bench.samples import greedy_app, plain_app
from bench.stage import App, Stage
from bench.table import Figure, more, percentile, seconds
from tests.stories.load import Load
from tests.stories.slipway import until

RATE = 100.0
TIMES, MORE = 1.5, 0.005  # What counts as noise: half as much again, or five milliseconds.


def while_building(stage: Stage) -> list[Figure]:
    app = stage.new_app("neighbour", plain_app("here"))
    lasts = stage.rounds.neighbour_seconds
    before = _p99(app, lasts / 2)
    greedy = _begin(stage, lasts + 20)
    during, failures = _asked(app, lasts)
    _end(stage, greedy)
    after = _p99(app, lasts / 2)
    value, idle = percentile(during, 99), max(before, after)
    return [
        Figure(
            "an app answers while another is built, p99",
            seconds(value),
            f"{RATE:.0f} requests a second for {lasts:.0f} s, while a build burns 4 processes, 1 GB and the disk; the same "
            f"before ({seconds(before)}) and after ({seconds(after)}); p50 {seconds(percentile(during, 50))}, "
            f"{failures} failed",
            f"{seconds(idle)} idle",
            more(value, idle),
            f"x {TIMES:.2f} or + {seconds(MORE)}",
            value <= max(TIMES * idle, idle + MORE) and not failures,
        )
    ]


def _p99(app: App, lasts: float) -> float:
    return percentile(_asked(app, lasts)[0], 99)


def _asked(app: App, lasts: float) -> tuple[list[float], int]:
    with Load(app.slipway.edge_port, app.host, rate=RATE) as load:
        time.sleep(lasts)
    return load.took, len(load.failures)


def _begin(stage: Stage, lasts: float) -> str:
    """The id of a deployment that is being built."""
    repository = stage.git.repository("greedy")
    repository.commit(greedy_app(lasts))
    made = stage.slipway.api("POST", "/apps", project="greedy", name="greedy", source_url=repository.url)
    deployment = str(made["deployment"]["id"])
    until(lambda: "burning" in stage.slipway.text_of(deployment).splitlines(), 60)
    return deployment


def _end(stage: Stage, deployment: str) -> None:
    stage.slipway.api("POST", f"/deployments/{deployment}/cancel")
    stage.slipway.ended(deployment)
    time.sleep(2)
