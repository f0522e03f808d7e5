"""What is asked of an engine to fetch an image, seen at an HTTP server that answers in the engine's place."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from workers.docker import Engine
from workers.image_reference import Login

PINNED = f"r.example/shop/app@sha256:{'a' * 64}"
NOBODY: dict[str, str] = {}


class Asked(list[tuple[str, str]]):
    """Requests in their order: method with path, and the login that came with it."""

    def logins(self) -> list[dict[str, str]]:
        return [json.loads(base64.urlsafe_b64decode(header)) for _, header in self if header]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[Asked]:
    seen = Asked()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append((f"{self.command} {self.path}", self.headers.get("X-Registry-Auth", "")))
            told = {"ApiVersion": "1.41", "Descriptor": {"digest": "sha256:1"}}
            body = json.dumps(told).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{server.server_port}")
        yield seen
        server.shutdown()


def test_it_never_uses_the_logins_of_the_machine(asked: Asked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    auth = base64.b64encode(b"operator:canary").decode()
    (tmp_path / "config.json").write_text(json.dumps({"auths": {"r.example": {"auth": auth}}}))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    engine, login = Engine("0" * 8), Login("alice", "pw")
    for who in (None, login):
        assert engine.registry_digest("r.example/shop/app:1", who) == "sha256:1"
        engine.pull(PINNED, who, lambda: None)
    assert asked.logins() == [NOBODY, NOBODY, login.as_dict(), login.as_dict()]
