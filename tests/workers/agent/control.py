"""A small control plane over real HTTP: it plays the contract of `workers.desired` and keeps what it was told."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from workers.desired import Document, LogBatches, MetricsReport, Reports, Service

TARGET = "00000000-0000-4000-8000-00000000000a"
TOKEN = "t" * 40


class Control:
    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.document = Document(target=TARGET, generation=0)
        self.reports: list[dict[str, Any]] = []
        self.lines: list[dict[str, Any]] = []
        self.ticks: list[dict[str, Any]] = []
        self.refuse_deployment = ""
        self.failing = False
        self._cursors: dict[str, int] = {}
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def publish(self, *services: Service, discarded: list[str] | None = None) -> None:
        with self.changed:
            self.document = Document(
                target=TARGET,
                generation=self.document.generation + 1,
                services=list(services),
                discarded_volumes=discarded or [],
            )
            self.changed.notify_all()

    def wait(self, seen: Callable[[], Any], seconds: float = 60.0, why: str = "") -> Any:
        deadline = time.monotonic() + seconds
        with self.changed:
            while not (found := seen()):
                left = deadline - time.monotonic()
                assert left > 0, f"waited in vain for {why or seen}: {self.steps()[-12:]} {self.lines[-3:]}"
                self.changed.wait(min(left, 0.05))
        return found

    def steps(self, deployment: str = "") -> list[str]:
        """`health:succeeded` and so on, in order."""
        return [
            f"{r['step']}:{r['status']}"
            for r in self.reports
            if r["kind"] == "step" and deployment in ("", r["deployment"])
        ]

    def step(self, deployment: str, step: str, status: str = "succeeded", seconds: float = 60.0) -> dict[str, Any]:
        def seen() -> dict[str, Any] | None:
            return next((r for r in self.reports if self._is(r, deployment, step, status)), None)

        found: dict[str, Any] = self.wait(seen, seconds, f"{step}:{status}")
        return found

    def observed(self, deployment: str, seconds: float = 60.0) -> dict[str, Any]:
        found: dict[str, Any] = self.wait(
            lambda: next((r for r in self.reports if r["kind"] == "observed" and r["deployment"] == deployment), None),
            seconds,
            "observed",
        )
        return found

    def texts(self, **wanted: Any) -> list[str]:
        return [x["text"] for x in self.lines if all(x[key] == value for key, value in wanted.items())]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def take_reports(self, body: bytes) -> int:
        told = Reports.model_validate_json(body).model_dump(mode="json")["reports"]
        if any(r.get("deployment") == self.refuse_deployment for r in told if self.refuse_deployment):
            return 409
        with self.changed:
            self.reports += told
            self.changed.notify_all()
        return 204

    def take_logs(self, body: bytes) -> int:
        told = LogBatches.model_validate_json(body).model_dump(mode="json")["batches"]
        with self.changed:
            for batch in told:
                if batch["cursor"] <= self._cursors.get(batch["container"], 0):
                    continue
                self._cursors[batch["container"]] = batch["cursor"]
                common = {key: batch[key] for key in ("service", "deployment", "process", "container")}
                self.lines += [{**common, **line} for line in batch["lines"]]
            self.changed.notify_all()
        return 204

    def take_metrics(self, body: bytes) -> int:
        with self.changed:
            self.ticks += MetricsReport.model_validate_json(body).model_dump(mode="json")["ticks"]
            self.changed.notify_all()
        return 204

    @staticmethod
    def _is(report: dict[str, Any], deployment: str, step: str, status: str) -> bool:
        return report["kind"] == "step" and (report["deployment"], report["step"], report["status"]) == (
            deployment,
            step,
            status,
        )


def _handler(control: Control) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked = parse_qs(urlsplit(self.path).query)
            generation, wait = int(asked["generation"][0]), float(asked["wait"][0])
            with control.changed:
                control.changed.wait_for(lambda: control.document.generation != generation, timeout=wait)
                document = control.document
            if document.generation == generation:
                self._answer(304)
            else:
                self._answer(200, document.model_dump_json().encode())

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if control.failing:
                self._answer(503)
            elif self.path == "/api/agent/reports":
                self._answer(control.take_reports(body))
            elif self.path == "/api/agent/metrics":
                self._answer(control.take_metrics(body))
            else:
                self._answer(control.take_logs(body))

        def _answer(self, status: int, body: bytes = b"") -> None:
            assert self.headers["Authorization"] == f"Bearer {TOKEN}"
            self.send_response(status)
            if status not in (204, 304):
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def pretty(reports: list[dict[str, Any]]) -> str:
    return json.dumps(reports, indent=1)
