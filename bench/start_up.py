"""Seconds of `make up`, `make restart` and `make up` again, with the bundled sample, as a person types them."""

from __future__ import annotations

import subprocess
import time

from bench.stage import Stage
from bench.table import Figure, seconds
from tests.stories.slipway import ROOT, Slipway

AGAIN_AIM = 5.0


def start_up(stage: Stage) -> list[Figure]:
    slipway = stage.new_slipway("first-home", SLIPWAY_SAMPLE="1")
    cold = _make(slipway, "up")
    again = _make(slipway, "up")
    restart = _make(slipway, "restart")
    _make(slipway, "down")
    after_down = _make(slipway, "up")
    _make(slipway, "reset")
    return [
        Figure("make up, cold", seconds(cold), "a new home, until the sample is live; dependencies, base and edge image "
               "were on the machine"),
        Figure("make up, when it is up", seconds(again), "until it returns", aim=f"< {seconds(AGAIN_AIM)}",
               is_met=again < AGAIN_AIM),
        Figure("make restart", seconds(restart), "the control plane only, until all of it is ready"),
        Figure("make up, after make down", seconds(after_down), "until all of it is ready, the sample too"),
    ]  # fmt: skip


def _make(slipway: Slipway, target: str) -> float:
    began = time.perf_counter()
    argv = ["make", "--silent", "--no-print-directory", target]
    env = slipway.env | {"FORCE": "1"}
    done = subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, timeout=600, check=False)
    took = time.perf_counter() - began
    if done.returncode:
        raise AssertionError(f"make {target}: {done.stdout}\n{done.stderr}\n{slipway.log()}")
    return took
