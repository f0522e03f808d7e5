"""What containers used, out of the engine's counters: CPU, memory, network. Counters become amounts; restarts are seen.

Not in charge of asking the engine (`workers.agent.samples` does), nor of sending (`workers.agent.metrics`).
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from workers.desired import Usage

FORGET_SECONDS = 120.0


@dataclass(frozen=True)
class Reading:
    """A container's counters at a moment (`time.monotonic()`); CPU in nanoseconds. Memory is no counter."""

    at: float
    cpu: int
    memory: int
    received: int
    sent: int


def measured(sample: dict[str, Any]) -> dict[str, int]:
    """Memory without the page cache that can be dropped, as `docker stats` shows it (cgroup v1 and v2)."""
    memory = sample.get("memory_stats", {})
    detail = memory.get("stats", {})
    cache = detail.get("total_inactive_file", detail.get("inactive_file", 0))
    networks = sample.get("networks", {}).values()
    return {
        "memory_bytes": max(0, memory.get("usage", 0) - cache),
        "network_rx_bytes": sum(n["rx_bytes"] for n in networks),
        "network_tx_bytes": sum(n["tx_bytes"] for n in networks),
    }


def reading_of(sample: dict[str, Any]) -> Reading:
    """Of the engine's sample."""
    told = measured(sample)
    return Reading(
        at=time.monotonic(),
        cpu=int(sample["cpu_stats"]["cpu_usage"]["total_usage"]),
        memory=told["memory_bytes"],
        received=told["network_rx_bytes"],
        sent=told["network_tx_bytes"],
    )


@dataclass
class _Account:
    """One container since the last sample. `began` and `latest` are the same while there is nothing new."""

    service: str
    began: Reading
    latest: Reading
    cpu: int = 0
    received: int = 0
    sent: int = 0

    def add(self, now: Reading) -> None:
        self.cpu += gained(self.latest.cpu, now.cpu)
        self.received += gained(self.latest.received, now.received)
        self.sent += gained(self.latest.sent, now.sent)
        self.latest = now

    @property
    def seconds(self) -> float:
        return self.latest.at - self.began.at

    def begin_anew(self) -> None:
        self.began, self.cpu, self.received, self.sent = self.latest, 0, 0, 0


def gained(before: int, now: int) -> int:
    """A counter that fell was begun anew: all that it shows has come since."""
    return now - before if now >= before else now


class Meter:
    """Collects readings between two samples. May be used from several threads."""

    def __init__(self) -> None:
        self.is_ready = threading.Event()  # A round of readings has ended.
        self._accounts: dict[str, _Account] = {}
        self._lock = threading.Lock()

    def read(self, service: str, container: str, now: Reading) -> None:
        """The first reading of a container is only where to count from: when its counters rose is not known."""
        with self._lock:
            account = self._accounts.get(container)
            if account is None:
                self._accounts[container] = _Account(service, now, now)
            else:
                account.add(now)

    def round_done(self) -> None:
        self.is_ready.set()

    def take(self) -> dict[str, Usage]:
        """Service id -> what it used since the last call. Services without a new reading are left out."""
        with self._lock:
            by_service: dict[str, list[_Account]] = defaultdict(list)
            for account in self._accounts.values():
                if account.seconds > 0:
                    by_service[account.service].append(account)
            told = {service: _together(accounts) for service, accounts in by_service.items()}
            for account in self._accounts.values():
                account.begin_anew()
            oldest = time.monotonic() - FORGET_SECONDS
            self._accounts = {key: a for key, a in self._accounts.items() if a.latest.at > oldest}
        return told


def _together(accounts: list[_Account]) -> Usage:
    return Usage(
        seconds=round(max(a.seconds for a in accounts), 3),
        cpu_cores=round(sum(a.cpu / 1e9 / a.seconds for a in accounts), 4),
        memory_bytes=sum(a.latest.memory for a in accounts),
        received_bytes=sum(a.received for a in accounts),
        sent_bytes=sum(a.sent for a in accounts),
    )
