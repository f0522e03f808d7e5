"""What the supervisor knows and keeps: folders, keys, the lock, the log, ports, the programs as data."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from paas.config import Config
from paas.supervisor import control, household, lock, ports, programs
from paas.supervisor.child import described, next_delay
from paas.supervisor.commands import as_table
from paas.supervisor.env_file import given_settings, read_env
from paas.supervisor.household import Household, make_household, open_household
from paas.supervisor.journal import Journal, as_line
from paas.supervisor.plan import read_plan, setting_name
from paas.supervisor.programs import Blueprint
from paas.supervisor.reading import last_lines
from workers.errors import PlatformError, UserError


def blueprint(home: Path) -> Blueprint:
    return Blueprint(
        home=str(home),
        instance="0a1b2c3d",
        bind="0.0.0.0",
        port=8000,
        dashboard="https://paas.example.com",
        edge="http://localhost:8080",
        edge_port=8080,
        build_slots=3,
        embedded_postgres=True,
        embedded_valkey=True,
        embedded_edge=True,
    )


def test_it_makes_keys_once_and_for_nobody_else(tmp_path: Path) -> None:
    place = make_household(tmp_path / "home")
    kept = read_env(place.home / "env")
    assert make_household(tmp_path / "home") == place
    assert read_env(place.home / "env") == kept
    assert oct((place.home / "env").stat().st_mode & 0o777) == "0o600"
    assert oct(place.home.stat().st_mode & 0o777) == "0o700"
    assert kept["SLIPWAY_INSTANCE"] == place.instance
    assert kept["DATABASE_URL"] == f"postgresql://slipway@/slipway?host={place.run}/pg"


def test_it_makes_different_keys_for_each_installation(tmp_path: Path) -> None:
    first, second = (read_env(make_household(tmp_path / name).home / "env") for name in "ab")
    assert all(first[name] != second[name] for name in first)


def test_it_keeps_what_a_person_wrote_into_the_file(tmp_path: Path) -> None:
    (tmp_path / "env").write_text("# ours\nSLIPWAY_PORT=9000\nDATABASE_URL=postgresql://db.example.com/slipway\n")
    make_household(tmp_path)
    assert (tmp_path / "env").read_text().splitlines()[0] == "# ours"
    kept = read_env(tmp_path / "env")
    assert kept["SLIPWAY_PORT"] == "9000"
    assert kept["DATABASE_URL"] == "postgresql://db.example.com/slipway"


def test_it_follows_its_folder_when_that_is_moved(tmp_path: Path) -> None:
    make_household(tmp_path / "before")
    (tmp_path / "before").rename(tmp_path / "after")
    place = make_household(tmp_path / "after")
    assert read_env(place.home / "env")["REDIS_URL"] == f"unix://{tmp_path}/after/run/valkey.sock?db=0"


def test_it_finds_no_installation_where_there_is_none(tmp_path: Path) -> None:
    assert open_household(tmp_path) is None


def test_it_keeps_sockets_short() -> None:
    assert household.run_dir(Path("/var/lib/slipway"), "0a1b2c3d") == Path("/var/lib/slipway/run")
    assert household.run_dir(Path("/" + "deep/" * 20), "0a1b2c3d") == Path("/tmp/slipway-0a1b2c3d")


def test_it_uses_no_run_folder_that_others_may_write_to(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run").chmod(0o777)
    with pytest.raises(PlatformError, match="not a folder of our own"):
        make_household(tmp_path)


def test_it_reads_the_plan_from_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SLIPWAY_PORT", "SLIPWAY_EDGE_PORT", "DATABASE_URL", "REDIS_URL", "SLIPWAY_BIND"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SLIPWAY_PORT", "9001")
    place = make_household(tmp_path)
    plan = read_plan(place)
    assert (plan.port, plan.dashboard, plan.edge_port) == (9001, "http://127.0.0.1:9001", 8080)
    assert (plan.embedded_postgres, plan.embedded_valkey, plan.embedded_edge) == (True, True, True)
    monkeypatch.setenv("REDIS_URL", "unix:///run/valkey.sock?db=0")
    for own in ("postgresql://db.example.com/slipway", "postgresql://slipway@/slipway?host=/var/run/postgresql"):
        monkeypatch.setenv("DATABASE_URL", own)
        assert not read_plan(place).embedded_postgres
    assert not read_plan(place).embedded_valkey
    kept = read_env(place.home / "env")
    assert household.own_servers(kept) == []
    assert household.own_servers(kept | {"DATABASE_URL": own}) == ["DATABASE_URL"]


def test_it_says_every_wrong_setting_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLIPWAY_PORT", "many")
    monkeypatch.setenv("SLIPWAY_BUILD_CPUS", "few")
    with pytest.raises(UserError) as caught:
        read_plan(make_household(tmp_path))
    assert "SLIPWAY_PORT" in caught.value.message
    assert "SLIPWAY_BUILD_CPUS" in caught.value.message
    assert setting_name(("DATABASE_URL",)) == "DATABASE_URL"


def test_it_is_the_only_supervisor_of_its_home(tmp_path: Path) -> None:
    first, second = lock.Lock(tmp_path / "pid"), lock.Lock(tmp_path / "pid")
    assert lock.holder(tmp_path / "pid") is None
    assert first.take()
    assert not second.take()
    assert lock.holder(tmp_path / "pid") == os.getpid()
    first.release()
    assert lock.holder(tmp_path / "pid") is None
    assert second.take()
    second.release()


def test_it_gives_the_agent_none_of_the_keys(tmp_path: Path) -> None:
    env = (
        household.new_keys()
        | {
            "PATH": "/bin",
            "DATABASE_URL": "postgresql://",
            "SLIPWAY_NETWORK_POOL": "10.9.0.0/16",
            **{
                f"SLIPWAY_{name.upper()}": "x"
                for name, told in Config.model_fields.items()
                if told.annotation is SecretStr
            },
        }
        | {"SLIPWAY_HOST_TOKEN": "its own"}
    )
    agent = programs.agent_program(blueprint(tmp_path), env)
    assert agent.env == {
        "PATH": "/bin",
        "SLIPWAY_API_URL": "http://127.0.0.1:8000",
        "SLIPWAY_EDGE_PORT": "8080",
        "SLIPWAY_HOME": str(tmp_path),
        "SLIPWAY_HOST_TOKEN": "its own",
        "SLIPWAY_INSTANCE": "0a1b2c3d",
        "SLIPWAY_NETWORK_POOL": "10.9.0.0/16",
        "SLIPWAY_READY_FILE": str(tmp_path / "run" / "agent.ready"),
    }


def test_it_describes_the_control_plane(tmp_path: Path) -> None:
    described_plane = programs.control_plane(blueprint(tmp_path), {})
    names = ["web", "worker", "agent"]
    assert [program.name for program in described_plane] == names
    web, worker = described_plane[:2]
    assert web.ready.http == "http://127.0.0.1:8000/readyz"
    assert {"--no-proxy-headers", "websockets-sansio"} <= set(web.module_argv)
    assert worker.module_argv == ["paas.worker", "worker", "build=3", "deploy=4", "quick=2"]


def test_it_reaches_itself_wherever_it_listens() -> None:
    assert [programs.reachable(bind) for bind in ("0.0.0.0", "::", "10.0.0.5", "fd00::1")] == [
        "127.0.0.1",
        "[::1]",
        "10.0.0.5",
        "[fd00::1]",
    ]


def test_it_writes_lines_that_people_can_read() -> None:
    at = datetime(2026, 11, 21, 8, 0, 0, 12345, tzinfo=UTC)
    assert as_line(at, "web", "hello") == "2026-11-21T08:00:00.012Z web             | hello\n"


def test_it_rotates_the_log_and_keeps_a_bounded_number(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "slipway.log", rotate_bytes=1000)
    for number in range(200):
        journal.write("web", f"line {number}")
    journal.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "slipway.log",
        *(f"slipway.log.{number}" for number in range(1, 5)),
    ]
    kept = [line for number in (2, 1) for line in last_lines(tmp_path / f"slipway.log.{number}")]
    numbers = [int(line.split()[-1]) for line in kept]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert journal.tail("web")[-1] == "line 199"


def test_it_waits_longer_each_time_and_forgets_after_a_good_minute() -> None:
    delays = [0.0]
    for _ in range(10):
        delays.append(next_delay(delays[-1], lived_seconds=1))
    assert delays[1:5] == [0.2, 0.4, 0.8, 1.6]
    assert delays[-1] == 30
    assert next_delay(30, lived_seconds=61) == 0.2


def test_it_says_how_a_process_ended() -> None:
    assert described(3) == "with exit code 3"
    assert described(-9) == "by signal 9 (SIGKILL)"


def test_it_names_the_owner_of_a_taken_port() -> None:
    code = (
        "import socket,sys; s=socket.create_server(('127.0.0.1',0)); print(s.getsockname()[1],flush=True);"
        "sys.stdin.read()"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        port = int(holder.stdout.readline())
        problem = ports.taken(port, "SLIPWAY_PORT", "the dashboard")
        assert not ports.is_free("127.0.0.1", port)
        assert not ports.is_free("0.0.0.0", port)
        owner = ports.owner_of(port)
        assert owner is not None
        assert owner.pid == holder.pid
        assert problem.message == f"Port {port}, wanted for the dashboard, is taken by {owner}."
        assert "SLIPWAY_PORT" in problem.hint
        assert holder.stdin is not None
        holder.stdin.close()
    assert ports.is_free("127.0.0.1", port)
    assert ports.owner_of(port) is None


def test_it_does_not_take_a_connection_for_a_listener() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client:
            assert ports.owner_of(client.getsockname()[1]) is None


def test_it_refuses_an_address_that_is_not_ours() -> None:
    with pytest.raises(PlatformError, match="Nothing can listen on 192.0.2.1"):
        ports.is_free("192.0.2.1", 8000)


def test_it_hears_nothing_where_nobody_listens(tmp_path: Path) -> None:
    assert control.ask(tmp_path / "none.sock", {"command": "status"}) is None


def test_it_says_so_when_the_answer_takes_too_long(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as busy:
        busy.bind(str(tmp_path / "busy.sock"))
        busy.listen()
        with pytest.raises(PlatformError, match="has not answered within 0 s"):
            control.ask(tmp_path / "busy.sock", {"command": "wait"}, seconds=0.05)


def test_it_shows_a_table() -> None:
    web = {"name": "web", "state": "running", "pid": 7, "uptime_seconds": 61.2, "restarts": 1, "last_exit": None}
    shown = {"state": "ready", "dashboard": "http://127.0.0.1:8000", "edge": None, "home": None, "processes": [web]}
    assert as_table(shown).splitlines() == [
        "Slipway is ready.",
        "dashboard: http://127.0.0.1:8000",
        "",
        "PROCESS         STATE          PID     UPTIME  RESTARTS",
        "web             running          7       61 s         1",
    ]


def test_it_keeps_only_settings_of_its_own_over_a_restart() -> None:
    environ = {"SLIPWAY_PORT": "1", "DATABASE_URL": "x", "TRAEFIK_URL": "y", "PATH": "/bin"}
    assert given_settings(environ) == {"SLIPWAY_PORT": "1", "DATABASE_URL": "x", "TRAEFIK_URL": "y"}


def test_it_puts_its_files_together() -> None:
    place = Household(Path("/h"), "0a1b2c3d")
    assert (place.run, place.log) == (Path("/h/run"), Path("/h/log/slipway.log"))
