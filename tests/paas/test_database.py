"""A PostgreSQL of its own that is frozen: requests notice it, the work behind them waits, and all goes on."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import copy_context
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from psycopg.errors import ConnectionTimeout

from paas import database
from paas.database import ANSWER, Connection, of_a_request
from paas.embedded import embedded_services, processes


def asked(connection: Connection, seconds: float = 0) -> Any:
    """As a request asks."""

    def ask() -> Any:
        of_a_request.set(True)
        return connection.execute("SELECT pg_sleep(%s), 'told'", [seconds]).fetchone()[1]  # type: ignore[index]

    return copy_context().run(ask)


@contextmanager
def frozen(folder: Path) -> Iterator[None]:
    pids = [process.pid for process in processes.processes_in(folder, "postgres")]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def test_a_frozen_server_is_noticed_and_a_slow_one_is_waited_for(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(database, "SILENCE", 0.2)
    with embedded_services(tmp_path) as services, Connection.connect(services.database_url, autocommit=True) as before:
        assert asked(before, 0.5) == "told"
        began = monotonic()
        with frozen(tmp_path / "postgres"), pytest.raises(ConnectionTimeout):
            asked(before)
        assert before.closed and monotonic() - began < ANSWER + 2
        with Connection.connect(services.database_url) as after:
            assert asked(after) == "told"
