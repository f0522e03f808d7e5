"""Batches of log lines on the wire: how many fit into a request, and what stands in for one that is refused.

Not in charge of reading them (`workers.agent.log_source`).
"""

from __future__ import annotations

import json
import sys
import threading
from typing import Any

from workers.agent.client import ControlPlane, Taken
from workers.agent.log_source import gap
from workers.errors import PlatformError

REQUEST_BYTES = 4 * 1024**2  # The control plane takes 8 MB; one batch is at most about 2 MB.


class Sender:
    """Sends until it is done or `stopping` is set."""

    def __init__(self, control: ControlPlane, stopping: threading.Event) -> None:
        self._control = control
        self._stopping = stopping

    def send(self, batches: list[bytes]) -> bool:
        """False when the agent stops first: the same is sent after its next start.

        What is refused is halved until the batch is found that is to blame; a gap takes its place.
        """
        taken = self._deliver(body(batches))
        if taken != "refused":
            return taken == "stored"
        if len(batches) > 1:
            half = len(batches) // 2
            return self.send(batches[:half]) and self.send(batches[half:])
        print("the control plane refused a batch of log lines", file=sys.stderr, flush=True)
        instead = in_place_of(batches[0])
        return instead is None or self.send([instead])

    def _deliver(self, content: bytes) -> Taken | None:
        """None when the agent stops first."""
        pause = 0.1
        while True:
            try:
                return self._control.send("logs", content)
            except PlatformError:
                if self._stopping.wait(pause):
                    return None
                pause = min(pause * 2, 5.0)


def encoded(batch: dict[str, Any]) -> bytes:
    return json.dumps(batch, ensure_ascii=False).encode()


def body(batches: list[bytes]) -> bytes:
    """A `LogBatches`."""
    return b'{"batches":[%s]}' % b",".join(batches)


def in_place_of(batch: bytes) -> bytes | None:
    """A line that says what is missing, under the same cursor; None when that is all there was."""
    told = json.loads(batch)
    count = sum(line["kind"] == "line" for line in told["lines"])
    return (
        encoded({**told, "lines": gap(f"{count} lines are missing: the control plane refused them")}) if count else None
    )


def last_of(lines: list[str], max_bytes: int) -> list[str]:
    """The last lines that fit."""
    kept: list[str] = []
    size = 0
    for line in reversed(lines):
        size += len(line.encode())
        if kept and size > max_bytes:
            break
        kept.append(line)
    return kept[::-1]
