"""Requests that fail while an app is deployed and rolled back again and again."""

from __future__ import annotations

import time
from typing import Any

from bench.samples import plain_app
from bench.stage import App, Stage
from bench.table import Figure, seconds
from tests.stories.load import Load

RATE = 100.0


def steady(stage: Stage) -> list[Figure]:
    rounds = stage.rounds
    app = stage.new_app("steady", plain_app("first"))
    began = time.monotonic()
    with Load(stage.slipway.edge_port, app.host, rate=RATE) as load:
        releases = [_deploy(app, number)["release_id"] for number in range(rounds.steady_deploys)]
        for number in range(rounds.steady_rollbacks):
            _live(app, "rollback", release_id=releases[-2 + number % 2])
        time.sleep(1)
    took = time.monotonic() - began
    return [
        Figure(
            f"failed requests, {rounds.steady_deploys} deploys and {rounds.steady_rollbacks} rollbacks",
            f"{len(load.failures)} of {load.count}",
            f"{load.count / took:.0f} requests a second for {took:.0f} s, {RATE:.0f} wanted; "
            f"slowest {seconds(load.slowest_seconds)}. {' '.join(sorted(set(load.failures))[:3])}".strip(),
            aim="0",
            is_met=not load.failures,
        )
    ]


def _deploy(app: App, number: int) -> dict[str, Any]:
    app.repository.commit(plain_app(f"release {number}"))
    return _live(app, "deployments")


def _live(app: App, action: str, **body: Any) -> dict[str, Any]:
    made = app.slipway.api("POST", f"/services/{app.id}/{action}", **body)
    row = app.slipway.ended(made["id"])
    if row["status"] != "live":
        raise AssertionError(app.slipway.text_of(made["id"]))
    return row
