"""What the command ends with when others do not do their part: proxies, networks, who reads its output."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from cli.app import main

ROOT = Path(__file__).resolve().parents[2]


class Proxy(BaseHTTPRequestHandler):
    """Answers as the path's first part says."""

    told = {
        "html": (502, "text/html", "<html>Bad Gateway"),
        "code": (502, "application/json", '{"code": 502, "message": "no upstream"}'),
        "busy": (429, "application/json", '{"code": "a:b", "message": "Too many.", "hint": "", "request_id": "r"}'),
        "strange": (200, "application/json", '{"ok": true}'),
        "rows": (200, "application/json", '{"items": [{"ok": 1}], "next_cursor": null}'),
        "list": (200, "application/json", "[]"),
        "empty": (200, "application/json", ""),
        "many": (200, "application/json", '{"items": [%s], "next_cursor": null}'),
    }

    def do_GET(self) -> None:
        status, kind, text = self.told[self.path.split("/")[1]]
        row = '{"slug": "shop", "team": "shop", "created_at": null}'
        body = (text.replace("%s", ", ".join([row] * 20_000))).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("SLIPWAY_TOKEN", "slp_hush")
    with HTTPServer(("127.0.0.1", 0), Proxy) as found:
        threading.Thread(target=found.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{found.server_port}"
        found.shutdown()


@pytest.mark.parametrize("answer", ["html", "code", "busy", "strange", "rows", "list", "empty"])
def test_it_says_nothing_of_a_deployment_when_a_proxy_answers(
    proxy: str, answer: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SLIPWAY_URL", f"{proxy}/{answer}")
    assert main(["projects"]) == 5
    told = "".join(capsys.readouterr())
    assert told.startswith("slipway: ") and "slp_hush" not in told and "Traceback" not in told


@pytest.mark.parametrize(("url", "code"), [("http://a..b", 5), ("https://ex☃.com", 2), ("http://a\nb", 2)])
def test_it_takes_no_name_that_a_server_cannot_have(url: str, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLIPWAY_URL", url)
    monkeypatch.setenv("SLIPWAY_TOKEN", "slp_hush")
    assert main(["projects"]) == code


def test_it_ends_when_nobody_reads_its_output(proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLIPWAY_URL", f"{proxy}/many")
    command = [sys.executable, "-m", "cli", "projects", "--json"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as begun:
        assert begun.stdout is not None and begun.stderr is not None
        begun.stdout.readline()
        begun.stdout.close()
        assert (begun.wait(30), begun.stderr.read()) == (141, b"")
