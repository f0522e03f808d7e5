"""Twenty rollouts under steady requests: not one may fail."""

from __future__ import annotations

import http.client
import threading
import time
from datetime import datetime

import pytest

from tests.workers.agent.conftest import Host, next_release
from workers.desired import Service

pytestmark = pytest.mark.docker
ROLLOUTS, CLIENTS, PER_SECOND = 20, 8, 200


class Load:
    """A steady rate, half over kept connections and half over new ones."""

    def __init__(self, host: Host, service: Service) -> None:
        self.sent = 0
        self.failed: list[str] = []
        self._host, self._name = host, service.routes[0].host
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(n,)) for n in range(CLIENTS)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self, number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._host.edge_port, timeout=30)
        while not self._stop.wait(CLIENTS / PER_SECOND):
            self.sent += 1
            try:
                connection.request("GET", "/", headers={"Host": self._name})
                answer = connection.getresponse()
                answer.read()
                if answer.status != 200:
                    self.failed.append(str(answer.status))
            except (OSError, http.client.HTTPException) as error:
                self.failed.append(repr(error))
                connection.close()
            if number % 2:
                connection.close()
        connection.close()


def test_it_fails_no_request_in_twenty_rollouts(host: Host, service: Service) -> None:
    host.control.publish(service)
    host.control.step(service.deployment, "switch")
    load = Load(host, service)
    took, parts = [], []
    try:
        for _ in range(ROLLOUTS):
            service = next_release(service)
            started = time.time()
            host.control.publish(service)
            host.control.step(service.deployment, "switch")
            took.append(time.time() - started)
            parts.append(_parts(host, service, started))
    finally:
        load.stop()
    print(
        f"{load.sent} requests, {len(load.failed)} failed; switched after {sorted(took)[len(took) // 2]:.2f} s (median)"
    )
    for name in parts[0]:
        print(f"  {name}: {sorted(p[name] for p in parts)[len(parts) // 2] * 1000:.0f} ms")
    assert load.failed == []
    assert load.sent > 500


def _parts(host: Host, service: Service, started: float) -> dict[str, float]:
    """Seconds from the document's publication to each report's own time."""
    mine = [r for r in host.control.reports if r["kind"] == "step" and r["deployment"] == service.deployment]
    return {
        f"{r['step']} {r['status']}": datetime.fromisoformat(r["at"]).timestamp() - started
        for r in mine
        if r["step"] != "drain"
    }
