"""How long a line takes from the container to a browser's socket, and how many a second are kept when it pours."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import Any

from websockets.sync.client import connect

from bench.samples import talking_app
from bench.stage import App, Stage
from bench.table import Figure, percentile, seconds
from tests.stories.slipway import until

P50_AIM, P99_AIM = 0.05, 0.25
TICKS_A_SECOND = 20


def lines(stage: Stage) -> list[Figure]:
    app = stage.new_app("talking", talking_app())
    return [*_latency(app, stage.rounds.ticks), _flood(app, stage.rounds.flood)]


def _latency(app: App, count: int) -> list[Figure]:
    taken = sorted(_ticks(app, count))
    how = f"{len(taken)} lines, {TICKS_A_SECOND} a second; each holds the time of its writing; a WebSocket client"
    p50, p99 = percentile(taken, 50), percentile(taken, 99)
    return [
        Figure("log line, container to socket, p50", seconds(p50), how, aim=f"< {seconds(P50_AIM)}", is_met=p50 < P50_AIM),
        Figure("log line, container to socket, p99", seconds(p99), f"the same; slowest {seconds(taken[-1])}",
               aim=f"< {seconds(P99_AIM)}", is_met=p99 < P99_AIM),
    ]  # fmt: skip


def _ticks(app: App, count: int) -> list[float]:
    """Seconds from `time.time_ns()` in the app to the arrival of the frame that carries it."""
    url = f"ws://127.0.0.1:{app.slipway.port}/ws/services/{app.id}"
    headers = {"Authorization": f"Bearer {app.slipway.token}"}
    taken: list[float] = []
    with connect(url, additional_headers=headers, max_size=None) as socket:
        socket.send(json.dumps({"after": last_seq(app)}))
        app.slipway.fetch(app.host, f"/ticks/{count}")
        while len(taken) < count:
            frame = json.loads(socket.recv(timeout=30))
            now = time.time_ns()
            told = [line["text"].split() for line in frame.get("lines", [])]
            taken += [(now - int(words[1])) / 1e9 for words in told if words[0] == "tick"]
    return taken


def _flood(app: App, count: int) -> Figure:
    before = last_seq(app)
    began = time.perf_counter()
    app.slipway.fetch(app.host, f"/flood/{count}")
    until(lambda: last_seq(app) >= before + count, 300, lambda: f"{last_seq(app) - before} of {count} lines stored")
    took = time.perf_counter() - began
    numbers = [int(line["text"].split()[1]) for line in _stored(app, before) if line["text"].startswith("flood ")]
    lost = count - len(set(numbers))
    is_whole = numbers == list(range(count))
    return Figure(
        "log lines a second, sustained",
        f"{count / took:,.0f}",
        f"{count:,} lines at once, {lost} lost, {'in order' if is_whole else 'NOT in order'}; "
        f"{_rotations(app)} rotations; stored in {seconds(took)}",
        aim="none lost",
        is_met=is_whole,
    )


def last_seq(app: App) -> int:
    return int(app.slipway.api("GET", f"/services/{app.id}/logs?tail=1")["last_seq"])


def _stored(app: App, after: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while True:
        page = app.slipway.api("GET", f"/services/{app.id}/logs?after={after}&limit=1000")
        if not page["lines"]:
            return found
        found += page["lines"]
        after = page["next_after"]


def _rotations(app: App) -> str:
    """From the engine's own files, which only root sees."""
    container = app.slipway.containers("--filter", f"label=slipway.service={app.id}")[0]
    argv = ["/usr/bin/docker", "inspect", "--format={{.LogPath}}", "--", container]
    path = Path(subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip())
    try:
        return str(len(list(path.parent.glob(f"{path.name}.*"))))
    except PermissionError:
        return "unseen"
