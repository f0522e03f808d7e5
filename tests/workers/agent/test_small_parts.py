"""Settings, what is kept on disk, socket tables: pure parts of the agent."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.workers.agent.conftest import make_service
from workers.agent.config import config_from
from workers.agent.own_check import unwell
from workers.agent.rollout import Failed, roll_out
from workers.agent.sockets import Socket, parsed
from workers.agent.store import Attempt, Store
from workers.desired import Health
from workers.errors import PlatformError, UserError
from workers.redact import Redactor

SETTINGS = {
    "SLIPWAY_API_URL": "http://127.0.0.1:8000/",
    "SLIPWAY_HOST_TOKEN": "t",
    "SLIPWAY_INSTANCE": "abcdef01",
    "SLIPWAY_HOME": "/data",
}


def test_it_says_all_wrong_settings_at_once() -> None:
    with pytest.raises(UserError) as raised:
        config_from({"SLIPWAY_INSTANCE": "X", "SLIPWAY_NETWORK_POOL": "10.0.0.0/28", "SLIPWAY_HOME": "/data"})
    for name in ("SLIPWAY_API_URL", "SLIPWAY_HOST_TOKEN", "SLIPWAY_INSTANCE", "SLIPWAY_NETWORK_POOL"):
        assert name in raised.value.message


def test_it_has_defaults_for_the_embedded_edge() -> None:
    config = config_from({**SETTINGS, "SLIPWAY_EDGE_PORT": "8081"})
    assert (config.edge_url, str(config.routes_dir)) == ("http://127.0.0.1:8081", "/data/edge/routes")
    assert config.api_url == "http://127.0.0.1:8000"


def test_it_remembers_over_a_restart_and_keeps_others_out(tmp_path: Path) -> None:
    Store(tmp_path / "agent").remember("s", live=Attempt("d", 3), observed=True)
    memory = Store(tmp_path / "agent").memory("s")
    assert (memory.live, memory.observed, memory.failed) == (Attempt("d", 3), True, None)
    assert (tmp_path / "agent" / "state.json").stat().st_mode & 0o777 == 0o600


def test_it_starts_with_a_torn_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "state.json").write_text('{"s": {')
    (tmp_path / "document.json").write_text("{}")
    store = Store(tmp_path)
    assert store.document() is None and store.services() == set()
    assert "set aside" in capsys.readouterr().err


def test_it_reads_the_kernels_socket_tables() -> None:
    table = (
        "  sl  local_address rem_address   st\n"
        "   0: 0100007F:1F90 00000000:0000 0A 0 0 0\n"
        "   1: 0000000000000000FFFF00000200C90A:1F40 0000000000000000FFFF00000100C90A:D431 01 0 0 0\n"
    )
    assert list(parsed(table)) == [
        Socket("127.0.0.1", 8080, "0.0.0.0", 0, "0A"),
        Socket("10.201.0.2", 8000, "10.201.0.1", 54321, "01"),
    ]


def test_it_says_what_a_containers_own_check_printed() -> None:
    told = {"Health": {"Status": "unhealthy", "Log": [{"Output": "first"}, {"Output": "no\nresponse \n"}]}}
    error = unwell(told, Health(command=["pg_isready", "-q"], deadline_seconds=7), Redactor([]))
    assert (error.code, error.message) == (
        "health:user:command-failed",
        "The health check `pg_isready -q` did not succeed within 7 s. It printed: no response",
    )
    assert unwell({}, Health(command=["x"]), Redactor([])).message.endswith("It printed nothing.")


@pytest.mark.parametrize("before", ["", "." * 294])
def test_it_shows_no_part_of_a_secret_that_an_own_check_printed(before: str) -> None:
    """Neither one that folding would change, nor one that would be cut in the middle."""
    told = {"Health": {"Log": [{"Output": f"{before}opening  words\n"}]}}
    message = unwell(told, Health(command=["x"]), Redactor(["opening  words"])).message
    assert "open" not in message and "[reda" in message


def test_it_remembers_a_release_command_before_its_container_goes(tmp_path: Path) -> None:
    """What failed over its removal would else run it twice."""
    service = make_service("no image")
    service = service.model_copy(
        update={"release": service.release.model_copy(update={"release_command": ["migrate", "a b"]})}
    )

    def dispose(*_: object) -> None:
        raise PlatformError("engine:platform:away", "The engine went away.")

    world: Any = SimpleNamespace(
        containers=lambda *_: [],
        dispose=dispose,
        engine=SimpleNamespace(
            inspect=lambda _: {"State": {"Status": "exited", "ExitCode": 0}}, last_lines=lambda *_: ["done"]
        ),
        need_image=lambda *_: None,
        start=lambda *_, **__: SimpleNamespace(id="c"),
        store=Store(tmp_path),
    )
    said: list[tuple[str, str]] = []
    steps: Any = SimpleNamespace(quiet=True, running=lambda *told: said.append(told))
    drains: Any = None
    with pytest.raises(Failed, match="went away"):
        roll_out(service, world, drains, steps, lambda: None)
    assert said == [("release", "migrate 'a b'")], "as a person would type it"
    assert Store(tmp_path).memory(service.key).released == Attempt(service.deployment, service.fence)
