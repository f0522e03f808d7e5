"""PostgreSQL and Valkey from the wheels, for real: they start, keep their data, and survive a kill."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg
import pytest
import redis

from paas.embedded import embedded_services, postgres, processes, start_services, valkey
from paas.embedded.postgres import OrdinaryUser
from workers.errors import PlatformError


def test_it_starts_both_and_keeps_what_was_written(tmp_path: Path) -> None:
    with embedded_services(tmp_path) as services:
        with psycopg.connect(services.database_url) as connection:
            connection.execute("CREATE TABLE kept (word text)")
            connection.execute("INSERT INTO kept VALUES ('postgres')")
        redis.Redis.from_url(services.redis_url).set("kept", "valkey")
    with embedded_services(tmp_path) as services:
        with psycopg.connect(services.database_url) as connection:
            assert connection.execute("SELECT word FROM kept").fetchall() == [("postgres",)]
        assert redis.Redis.from_url(services.redis_url).get("kept") == b"valkey"


def test_it_leaves_nothing_running(tmp_path: Path) -> None:
    with embedded_services(tmp_path) as services:
        pids = [child.pid for child in services.children]
    assert [processes.identity(pid) for pid in pids] == [None, None]
    assert processes.processes_in(tmp_path / "postgres", "postgres") == []


def test_it_starts_after_both_were_killed(tmp_path: Path) -> None:
    killed = start_services(tmp_path, tmp_path / "run", durable=True)
    for child in killed.children:
        child.kill()
        child.wait()
    assert (tmp_path / "postgres" / "postmaster.pid").exists()
    with embedded_services(tmp_path) as services, psycopg.connect(services.database_url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_it_stops_servers_that_a_killed_parent_left(tmp_path: Path) -> None:
    left = start_services(tmp_path, tmp_path / "run")
    with embedded_services(tmp_path) as services:
        assert [child.wait(timeout=30) for child in left.children] == [0, 0]
        assert redis.Redis.from_url(services.redis_url).ping()


def test_it_starts_when_the_lock_file_names_a_stranger(tmp_path: Path) -> None:
    with embedded_services(tmp_path):
        lock = (tmp_path / "postgres" / "postmaster.pid").read_text()
    (tmp_path / "postgres" / "postmaster.pid").write_text(lock.replace(lock.splitlines()[0], str(os.getppid()), 1))
    with embedded_services(tmp_path) as services, psycopg.connect(services.database_url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_it_makes_the_cluster_again_when_the_first_attempt_was_cut_short(tmp_path: Path) -> None:
    (tmp_path / "postgres.new" / "base").mkdir(parents=True)
    with embedded_services(tmp_path) as services, psycopg.connect(services.database_url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert not (tmp_path / "postgres.new").exists()


def test_it_lets_nobody_else_in_and_opens_no_port(tmp_path: Path) -> None:
    with embedded_services(tmp_path) as services:
        sockets = [tmp_path / "run" / "pg" / ".s.PGSQL.5432", tmp_path / "run" / "valkey.sock"]
        assert [oct(path.stat().st_mode & 0o777) for path in sockets] == ["0o700", "0o600"]
        with psycopg.connect(services.database_url) as connection:
            assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
        settings = redis.Redis.from_url(services.redis_url).config_get("*")
        wanted = {"port": "0", "appendonly": "yes", "appendfsync": "everysec", "maxmemory-policy": "noeviction"}
        assert {name: settings[name] for name in wanted} == wanted


def test_it_keeps_fsync_where_data_matters() -> None:
    argv = postgres.server_argv(Path("/d"), Path("/s"), OrdinaryUser())
    assert "fsync=off" not in argv
    assert "fsync=off" in postgres.server_argv(Path("/d"), Path("/s"), OrdinaryUser(), durable=False)
    assert argv[1:3] == ["-D", "/d"]
    assert "unix_socket_directories=/s" in argv


def test_it_describes_how_root_becomes_ordinary() -> None:
    assert postgres.namespace_argv(1, 2) == ("unshare", "--user", "--map-user=1", "--map-group=2", "--")
    assert postgres.account_argv(1, 2) == (
        "setpriv",
        "--reuid=1",
        "--regid=2",
        "--clear-groups",
        "--pdeathsig=INT",
        "--",
    )


def test_it_describes_the_addresses() -> None:
    assert postgres.url(Path("/run/a b")) == "postgresql://slipway@/slipway?host=/run/a%20b"
    assert valkey.url(Path("/run/a"), 2) == "unix:///run/a/valkey.sock?db=2"


def test_it_ends_the_stubborn_by_force() -> None:
    child = subprocess.Popen(["sh", "-c", "trap '' TERM; echo on; while :; do sleep 0.1; done"], stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.readline()
    stubborn = processes.identity(child.pid)
    assert stubborn is not None
    began = time.monotonic()
    processes.end([stubborn], signal.SIGTERM, seconds=0.2)
    assert child.wait(timeout=30) == -signal.SIGKILL
    assert time.monotonic() - began < 30


def test_it_does_not_take_a_later_process_for_an_earlier_one() -> None:
    ours = processes.identity(os.getpid())
    assert ours is not None
    assert ours.is_alive()
    assert not processes.Identity(ours.pid, ours.started - 1).is_alive()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody else")
def test_it_runs_under_an_account_when_namespaces_are_forbidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "namespace_argv", lambda uid, gid: ("false",))
    assert postgres.ordinary_user().owner is not None
    with tempfile.TemporaryDirectory(prefix="slipway-test-") as name:
        Path(name).chmod(0o711)
        with embedded_services(Path(name) / "home") as services, psycopg.connect(services.database_url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
            assert Path(f"/proc/{services.children[0].pid}").stat().st_uid != 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody else")
def test_it_says_so_when_nobody_can_run_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "namespace_argv", lambda uid, gid: ("false",))
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(PlatformError, match="may not enter"), embedded_services(closed / "home"):
        pass
