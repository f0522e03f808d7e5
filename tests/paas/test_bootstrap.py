"""The first step on a fresh machine: what it needs, what it says when something lacks, and what it leaves alone."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy import bootstrap
from paas.embedded import engine
from workers.errors import PlatformError

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def engine_socket(tmp_path: Path) -> Iterator[str]:
    """An engine that answers one request with its version."""
    path = str(tmp_path / "docker.sock")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()
        body = b'{"Version": "28.0.1"}'

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

        threading.Thread(target=answer, daemon=True).start()
        yield path


@pytest.mark.parametrize("version", [(3, 11), (3, 12), (3, 13), (3, 14)])
def test_it_accepts_supported_pythons(version: tuple[int, int]) -> None:
    bootstrap.check_python(version)


@pytest.mark.parametrize("version", [(3, 9), (3, 10), (3, 15)])
def test_it_refuses_others_with_a_way_out(version: tuple[int, int]) -> None:
    with pytest.raises(bootstrap.Refused, match="needs Python 3.11"):
        bootstrap.check_python(version)


def test_it_can_be_read_by_an_older_python() -> None:
    """The sentence about the version must be reached before a SyntaxError is."""
    code = "import ast, sys; ast.parse(open(sys.argv[1]).read(), feature_version=(3, 7))"
    subprocess.run([sys.executable, "-c", code, str(ROOT / "deploy" / "bootstrap.py")], check=True)


def test_it_names_the_packages_that_lack(monkeypatch: pytest.MonkeyPatch) -> None:
    assert bootstrap.lacking_packages({"sh": "dash", "no-such-program": "some-package"}) == ["some-package"]


def test_it_tells_an_ordinary_user_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(shutil, "which", lambda name, path=None: "/usr/bin/apt-get")
    monkeypatch.setattr(bootstrap, "known_packages", lambda packages: packages)
    with pytest.raises(bootstrap.Refused) as caught:
        bootstrap.install_packages(["git", "mmdebstrap"])
    assert str(caught.value).endswith("Type: sudo apt-get install --yes --no-install-recommends git mmdebstrap")


def test_it_spells_out_the_engine_as_the_release_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "apt-cache").write_text("#!/bin/sh\nprintf 'docker.io\\ndocker-cli\\niptables\\ngit\\n'\n")
    (tmp_path / "apt-cache").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert bootstrap.known_packages(["git", "docker.io"]) == ["git", "docker.io", "docker-cli", "iptables"]


def test_its_stamp_changes_with_the_lock(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text("one")
    first = bootstrap.stamp_of(lock)
    lock.write_text("two")
    assert first != bootstrap.stamp_of(lock)


def test_it_talks_on_stderr_only() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "deploy" / "bootstrap.py"), "nonsense"], capture_output=True, text=True, check=False
    )
    assert done.stdout == ""
    assert done.returncode != 0
    assert "usage" in done.stderr


def test_it_finds_an_engine_that_answers(engine_socket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{engine_socket}")
    assert engine.ensure_engine(tmp_path / "dockerd.log") == "28.0.1"


def test_it_says_so_when_no_engine_answers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    with pytest.raises(PlatformError, match="No Docker engine answers") as caught:
        engine.ensure_engine(tmp_path / "dockerd.log")
    assert "systemctl start docker" in caught.value.hint


def test_it_says_so_when_the_engine_hangs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(engine, "PING_SECONDS", 0.2)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/hangs.sock")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "hangs.sock"))
        server.listen()
        with pytest.raises(PlatformError, match="does not answer"):
            engine.ensure_engine(tmp_path / "dockerd.log")


def test_it_says_so_when_the_user_may_not(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(path: str) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(engine, "version", refuse)
    with pytest.raises(PlatformError) as caught:
        engine.ensure_engine(tmp_path / "dockerd.log")
    assert "usermod -aG docker" in caught.value.hint


def test_it_gives_the_engine_name_servers_that_containers_can_reach(tmp_path: Path) -> None:
    stub, real = tmp_path / "stub", tmp_path / "real"
    stub.write_text("nameserver 127.0.0.53\noptions edns0\n")
    real.write_text("# upstream\nnameserver 10.0.0.2\nnameserver fe80::1%eth0\nsearch example.com\n")
    assert engine.name_servers(stub, real) == ["10.0.0.2", "fe80::1%eth0"]
    assert engine.name_servers(stub, tmp_path / "none") == []
    assert engine.dockerd_argv(["10.0.0.2"]) == ["dockerd", "--dns=10.0.0.2"]
