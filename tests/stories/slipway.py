"""A Slipway of its own for a story: own data folder, ports and labels, started by the same command as a person's."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import httpx2 as httpx

from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
T = TypeVar("T")
NOT_OURS = ("SLIPWAY_", "DATABASE_URL", "REDIS_URL", "TRAEFIK_", "DJANGO_", "PYTEST", "COV_")


class Slipway:
    """Drives the command line and the API, as an operator and a person would."""

    def __init__(self, home: Path, **settings: str) -> None:
        self.home = home
        self.port, self.edge_port = free_port(), free_port()
        self.env = {
            **{name: value for name, value in os.environ.items() if not name.startswith(NOT_OURS)},
            "SLIPWAY_HOME": str(home),
            "SLIPWAY_PORT": str(self.port),
            "SLIPWAY_EDGE_PORT": str(self.edge_port),
            "SLIPWAY_SAMPLE": "0",
            "SLIPWAY_LEASE_SECONDS": "12",
            "SLIPWAY_RECONCILE_SECONDS": "2",
            **settings,
        }
        self.url = f"http://127.0.0.1:{self.port}"
        self.token = ""
        self.http = httpx.Client(base_url=self.url, timeout=30)

    def command(self, name: str, *, check: bool = True, **env: str) -> str:
        """`make <name>`, without make."""
        argv = [sys.executable, "-m", "paas.supervisor", name]
        done = subprocess.run(
            argv, cwd=ROOT, env=self.env | env, capture_output=True, text=True, timeout=400, check=False
        )
        if check and done.returncode:
            raise AssertionError(f"{name} exited {done.returncode}: {done.stdout}\n{done.stderr}\n{self.log()}")
        return done.stdout.strip()

    def up(self) -> str:
        return self.command("up")

    def sign_in(self) -> None:
        self.token = self.command("token")
        self.http.headers["Authorization"] = f"Bearer {self.token}"

    def status(self) -> dict[str, Any]:
        return json.loads(self.command("status", check=False, FORMAT="json"))  # type: ignore[no-any-return]

    def pid(self, process: str) -> int:
        return next(int(p["pid"]) for p in self.status()["processes"] if p["name"] == process)

    def log(self, lines: int = 60) -> str:
        path = self.home / "log" / "slipway.log"
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:]) if path.exists() else "(no log)"

    @property
    def instance(self) -> str:
        env = dict(line.split("=", 1) for line in (self.home / "env").read_text().splitlines() if "=" in line)
        return env["SLIPWAY_INSTANCE"].strip("'\"")

    def api(self, method: str, path: str, *, status: int | None = None, **body: Any) -> Any:
        """The JSON answer. With `status` that one is expected, else any 2xx."""
        answer = self.http.request(method, f"/api/v1{path}", json=body if method != "GET" else None)
        good = answer.status_code == status if status else answer.is_success
        assert good, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def deploy_app(self, name: str, url: str, **settings: Any) -> dict[str, Any]:
        """`POST /apps`; returns the deployment once it ended."""
        made = self.api("POST", "/apps", project=name, name=name, source_url=url, **settings)
        return self.ended(made["deployment"]["id"])

    def redeploy(self, service: str, **body: Any) -> dict[str, Any]:
        return self.ended(self.api("POST", f"/services/{service}/deployments", **body)["id"])

    def deployment(self, pk: str) -> dict[str, Any]:
        return self.api("GET", f"/deployments/{pk}")  # type: ignore[no-any-return]

    def ended(self, pk: str, *, seconds: float = 120) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            row = self.deployment(pk)
            return row if row["status"] not in ("pending", "building", "deploying") else None

        return until(look, seconds, lambda: f"{self.deployment(pk)}\n{self.log()}")

    def text_of(self, pk: str) -> str:
        """The whole log of a deployment."""
        lines, after = list[str](), 0
        while True:
            page = self.api("GET", f"/deployments/{pk}/logs?after={after}&limit=1000")
            if not page["lines"]:
                return "\n".join(lines)
            lines += [line["text"] for line in page["lines"]]
            after = page["lines"][-1]["seq"]

    def fetch(self, host: str, path: str = "/") -> httpx.Response:
        """What the edge answers for a host name."""
        return httpx.get(f"http://127.0.0.1:{self.edge_port}{path}", headers={"Host": host}, timeout=30)

    def docker(self, *arguments: str, instance: str = "") -> list[str]:
        """Words of the engine's answer about what carries our label."""
        argv = ["/usr/bin/docker", *arguments, "--filter", f"label=slipway.instance={instance or self.instance}"]
        return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.split()

    def containers(self, *more: str) -> list[str]:
        return self.docker("ps", "--quiet", *more)


def until(look: Callable[[], T | None], seconds: float, otherwise: Callable[[], str] = lambda: "") -> T:
    """The first true answer of `look`, or an AssertionError that tells `otherwise`. Asks less often as time goes by."""
    begun = time.monotonic()
    while True:
        found = look()
        if found:
            return found
        waited = time.monotonic() - begun
        if waited > seconds:
            raise AssertionError(f"not within {seconds} s: {otherwise()}")
        time.sleep(min(0.05 + waited / 50, 0.25))


def app(greeting: str, *, body: str = "") -> dict[str, str]:
    """A small app of the standard library that answers `greeting`. `body` is code in front of the server."""
    return {
        "Procfile": "web: python -u main.py\n",
        "main.py": f"""
import http.server, os, signal, sys, threading, time
GREETING = {greeting!r}
{body}
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        text = globals().get("answer", lambda handler: GREETING)(self).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
    def log_message(self, *args): pass
server = http.server.ThreadingHTTPServer(("0.0.0.0", int(os.environ["PORT"])), Handler)
signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
print("listening", flush=True)
server.serve_forever()
""",
        "token.txt": secrets.token_hex(4),
    }
