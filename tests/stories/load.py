"""A steady, bounded stream of requests to the edge, and what came back."""

from __future__ import annotations

import http.client
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Self

MAX_SECONDS = 600.0


@dataclass
class Load:
    """`with Load(port, host, rate=100) as load: ...; load.failures`. Runs on loopback only, at most ten minutes."""

    port: int
    host: str
    rate: float = 100.0
    path: str = "/"
    connections: int = 4
    failures: list[str] = field(default_factory=list)
    bodies: Counter[str] = field(default_factory=Counter)
    took: list[float] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(self.connections)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=20)

    @property
    def slowest_seconds(self) -> float:
        return max(self.took, default=0.0)

    @property
    def count(self) -> int:
        return sum(self.bodies.values()) + len(self.failures)

    def _run(self) -> None:
        pause = self.connections / self.rate
        end = time.monotonic() + MAX_SECONDS
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=15)
        due = time.monotonic()
        while not self._stop.is_set() and due < end:
            self._ask(connection)
            due += pause
            self._stop.wait(max(0.0, due - time.monotonic()))
        connection.close()

    def _ask(self, connection: http.client.HTTPConnection) -> None:
        began = time.monotonic()
        try:
            connection.request("GET", self.path, headers={"Host": self.host})
            answer = connection.getresponse()
            body = answer.read().decode(errors="replace")
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            self.failures.append(f"{type(error).__name__}: {error}")
            return
        self.took.append(time.monotonic() - began)
        if answer.status == 200:
            self.bodies[body.strip()[:60]] += 1
        else:
            self.failures.append(f"{answer.status} {body.strip()[:80]}")
