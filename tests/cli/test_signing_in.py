"""Signing in, refusals and exit codes of the command."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from apps.deployments.models import Build
from apps.projects.models import Service
from cli.app import app
from cli.ending import Ending
from cli.signing_in import is_in_the_open
from cli.variables import variables
from cli.words import ago, clock, plain, took
from tests.apps.cast import Person, Shop
from tests.cli.conftest import Type
from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[2]


def test_it_keeps_a_token_for_its_owner_alone(
    alice: Person, type_: Type, tmp_path: Path, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = type_(None, "login", server, stdin=f"{alice.token}\n")
    kept = tmp_path / "slipway" / "account.json"
    assert said.out == f"Signed in to URL as Alice. The token is kept in {kept}.\n"
    assert (said.code, said.err, stat.S_IMODE(kept.stat().st_mode)) == (0, "", 0o600)
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
    assert type_(None, "whoami").out.startswith("server  URL\nname    Alice")
    monkeypatch.setenv("SLIPWAY_URL", "http://elsewhere.example")
    assert type_(None, "whoami").err.startswith("slipway: You are not signed in to http://elsewhere.example.\n")
    assert type_(None, "logout").code == 0
    assert (type_(None, "whoami").code, kept.exists()) == (3, False)


def test_it_keeps_no_token_that_is_none(type_: Type, tmp_path: Path, server: str) -> None:
    said = type_(None, "login", server, stdin="slp_wrong\n")
    assert (said.code, said.err) == (
        3,
        "slipway: There is no valid token with this request.\n"
        "Sign in anew: slipway login URL\napi:user:token · request R\n",
    )
    assert not list(tmp_path.iterdir())
    assert type_(None, "login", "shop.example.com", stdin="x").code == 2
    assert type_(None, "login", server, stdin="").code == 2


def test_it_says_what_why_and_what_to_do(
    bob: Person, dora: Person, shop: Shop, type_: Type, make_service: Callable[[str], Service]
) -> None:
    assert type_(bob, "deploy", "web").err == (
        "slipway: Your role (viewer) does not include deploy.\n"
        "Ask an owner or admin of the team.\naccess:user:forbidden · request R\n"
    )
    assert type_(dora, "deploy", "web", "--commit", "main").err == (
        "slipway: commit: String should match pattern '^([0-9a-f]{7,64})?$'.\nChange the fields that `errors` names.\n"
        "commit: String should match pattern '^([0-9a-f]{7,64})?$'\napi:user:invalid · request R\n"
    )


def test_its_exit_codes_are_those_that_are_documented(
    bob: Person, charlie: Person, shop: Shop, type_: Type, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert type_(bob, "deploy", "web").code == 3
    assert type_(None, "services").code == 3
    assert type_(charlie, "status", "web").code == type_(charlie, "status", shop.service.key).code == 4
    assert type_(bob, "deployment", "web#9").code == type_(bob, "status", "web", "-e", "none").code == 4
    assert type_(bob, "nonsense").code == type_(bob, "logs").code == type_(bob, "deployment", "9").code == 2
    monkeypatch.setenv("SLIPWAY_URL", f"http://127.0.0.1:{free_port()}")
    away = type_(bob, "services")
    assert (away.code, "cannot be reached" in away.err) == (5, True)
    documented = dict(re.findall(r"^\| (\d+) \| (.+?) \|$", (ROOT / "docs" / "cli.md").read_text(), re.MULTILINE))
    assert {int(code) for code in documented} == set(Ending)


def test_it_asks_for_the_project_where_a_name_is_not_enough(alice: Person, shop: Shop, type_: Type) -> None:
    other = alice.post("/projects", {"name": "blog"}).json()["id"]
    assert alice.post(f"/projects/{other}/services", {"name": "web", "image": "nginx"}).status_code == 201
    said = type_(alice, "status", "web")
    assert (said.code, said.err) == (
        2, "slipway: More than one service is called web: blog/web, shop/web.\nName the project or the id.\n",
    )  # fmt: skip
    assert type_(alice, "status", "blog/web").code == type_(alice, "status", "shop/web").code == 0
    Service.objects.filter(project=other).update(slug="paper")  # Still named web.
    assert type_(alice, "status", "web").out.startswith("service  shop/web, production\n")
    assert type_(alice, "status", "blog/web").out.startswith("service  blog/paper, production\n")


def test_it_tells_services_of_two_teams_apart(alice: Person, shop: Shop, type_: Type) -> None:
    other = alice.post("/teams", {"name": "Other"}).json()["id"]
    project = alice.post("/projects", {"name": "shop", "team_id": other})
    assert (
        alice.post(f"/projects/{project.json()['id']}/services", {"name": "web", "image": "nginx"}).status_code == 201
    )
    said = type_(alice, "deploy", "shop/web")
    assert (said.code, said.err.splitlines()[0]) == (2, "slipway: More than one service is called shop/web: ID, ID.")


class Elsewhere(BaseHTTPRequestHandler):
    """A server that is no Slipway: it sends everybody on."""

    seen: list[str] = []

    def do_GET(self) -> None:
        self.seen.append(self.path)
        self.send_response(302)
        self.send_header("Location", "/signed/in")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


def test_it_follows_no_redirection_with_the_token(bob: Person, type_: Type, monkeypatch: pytest.MonkeyPatch) -> None:
    with HTTPServer(("127.0.0.1", 0), Elsewhere) as elsewhere:
        threading.Thread(target=elsewhere.handle_request, daemon=True).start()
        monkeypatch.setenv("SLIPWAY_URL", f"http://127.0.0.1:{elsewhere.server_port}")
        said = type_(bob, "whoami")
    assert (said.code, Elsewhere.seen) == (5, ["/api/v1/auth/me"])
    assert "answered 302 and leads to /signed/in." in said.err


@pytest.mark.parametrize("colours", [True, False])
def test_it_fits_a_terminal_of_80_columns(alice: Person, shop: Shop, server: str, colours: bool) -> None:
    """As a process of its own, in a terminal."""
    Build.objects.update(message="Greet more " + "and more " * 20)
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    env = kept | {"SLIPWAY_URL": server, "SLIPWAY_TOKEN": alice.token, "TERM": "xterm", "COLUMNS": "80"}
    code = "import pty, sys; sys.exit(pty.spawn([sys.executable, '-m', 'cli', 'deployments', 'web']) >> 8)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=env | ({} if colours else {"NO_COLOR": "1"}),
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    lines = [plain(line) for line in done.stdout.splitlines()]
    assert [line.split()[:3] for line in lines[1:]] == [["web#2", "live", "b" * 7], ["web#1", "superseded", "a" * 7]]
    assert [(len(line), line[-1]) for line in lines[1:]] == [(80, "…")] * 2
    assert ("\x1b[32mlive" in done.stdout) == colours and alice.token not in done.stdout


def test_its_commands_are_those_that_are_documented() -> None:
    documented = (ROOT / "docs" / "cli.md").read_text()
    commands = [*app.registered_commands, *variables.registered_commands]
    for command in commands:
        name = command.name or (command.callback.__name__ if command.callback else "")
        assert re.search(rf"`(slipway |slipway variables )?{name}[ `]", documented), name
        assert command.callback is not None
        assert "as_json" in command.callback.__annotations__ or name in ("logout", "unset"), name


def test_it_says_times_as_the_dashboard_does() -> None:
    assert [took(s) for s in (None, 0.074, 24.31, 62, 11_040)] == ["", "0.07 s", "24.3 s", "1 min 2 s", "3 h 4 min"]
    assert (ago(None), ago("2026-01-02T03:04:05Z")) == ("", "2026-01-02")


def test_it_says_the_time_of_a_line_where_the_reader_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    time.tzset()
    assert (clock("2026-01-02T03:04:05.123456789Z"), clock("")) == ("08:34:05", " " * 8)
    monkeypatch.undo()
    time.tzset()


def test_it_warns_of_a_token_in_the_open_before_it_is_sent(type_: Type) -> None:
    said = type_(None, "login", "http://127.example.invalid", stdin="slp_hush")
    assert (said.code, said.err.startswith("The address is http: ")) == (5, True)
    addresses = ("http://localhost:8080", "http://a.localhost", "http://127.0.0.1", "http://[::1]", "https://x.example")
    assert not any(map(is_in_the_open, addresses))
    assert is_in_the_open("http://notlocalhost")
