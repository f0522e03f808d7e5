"""What is asked of an engine to fetch an image, seen at an HTTP server that answers in the engine's place."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from urllib.parse import parse_qs, unquote

import pytest

from workers.build.pull import fetch
from workers.docker import Engine
from workers.errors import UserError
from workers.image_reference import ImageReference, Login

APP = ImageReference("r.example", "shop/app", "1")
DIGEST = f"sha256:{'a' * 64}"
NOBODY: dict[str, str] = {}


class Asked(list[tuple[str, str]]):
    """Requests in their order: method with path, and the login that came with it. `images` are there now."""

    def __init__(self) -> None:
        super().__init__()
        self.images: set[str] = set()
        self.config: dict[str, object] = {}

    def logins(self) -> list[dict[str, str]]:
        return [json.loads(base64.urlsafe_b64decode(header)) for _, header in self if header]

    def answer(self, method: str, url: str) -> tuple[int, dict[str, object]]:
        path, _, query = url.partition("?")
        told = {name: values[0] for name, values in parse_qs(query).items()}
        image = path.partition("/images/")[2].removesuffix("/json").removesuffix("/tag")
        if image == "create":
            self.images.add(f"{told['fromImage']}@{told['tag']}")
        elif image and image not in self.images:
            return 404, {"message": f"No such image: {image}"}
        elif path.endswith("/tag"):
            self.images.add(f"{told['repo']}:{told['tag']}")
        elif method == "DELETE":
            self.images.remove(image)
        return 201 if path.endswith("/tag") else 200, {
            "ApiVersion": "1.41", "Descriptor": {"digest": "sha256:1"}, "Config": self.config
        }  # fmt: skip


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[Asked]:
    seen = Asked()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append((f"{self.command} {self.path}", self.headers.get("X-Registry-Auth", "")))
            status, told = seen.answer(self.command, unquote(self.path))
            body = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_DELETE = do_GET

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{server.server_port}")
        yield seen
        server.shutdown()


def fetched(folder: Path, check: Callable[[], None] = lambda: None) -> str:
    return fetch(APP, DIGEST, None, Engine("0" * 8), check, folder)


def test_it_never_uses_the_logins_of_the_machine(asked: Asked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    auth = base64.b64encode(b"operator:canary").decode()
    (tmp_path / "config.json").write_text(json.dumps({"auths": {"r.example": {"auth": auth}}}))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    engine, login = Engine("0" * 8), Login("alice", "pw")
    for who in (None, login):
        assert engine.registry_digest(APP.named, who) == "sha256:1"
        engine.pull(APP.at(DIGEST), who, lambda: None)
    assert asked.logins() == [NOBODY, NOBODY, login.as_dict(), login.as_dict()]


def test_it_refuses_an_image_that_would_run_commands_in_a_build(asked: Asked, tmp_path: Path) -> None:
    asked.config = {"OnBuild": ["RUN id"]}
    with pytest.raises(UserError) as raised:
        fetched(tmp_path)
    assert raised.value.code == "image:user:onbuild" and raised.value.hint
    assert asked.images == set(), "what was pulled is let go of"
    asked.config = {"OnBuild": None}
    assert asked.images == {fetched(tmp_path)}


def test_pulls_of_one_image_do_not_disturb_each_other(asked: Asked, tmp_path: Path) -> None:
    others: list[str] = []
    other_is_on, mine_is_done = Event(), Event()

    def wait_for_mine() -> None:
        other_is_on.set()
        mine_is_done.wait(5)

    def wait_for_other() -> None:
        other.start()
        other_is_on.wait(5)

    other = Thread(target=lambda: others.append(fetched(tmp_path, wait_for_mine)))
    mine = fetched(tmp_path, wait_for_other)
    mine_is_done.set()
    other.join(5)
    assert asked.images == {mine, *others} and len(others) == 1
