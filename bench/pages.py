"""What pages cost the server at size: seconds, queries and bytes. In a process of its own, see `bench.page_rows`."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from bench.stage import Stage
from bench.table import Figure, percentile, seconds
from tests.stories.slipway import ROOT

AIM = 0.06
BYTES_AIM = 100_000


def pages(stage: Stage) -> list[Figure]:
    argv = [sys.executable, "-m", "bench.page_rows", str(stage.rounds.requests)]
    told = subprocess.run(argv, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout
    return [figure(name, **row) for name, row in json.loads(told).items()]


def figure(name: str, took: list[float], queries: int, bytes: int, **_: Any) -> Figure:  # noqa: A002
    p50, p95 = percentile(took, 50), percentile(took, 95)
    return Figure(
        f"page: {name}, p95", seconds(p95),
        f"{len(took)} requests at 1,000 services and 10,000 deployments; p50 {seconds(p50)}, {queries} queries, "
        f"{bytes / 1000:.0f} kB compressed",
        aim=f"< {seconds(AIM)}, {BYTES_AIM // 1000} kB", is_met=p95 < AIM and bytes < BYTES_AIM,
    )  # fmt: skip
