"""A server of HTTP for the command, inside the test's own transaction; and a terminal to type it in."""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.db import connections

from cli.app import main
from tests.apps.cast import Person


class Quiet(WSGIRequestHandler):
    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def server(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Its address. What the test made and did not commit is there, because both share the connection."""
    django, shared = WSGIHandler(), connections["default"]
    monkeypatch.setattr(shared, "close_if_unusable_or_obsolete", lambda: None)  # A request's end is not the test's.

    def application(environ: dict[str, Any], start: Any) -> Any:
        connections["default"] = shared
        return django(environ, start)

    shared.inc_thread_sharing()
    with make_server("127.0.0.1", 0, application, handler_class=Quiet) as found:
        thread = threading.Thread(target=found.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{found.server_port}"
        found.shutdown()
        thread.join()
    shared.dec_thread_sharing()


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str


Type = Callable[..., Said]


@pytest.fixture
def type_(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Type:
    """Types a command as somebody; what it says has stable words in place of ids, ports and ages."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("SLIPWAY_URL", server)
    monkeypatch.setattr("cli.following.PAUSE", 0.01)

    def run(who: Person | None, *arguments: str, stdin: str = "") -> Said:
        if who is None:
            monkeypatch.delenv("SLIPWAY_TOKEN", raising=False)
        else:
            monkeypatch.setenv("SLIPWAY_TOKEN", who.token)
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        capsys.readouterr()
        code = main(arguments)
        said = capsys.readouterr()
        if who is not None:
            assert who.token not in said.out + said.err
        return Said(code, stable(said.out, server), stable(said.err, server))

    return run


def stable(text: str, server: str) -> str:
    text = text.replace(server, "URL")
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "ID", text)
    text = re.sub(r"request [0-9a-f]{16}", "request R", text)
    return "\n".join(re.sub(r"\d+ s ago", "now", line).rstrip() for line in text.split("\n"))
